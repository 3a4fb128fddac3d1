"""The therapist's pages: who may see what, what changes what, and what is said."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copytree
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from alerts.alert import Audience, State
from alerts.chart import Patient, Wearing
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import HOUR, MINUTE
from ingest.store import StoreUnavailable
from tests.clinic import BERLIN, COLLEAGUE, DESK, NOW, OTHER, PASSWORD, SECRET, SILENT, STEADY, THERAPIST, Clinic, furnish, opened
from web.app import app
from web.door import STAY, TRIES
from web.guard import HEADERS


class Browser:
    """A visitor with a cookie jar, at the pages themselves."""

    def __init__(self, pages: FastAPI, host: str = "127.0.0.1:8000") -> None:
        self.pages = pages
        self._host = host
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.pages, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{self._host}", cookies=self.cookies) as client:
                answer = await client.request(method, path, **more)  # type: ignore[arg-type]  # passed on as it came
                self.cookies = client.cookies
                return answer

        return asyncio.run(asked())

    def get(self, path: str, **more: object) -> httpx.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, token: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        return self.ask("POST", path, data={"token": token, **fields}, headers=headers or {})

    def token(self, path: str = "/login") -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.get(path).text)
        assert found, f"{path} has no form"
        return found[1]

    def login(self, therapist: str = THERAPIST, password: str = PASSWORD) -> httpx.Response:
        return self.post("/login", self.token(), therapist=therapist, password=password)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    furnish(folder, days=7)
    return folder


@pytest.fixture
def here(furnished: Path, tmp_path: Path) -> Iterator[Clinic]:
    with opened(copytree(furnished, tmp_path, dirs_exist_ok=True)) as clinic:
        yield clinic


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pages(here: Clinic, clock: Clock) -> FastAPI:
    return app(*here, secret=SECRET, now=clock)


@pytest.fixture
def visitor(pages: FastAPI) -> Browser:
    return Browser(pages)


@pytest.fixture
def therapist(visitor: Browser) -> Browser:
    assert visitor.login().headers["location"] == "/"
    return visitor


def routes(pages: FastAPI) -> Iterator[tuple[str, str]]:
    for path, methods in pages.openapi()["paths"].items():
        for method in methods:
            yield method.upper(), path


def filled(path: str, what: str) -> str:
    return re.sub(r"\{\w+\}", what, path)


def open_alert(here: Clinic, patient: str, audience: Audience = Audience.THERAPIST) -> str:
    return next(a.id for a in here.chart.alerts(patient=patient, states=[State.OPEN]) if a.audience is audience)


def written(folder: Path) -> list[str]:
    """Everything the databases hold."""
    lines: list[str] = []
    for file in sorted(folder.rglob("*.db")):
        with closing(sqlite3.connect(file)) as db:
            lines += db.iterdump()
    return lines


# the door


def test_nobody_sees_a_page_without_a_login(pages: FastAPI, visitor: Browser) -> None:
    for method, path in routes(pages):
        answer = visitor.ask(method, filled(path, STEADY))
        if path == "/login":
            assert answer.status_code == (200 if method == "GET" else 403)
        else:
            assert (answer.status_code, answer.headers["location"]) == (303, "/login"), (method, path)


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


# whose patients


def test_what_is_a_colleagues_is_not_found_on_any_route(pages: FastAPI, here: Clinic, therapist: Browser) -> None:
    token = therapist.token("/")
    for method, path in routes(pages):
        if "{" in path:
            theirs = open_alert(here, OTHER) if path.startswith("/alerts") else OTHER
            answer = therapist.ask(method, filled(path, theirs), data={"token": token} if method == "POST" else None)
            assert answer.status_code == 404, (method, path)
            assert OTHER not in answer.text
        elif method == "GET":
            assert OTHER not in therapist.get(path).text
    assert here.chart.alerts(patient=OTHER, states=[State.OPEN])


def test_a_colleagues_patient_looks_just_like_one_that_does_not_exist(therapist: Browser) -> None:
    assert therapist.get(f"/patient/{OTHER}").text == therapist.get("/patient/virtual-nobody").text


# what changes what


def test_openingpages_changes_nothing(pages: FastAPI, therapist: Browser, tmp_path: Path) -> None:
    before = written(tmp_path)
    for method, path in routes(pages):
        if method == "GET":
            for ids in (SILENT, OTHER, "nobody"):
                therapist.get(filled(path, ids))
        else:
            therapist.get(filled(path, SILENT))
    therapist.get("/alerts?show=all")

    assert written(tmp_path) == before


def test_acknowledging_moves_an_alert_from_open_to_acknowledged(here: Clinic, therapist: Browser) -> None:
    alert = open_alert(here, SILENT)
    answer = therapist.post(f"/alerts/{alert}/acknowledge", therapist.token("/alerts"))

    assert answer.headers["location"] == "/alerts"
    assert [(e.by, e.new) for e in here.chart.events(alert)][-1] == (THERAPIST, State.ACKED)
    assert "Nothing is open" in therapist.get("/alerts").text
    assert SILENT in therapist.get("/alerts?show=acknowledged").text
    again = therapist.post(f"/alerts/{alert}/acknowledge", therapist.token("/"), back="patient")
    assert again.headers["location"] == f"/patient/{SILENT}"


def test_a_note_to_the_patient_is_not_the_therapists_to_acknowledge(here: Clinic, therapist: Browser) -> None:
    note = open_alert(here, SILENT, Audience.PATIENT)

    assert therapist.post(f"/alerts/{note}/acknowledge", therapist.token("/")).status_code == 404


def test_a_form_without_its_own_token_does_nothing(here: Clinic, therapist: Browser) -> None:
    of_another_session = Browser(therapist.pages).token()
    for token in ("", "made-up", of_another_session):
        answer = therapist.post(f"/alerts/{open_alert(here, SILENT)}/acknowledge", token)
        assert answer.status_code == 403
        assert "load the page again" in answer.text
        assert open_alert(here, SILENT)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
    ],
)
def test_a_form_from_another_site_does_nothing(here: Clinic, therapist: Browser, headers: dict[str, str]) -> None:
    answer = therapist.post(f"/alerts/{open_alert(here, SILENT)}/acknowledge", therapist.token("/"), headers)

    assert answer.status_code == 403
    assert answer.headers["cache-control"] == "no-store"
    assert open_alert(here, SILENT)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "http://127.0.0.1:8000"}])
def test_our_own_forms_are_taken(therapist: Browser, headers: dict[str, str]) -> None:
    assert therapist.post("/logout", therapist.token("/"), headers).status_code == 303


# every answer


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
    answers = [therapist.get(path) for path in ("/", "/login", f"/patient/{SILENT}", "/alerts", "/nothing", "/patient/x?days=3", "/logout")]
    monkeypatch.setattr(here.store, "minutes", lambda *_: 1 / 0)
    answers += [therapist.get("/"), Browser(therapist.pages, "evil.example").get("/")]

    assert [answer.status_code for answer in answers] == [200, 303, 200, 200, 404, 400, 405, 500, 400]
    for answer in answers:
        assert HEADERS.items() <= {name.title(): value for name, value in answer.headers.items()}.items(), answer.url
        assert answer.headers["cache-control"] == "no-store"
    assert all("<script" not in answer.text and "style=" not in answer.text for answer in answers)


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


# what is said


def test_the_caseload_puts_open_alerts_first_then_the_oldest_data(therapist: Browser) -> None:
    page = therapist.get("/").text

    assert re.findall(r'<h2><a href="/patient/([^"]+)"', page) == [SILENT, DESK, STEADY]
    assert "1 × silent band" in page
    assert "Data up to <strong>4 min ago</strong>" in page
    assert "Sun 22 Nov 15:19, Europe/Berlin" in page


def test_what_a_silent_band_did_not_tell_is_a_dash_and_not_a_zero(therapist: Browser) -> None:
    page = therapist.get(f"/patient/{SILENT}").text

    assert "<dt>Worn</dt><dd>–</dd>" in page
    assert "<dt>Worn</dt><dd>0 min</dd>" not in page
    assert "Gaps: band not heard 15 h 23 min" in page
    assert "Band not heard since Thu 19 Nov 16:23; what was done then is unknown." in page
    assert not re.search(r"missed|failed|sitting too", page, re.IGNORECASE)


def test_data_still_on_their_way_are_said_so(here: Clinic) -> None:
    late = Browser(app(*here._replace(complete_to=lambda _: NOW - 5 * HOUR), secret=SECRET, now=lambda: NOW))
    late.login()

    assert "Complete only to Sun 22 Nov 10:23; later data are still on their way." in late.get("/").text


def test_a_virtual_patient_is_marked_on_every_page_it_is_on(therapist: Browser) -> None:
    for path in ("/", f"/patient/{SILENT}", "/alerts", "/alerts?show=all"):
        page = therapist.get(path).text
        assert "virtual, not a person" in page, path


def test_a_hostile_pseudonym_is_text_and_nothing_else(here: Clinic, therapist: Browser) -> None:
    evil = "\"><script>alert('p')"
    here.chart.admit(Patient(evil, BERLIN, THERAPIST, False), NOW)
    here.chart.hand_over(Wearing("band-evil", evil, NOW - HOUR))
    told = Finding(evil, "silent_band", "<img src=x>", NOW - 60 * HOUR, None, {"silent_h": 60.0})
    here.chart.record(evil, [Change(Turn.OPENED, told)], NOW)

    for path in ("/", "/alerts", f"/patient/{quote(evil)}"):
        answer = therapist.get(path)
        assert answer.status_code == 200, path
        assert "&lt;script&gt;" in answer.text
        assert "<script" not in answer.text
    assert "<script" not in therapist.get("/patient/<script>").text
    assert "<script" not in Browser(therapist.pages).login(evil).text


def test_a_patient_who_never_wore_a_band_has_a_page_all_the_same(here: Clinic, therapist: Browser) -> None:
    here.chart.admit(Patient("p-new", BERLIN, THERAPIST, False), NOW)

    assert "No data in four weeks" in therapist.get("/").text
    assert "No data in these days" in therapist.get("/patient/p-new?days=28").text


def test_a_band_handed_on_tells_each_patient_only_their_own_days(here: Clinic, therapist: Browser) -> None:
    here.chart.admit(Patient("p-next", BERLIN, THERAPIST, False), NOW)
    here.chart.hand_over(Wearing("band-0", "p-next", NOW - 2 * HOUR))

    first, following = (therapist.get(f"/patient/{who}").text for who in (STEADY, "p-next"))
    assert "<dt>Worn</dt><dd>13 h 23 min</dd>" in first
    assert "<dt>Worn</dt><dd>1 h 56 min</dd>" in following


def test_a_therapist_without_patients_is_told_what_to_do(here: Clinic, visitor: Browser) -> None:
    here.chart.employ("t-new", PASSWORD)
    visitor.login("t-new")

    assert "keepup patient add" in visitor.get("/").text
    assert "Nothing is open" in visitor.get("/alerts").text
