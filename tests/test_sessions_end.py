"""What ends a session, and that nothing brings it back."""

import httpx
import pytest

from alerts.chart import ChartUnavailable
from ingest.batch import MINUTE
from tests.clinic import NOW, SECRET, THERAPIST, Clinic
from tests.visitor import Browser
from web.app import app


def restarted(here: Clinic, cookies: httpx.Cookies) -> Browser:
    found = Browser(app(*here, secret=SECRET, now=lambda: NOW + MINUTE))
    found.cookies = httpx.Cookies(cookies)
    return found


def test_who_is_logged_in_stays_so_when_the_pages_are_started_again(here: Clinic, therapist: Browser) -> None:
    assert restarted(here, therapist.cookies).get("/").status_code == 200


def test_a_session_that_was_left_does_not_come_back_when_the_pages_are_started_again(here: Clinic, therapist: Browser) -> None:
    kept, other = httpx.Cookies(therapist.cookies), Browser(therapist.pages)
    other.login()
    therapist.post("/logout", therapist.token("/"))

    assert restarted(here, kept).get("/").status_code == 303
    assert restarted(here, other.cookies).get("/").status_code == 200, "left elsewhere is not left here"


def test_a_password_set_by_the_operator_ends_every_session(here: Clinic, therapist: Browser) -> None:
    here.chart.employ(THERAPIST, "set by the operator, on the command line")

    assert therapist.get("/").headers["location"] == "/login"
    assert restarted(here, therapist.cookies).get("/").headers["location"] == "/login"


def test_a_password_replaced_while_one_logs_in_ends_that_session_too(
    here: Clinic, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = here.chart.login

    def replaced_meanwhile(therapist: str, password: str) -> bool:
        right = fits(therapist, password)
        here.chart.employ(therapist, "set by the operator, on the command line")
        return right

    monkeypatch.setattr(here.chart, "login", replaced_meanwhile)
    assert visitor.login().status_code == 303
    assert visitor.get("/").headers["location"] == "/login"


def test_a_chart_out_of_reach_is_said_to_whom_it_cannot_know(here: Clinic, therapist: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise ChartUnavailable("/secret/path cannot be used")

    monkeypatch.setattr(here.chart, "seal", gone)
    answer = therapist.get("/")

    assert answer.status_code == 503
    assert "/secret/path" not in answer.text
