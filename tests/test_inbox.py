"""The inbox: what is read there, and what a button does."""

import re

import pytest
from fastapi import FastAPI

from alerts.alert import Audience, State
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import DAY, HOUR, MINUTE
from tests.clinic import COLLEAGUE, DESK, NOW, OTHER, PASSWORD, SILENT, STEADY, THERAPIST, Clinic
from tests.prescribed import wall
from tests.visitor import Browser, Clock, open_alert

ACTS = ("acknowledge", "contacted", "not-a-miss", "snooze")


def found(here: Clinic, patient: str, kind: str, key: str = "one", start: int = NOW - 2 * DAY, **evidence: float | int | str) -> str:
    """An alert for the therapist; gives its id."""
    here.chart.record(patient, [Change(Turn.OPENED, Finding(patient, kind, key, start, None, evidence))], NOW - MINUTE)
    return next(a.id for a in here.chart.alerts(patient=patient) if (a.kind, a.key, a.audience) == (kind, key, Audience.THERAPIST))


def state(here: Clinic, alert: str) -> State:
    return next(one.state for one in here.chart.alerts() if one.id == alert)


def test_an_alert_says_why_and_leads_to_the_day(here: Clinic, therapist: Browser) -> None:
    found(here, STEADY, "likely_stopped", start=NOW - 9 * DAY, count=4, sessions="core")
    page = therapist.get("/inbox").text

    assert "4 sessions in a row not seen (core); likely stopped, since Fri 13 Nov 15:23." in page
    assert "Proposed: call today; agree on one first small step." in page
    link = f"/patient/{STEADY}?days=28#day-2026-11-13"
    assert f'href="{link}"' in page
    assert 'id="day-2026-11-13"' in therapist.get(link.partition("#")[0]).text
    assert f'href="/patient/{SILENT}#day-2026-11-19"' in page


def test_those_about_one_patient_stand_together_and_the_urgent_first(here: Clinic, therapist: Browser) -> None:
    found(here, STEADY, "partial_again", session="core")
    found(here, STEADY, "likely_stopped", count=4)
    page = therapist.get("/inbox").text

    assert re.findall(r'<section class="about" aria-label="([^"]+)"', page) == [STEADY, SILENT]
    assert page.index("Likely stopped") < page.index("Partial again") < page.index("Silent band")
    assert page.count('<span class="badge urgent">') == 1


def test_several_of_one_kind_fold_behind_the_first(here: Clinic, therapist: Browser) -> None:
    ids = [found(here, STEADY, "partial_again", f"k{n}", session="core") for n in range(3)]
    page = therapist.get("/inbox").text

    assert "2 more: partial again" in page
    assert all(page.count(f'value="{one}"') == 1 for one in ids)
    therapist.post(f"/inbox/{ids[0]}/acknowledge", therapist.token("/inbox"))
    assert "1 more: partial again" in therapist.get("/inbox").text


@pytest.mark.parametrize(
    ("act", "why", "label"),
    [("acknowledge", "acknowledged", None), ("contacted", "contacted", None), ("not-a-miss", "acknowledged", "not a miss")],
)
def test_a_button_settles_an_alert_and_the_page_says_who_and_when(
    here: Clinic, therapist: Browser, act: str, why: str, label: str | None
) -> None:
    alert = found(here, STEADY, "not_seen_in_a_row", count=2)
    assert therapist.post(f"/inbox/{alert}/{act}", therapist.token("/inbox")).headers["location"] == "/inbox"

    one = next(one for one in here.chart.alerts() if one.id == alert)
    assert (one.state, one.label) == (State.ACKED, label)
    assert [(e.by, e.why) for e in here.chart.events(alert) if e.new is State.ACKED] == [(THERAPIST, why)]
    page = therapist.get("/inbox?show=acknowledged").text
    assert f"{why.capitalize()} by you, Sun 22 Nov 14:23" in page  # the therapist's clock is still UTC
    assert ("Labelled: not a miss" in page) is (label is not None)


