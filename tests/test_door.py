"""Who may come in, from where, and what a form may do."""

from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from ingest.batch import MINUTE
from ingest.store import StoreUnavailable
from tests.clinic import COLLEAGUE, NOW, PASSWORD, SECRET, SILENT, STEADY, THERAPIST, Clinic
from tests.visitor import Browser, Clock, filled, routes, scripts
from web.app import app
from web.door import STAY, TRIES
from web.guard import HEADERS


def test_nobody_sees_a_page_without_a_login(pages: FastAPI, visitor: Browser) -> None:
    for method, path in routes(pages):
        answer = visitor.ask(method, filled(path, STEADY))
        if path.startswith("/feed/"):  # whoever has the address need not log in; this one is nobody's
            assert answer.status_code == 404
        elif path == "/login":
            assert answer.status_code == (200 if method == "GET" else 403)
        else:
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login"), (method, path)


def test_after_the_login_comes_the_page_that_was_asked_for(visitor: Browser) -> None:
    asked = visitor.get(f"/patient/{STEADY}?days=28").headers["location"]
    assert asked == f"/login?then=%2Fpatient%2F{STEADY}%3Fdays%3D28"
    form = {"therapist": THERAPIST, "password": PASSWORD, "then": f"/patient/{STEADY}?days=28"}

    assert f'value="{form["then"]}"' in visitor.get(asked).text
    wrong = visitor.post("/login", visitor.token(), None, **form | {"password": "guess"})
    assert f'value="{form["then"]}"' in wrong.text
    assert visitor.post("/login", visitor.token(), None, **form).headers["location"] == form["then"]
    assert visitor.get(asked).headers["location"] == form["then"]


@pytest.mark.parametrize(
    "away", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "\\\\evil", "inbox", "/\n//evil"]
)
def test_no_link_to_the_login_leads_away(visitor: Browser, away: str) -> None:
    answer = visitor.post("/login", visitor.token(), therapist=THERAPIST, password=PASSWORD, then=away)

    assert answer.headers["location"] == "/"
    assert visitor.get(f"/login?then={quote(away)}").headers["location"] == "/"


def test_what_a_button_was_to_do_is_not_done_by_coming_back(visitor: Browser) -> None:
    assert visitor.ask("POST", "/inbox/acknowledge").headers["location"] == "/login"


def test_a_wrong_password_and_an_unknown_id_are_refused_in_the_same_words(visitor: Browser) -> None:
    wrong, unknown = visitor.login(THERAPIST, "guess"), visitor.login("t-99", "guess")

    assert wrong.status_code == unknown.status_code == 401
    assert "do not belong together" in wrong.text
    assert wrong.text.replace(THERAPIST, "t-99") == unknown.text
    assert visitor.get("/").headers["location"] == "/login"


def test_guessing_shuts_the_door_for_a_minute_and_for_that_id_alone(visitor: Browser, clock: Clock) -> None:
    for _ in range(TRIES):
        assert visitor.login(THERAPIST, "guess").status_code == 401

    assert visitor.login().status_code == 429
    assert visitor.login(COLLEAGUE).status_code == 303
    clock.now += MINUTE
    assert Browser(visitor.pages).login().status_code == 303


def test_a_session_ends_after_a_working_day(therapist: Browser, clock: Clock) -> None:
    clock.now += STAY - 1
    assert therapist.get("/").status_code == 200
    clock.now += 1
    assert therapist.get("/").headers["location"] == "/login"


def test_a_cookie_kept_from_before_the_logout_opens_nothing(therapist: Browser) -> None:
    kept = httpx.Cookies(therapist.cookies)
    therapist.post("/logout", therapist.token("/"))

    assert therapist.get("/").headers["location"] == "/login"
    therapist.cookies = kept
    assert therapist.get("/").headers["location"] == "/login"


def test_a_session_of_another_secret_opens_nothing(here: Clinic, therapist: Browser) -> None:
    stranger = Browser(app(*here, secret=SECRET[::-1], now=lambda: NOW))
    stranger.cookies = therapist.cookies

    assert stranger.get("/").headers["location"] == "/login"


def test_the_cookie_stays_out_of_reach_of_scripts_and_other_sites(here: Clinic, pages: FastAPI) -> None:
    plain = Browser(pages).login().headers["set-cookie"]
    secure = Browser(app(*here, secret=SECRET, now=lambda: NOW, https=True)).get("/login").headers["set-cookie"]

    assert "HttpOnly" in plain
    assert "SameSite=strict" in plain
    assert "Secure" not in plain
    assert secure.startswith("__Host-")
    assert "Secure" in secure


def test_a_short_secret_is_refused_at_the_start(here: Clinic) -> None:
    with pytest.raises(ValueError, match="at least 32"):
        app(*here, secret=b"short", now=lambda: NOW)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1"])
def test_another_name_for_this_machine_is_refused(pages: FastAPI, host: str) -> None:
    assert Browser(pages, host).get("/login").status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_loopback_goes_by_its_three_names(pages: FastAPI, host: str) -> None:
    assert Browser(pages, host).get("/login").status_code == 200


def test_a_named_host_is_let_in_and_loopback_then_is_not(here: Clinic) -> None:
    pages = app(*here, secret=SECRET, now=lambda: NOW, hosts=["clinic.example"])

    assert Browser(pages, "clinic.example").get("/login").status_code == 200
    assert Browser(pages).get("/login").status_code == 400


def test_every_answer_carries_the_strict_headers(here: Clinic, therapist: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [therapist.get(path) for path in ("/", "/login", f"/patient/{SILENT}", "/inbox", "/nothing", "/patient/x?days=3", "/logout")]
    monkeypatch.setattr(here.store, "minutes", lambda *_: 1 / 0)
    answers += [therapist.get("/"), Browser(therapist.pages, "evil.example").get("/")]

    assert [answer.status_code for answer in answers] == [200, 303, 200, 200, 404, 400, 405, 500, 400]
    for answer in answers:
        assert HEADERS.items() <= {name.title(): value for name, value in answer.headers.items()}.items(), answer.url
        assert answer.headers["cache-control"] == "no-store"
    assert not any(scripts(answer.text) or "style=" in answer.text for answer in answers)


def test_a_store_out_of_reach_is_said_plainly(here: Clinic, therapist: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> None:
        raise StoreUnavailable("/secret/path is locked")

    monkeypatch.setattr(here.store, "minutes", locked)
    answer = therapist.get("/")

    assert answer.status_code == 503
    assert "Nothing is lost" in answer.text
    assert "/secret/path" not in answer.text


def test_the_style_sheet_and_the_mark_are_served(visitor: Browser) -> None:
    assert visitor.get("/static/keepup.css").headers["content-type"].startswith("text/css")
    assert visitor.get("/static/keepup.svg").headers["content-type"].startswith("image/svg")
