"""The therapist's pages: whose patients they show, what changes what, and what is said."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI

from alerts.alert import Audience, State
from alerts.chart import Patient, Wearing
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import HOUR
from tests.clinic import BERLIN, DESK, NOW, OTHER, PASSWORD, SECRET, SILENT, STEADY, THERAPIST, Clinic
from tests.visitor import Browser, filled, open_alert, routes, scripts
from web.app import app


def written(folder: Path) -> list[str]:
    """Everything the databases hold."""
    lines: list[str] = []
    for file in sorted(folder.rglob("*.db")):
        with closing(sqlite3.connect(file)) as db:
            lines += db.iterdump()
    return lines


def test_what_is_a_colleagues_is_not_found_on_any_route(pages: FastAPI, here: Clinic, therapist: Browser) -> None:
    token = therapist.token("/")
    for method, path in routes(pages):
        if "{" in path:
            theirs = open_alert(here, OTHER) if path.startswith("/inbox") else OTHER
            answer = therapist.ask(method, filled(path, theirs), data={"token": token} if method == "POST" else None)
            assert answer.status_code == 404, (method, path)
            assert OTHER not in answer.text
        elif method == "GET":
            assert OTHER not in therapist.get(path).text
    assert here.chart.alerts(patient=OTHER, states=[State.OPEN])


def test_a_colleagues_patient_looks_just_like_one_that_does_not_exist(therapist: Browser) -> None:
    assert therapist.get(f"/patient/{OTHER}").text == therapist.get("/patient/virtual-nobody").text


def test_openingpages_changes_nothing(pages: FastAPI, therapist: Browser, tmp_path: Path) -> None:
    before = written(tmp_path)
    for method, path in routes(pages):
        if method == "GET":
            for ids in (SILENT, OTHER, "nobody"):
                therapist.get(filled(path, ids))
        else:
            therapist.get(filled(path, SILENT))
    therapist.get("/inbox?show=all")

    assert written(tmp_path) == before


def test_acknowledging_moves_an_alert_from_open_to_acknowledged(here: Clinic, therapist: Browser) -> None:
    alert = open_alert(here, SILENT)
    answer = therapist.post(f"/inbox/{alert}/acknowledge", therapist.token("/inbox"))

    assert answer.headers["location"] == "/inbox"
    assert [(e.by, e.new) for e in here.chart.events(alert)][-1] == (THERAPIST, State.ACKED)
    assert "Nothing is open" in therapist.get("/inbox").text
    assert SILENT in therapist.get("/inbox?show=acknowledged").text
    again = therapist.post(f"/inbox/{alert}/acknowledge", therapist.token("/"), back="patient")
    assert again.headers["location"] == f"/patient/{SILENT}"


def test_a_note_to_the_patient_is_not_the_therapists_to_acknowledge(here: Clinic, therapist: Browser) -> None:
    note = open_alert(here, SILENT, Audience.PATIENT)

    assert therapist.post(f"/inbox/{note}/acknowledge", therapist.token("/")).status_code == 404


def test_a_form_without_its_own_token_does_nothing(here: Clinic, therapist: Browser) -> None:
    of_another_session = Browser(therapist.pages).token()
    for token in ("", "made-up", of_another_session):
        answer = therapist.post(f"/inbox/{open_alert(here, SILENT)}/acknowledge", token)
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
    answer = therapist.post(f"/inbox/{open_alert(here, SILENT)}/acknowledge", therapist.token("/"), headers)

    assert answer.status_code == 403
    assert answer.headers["cache-control"] == "no-store"
    assert open_alert(here, SILENT)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "http://127.0.0.1:8000"}])
def test_our_own_forms_are_taken(therapist: Browser, headers: dict[str, str]) -> None:
    assert therapist.post("/logout", therapist.token("/"), headers).status_code == 303


def test_the_caseload_puts_open_alerts_first_then_the_oldest_data(therapist: Browser) -> None:
    page = therapist.get("/").text

    assert re.findall(r'<h2><a href="/patient/([^"]+)"', page) == [SILENT, DESK, STEADY]
    assert "1 × silent band" in page
    assert "Data up to <strong>4 min ago</strong>" in page
    assert "Sun 22 Nov 15:19, Europe/Berlin" in page


def test_what_a_silent_band_did_not_tell_is_a_dash_and_not_a_zero(therapist: Browser) -> None:
    page = therapist.get(f"/patient/{SILENT}").text
    assert "Noticed " in page  # not "Told": it may have been held, or never sent
    assert "Messages and notes in these days" in page

    assert "<dt>Worn</dt><dd>–</dd>" in page
    assert "<dt>Worn</dt><dd>0 min</dd>" not in page
    assert "Gaps: band not heard 15 h 23 min" in page
    assert "Band not heard since Thu 19 Nov 16:23; what was done then is unknown." in page
    assert not re.search(r"missed|failed|sitting too", page, re.IGNORECASE)


def test_data_still_on_their_way_are_said_so(here: Clinic) -> None:
    late = Browser(app(*here._replace(complete_to=lambda _: NOW - 5 * HOUR), secret=SECRET, now=lambda: NOW))
    late.login()

    assert "Complete only to Sun 22 Nov 10:23; later data are still on their way." in late.get("/").text


def test_no_page_calls_complete_what_is_yet_to_come(here: Clinic) -> None:
    ahead = Browser(app(*here._replace(complete_to=lambda _: NOW + 4 * HOUR), secret=SECRET, now=lambda: NOW))
    ahead.login(THERAPIST, PASSWORD)
    assert "complete up to Sun 22 Nov 15:23" in ahead.get(f"/patient/{STEADY}").text


def test_a_virtual_patient_is_marked_on_every_page_it_is_on(therapist: Browser) -> None:
    for path in ("/", f"/patient/{SILENT}", "/inbox", "/inbox?show=all"):
        page = therapist.get(path).text
        assert "virtual, not a person" in page, path


def test_a_hostile_pseudonym_is_text_and_nothing_else(here: Clinic, therapist: Browser) -> None:
    evil = "\"><script>alert('p')"
    here.chart.admit(Patient(evil, BERLIN, THERAPIST, False), NOW)
    here.chart.hand_over(Wearing("band-evil", evil, NOW - HOUR))
    told = Finding(evil, "silent_band", "<img src=x>", NOW - 60 * HOUR, None, {"silent_h": 60.0})
    here.chart.record(evil, [Change(Turn.OPENED, told)], NOW)

    for path in ("/", "/inbox", f"/patient/{quote(evil)}"):
        answer = therapist.get(path)
        assert answer.status_code == 200, path
        assert "&lt;script&gt;" in answer.text
        assert not scripts(answer.text)
    assert not scripts(therapist.get("/patient/<script>").text)
    assert not scripts(Browser(therapist.pages).login(evil).text)


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
    assert "Nothing is open" in visitor.get("/inbox").text