@pytest.mark.parametrize(
    ("until", "at"), [("tomorrow", "2026-11-23 08:00"), ("3-days", "2026-11-25 08:00"), ("a-week", "2026-11-29 08:00")]
)
def test_what_is_put_off_comes_back_in_the_morning_of_the_therapist(here: Clinic, therapist: Browser, until: str, at: str) -> None:
    therapist.post("/settings/clock", therapist.token("/settings"), zone="America/New_York", digest="07:30")
    alert = open_alert(here, SILENT)
    therapist.post(f"/inbox/{alert}/snooze", therapist.token("/inbox"), until=until)

    kept = next(one for one in here.chart.alerts() if one.id == alert)
    assert kept.state is State.SNOOZED
    assert wall(kept.until, "America/New_York") == at
    assert "Nothing is open" in therapist.get("/inbox").text
    page = therapist.get("/inbox?show=snoozed").text
    assert re.search(r"Comes back \w+ \d\d Nov 08:00, America/New_York", page)


def test_a_snooze_for_ever_is_none(here: Clinic, therapist: Browser) -> None:
    alert = open_alert(here, SILENT)

    assert therapist.post(f"/inbox/{alert}/snooze", therapist.token("/inbox"), until="2099").status_code == 400
    assert state(here, alert) is State.OPEN


def test_those_ticked_are_acknowledged_together_and_no_others(here: Clinic, therapist: Browser) -> None:
    first, second, third = (found(here, STEADY, "partial_again", f"k{n}", session="core") for n in range(3))
    form = {"token": therapist.token("/inbox"), "alert": [first, third]}
    assert therapist.ask("POST", "/inbox/acknowledge", data=form).status_code == 303

    assert [state(here, one) for one in (first, second, third)] == [State.ACKED, State.OPEN, State.ACKED]
    assert therapist.post("/inbox/acknowledge", therapist.token("/inbox")).status_code == 303


def test_a_colleagues_alert_among_those_ticked_stops_all_of_them(here: Clinic, therapist: Browser) -> None:
    mine, theirs = open_alert(here, SILENT), open_alert(here, OTHER)
    form = {"token": therapist.token("/inbox"), "alert": [mine, theirs]}

    assert therapist.ask("POST", "/inbox/acknowledge", data=form).status_code == 404
    assert [state(here, one) for one in (mine, theirs)] == [State.OPEN, State.OPEN]


def test_nothing_can_be_done_to_a_colleagues_alert_or_to_a_note_to_a_patient(here: Clinic, therapist: Browser) -> None:
    for alert in (open_alert(here, OTHER), open_alert(here, SILENT, Audience.PATIENT), "nobody"):
        for act in ACTS:
            assert therapist.post(f"/inbox/{alert}/{act}", therapist.token("/inbox")).status_code == 404, act
            assert therapist.get(f"/inbox/{alert}/{act}").status_code == 405
    assert state(here, open_alert(here, OTHER)) is State.OPEN


def test_a_form_of_another_session_does_nothing(pages: FastAPI, here: Clinic, therapist: Browser) -> None:
    colleague = Browser(pages)
    colleague.login(COLLEAGUE, PASSWORD)
    alert, theirs = open_alert(here, SILENT), colleague.token("/inbox")

    assert [therapist.post(f"/inbox/{alert}/{act}", theirs).status_code for act in ACTS] == [403] * len(ACTS)
    assert therapist.ask("POST", "/inbox/acknowledge", data={"token": theirs, "alert": alert}).status_code == 403
    assert state(here, alert) is State.OPEN


def test_what_was_taken_back_says_so_and_what_is_over_cannot_be_settled(here: Clinic, therapist: Browser) -> None:
    page = therapist.get("/inbox?show=all").text

    assert "taken back: later data showed otherwise" in page
    gone = next(a.id for a in here.chart.alerts(patient=STEADY, states=[State.RETRACTED]) if a.audience is Audience.THERAPIST)
    assert f"/inbox/{gone}/" not in page
    assert therapist.post(f"/inbox/{gone}/acknowledge", therapist.token("/inbox")).status_code == 303
    assert state(here, gone) is State.RETRACTED


def test_the_old_address_leads_here(therapist: Browser) -> None:
    assert therapist.get("/alerts").headers["location"] == "/inbox"


def test_a_button_leads_back_to_where_it_was(here: Clinic, therapist: Browser, clock: Clock) -> None:
    alert = open_alert(here, SILENT)
    token = therapist.token(f"/patient/{SILENT}")

    assert therapist.post(f"/inbox/{alert}/snooze", token, back="patient").headers["location"] == f"/patient/{SILENT}"
    assert therapist.post(f"/inbox/{alert}/acknowledge", token, show="snoozed").headers["location"] == "/inbox?show=snoozed"
    clock.now += HOUR
    assert DESK not in therapist.get("/inbox").text
