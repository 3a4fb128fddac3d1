"""The settings: what a therapist may set, and for whom."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from alerts.chart import Patient
from ingest.batch import DAY, MINUTE
from tests.clinic import COLLEAGUE, NOW, OTHER, PASSWORD, STEADY, THERAPIST, Clinic
from tests.prescribed import wall
from tests.visitor import Browser, Clock
from web.door import TRIES

NEW = "a new sentence of words"


def date_of(instant: int) -> date:
    return datetime.fromtimestamp(instant // 1_000_000, UTC).date()


def renew(therapist: Browser, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> tuple[int, str]:
    answer = therapist.post("/settings/password", therapist.token("/settings"), old=old, new=new, again=again)
    return answer.status_code, answer.text


def test_a_new_password_opens_the_door_and_the_old_one_does_not(pages: FastAPI, therapist: Browser) -> None:
    assert renew(therapist)[0] == 303

    assert Browser(pages).login(THERAPIST, PASSWORD).status_code == 401
    assert Browser(pages).login(THERAPIST, NEW).status_code == 303
    assert "Your new password is set" in therapist.get("/settings?saved=password").text


def test_whoever_was_logged_in_elsewhere_is_not_after_a_new_password(pages: FastAPI, therapist: Browser, clock: Clock) -> None:
    elsewhere = Browser(pages)
    elsewhere.login()
    clock.now += MINUTE
    renew(therapist)

    assert therapist.get("/settings").status_code == 200
    assert elsewhere.get("/settings").status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "says"),
    [
        ("guess", NEW, NEW, "not your present password"),
        (PASSWORD, NEW, NEW + "!", "differ"),
        (PASSWORD, "x" * 14, "x" * 14, "14 characters; give at least 15"),
        (PASSWORD, "", "", "0 characters"),
    ],
)
def test_a_password_that_cannot_be_taken_changes_nothing(
    pages: FastAPI, therapist: Browser, old: str, new: str, again: str, says: str
) -> None:
    status, page = renew(therapist, old, new, again)

    assert status == 400
    assert says in page
    assert all(each not in page for each in (NEW, "x" * 14))
    assert Browser(pages).login(THERAPIST, PASSWORD).status_code == 303


def test_guessing_the_present_password_shuts_the_door(therapist: Browser) -> None:
    for _ in range(TRIES):
        renew(therapist, "guess")

    assert "Wait one minute" in renew(therapist)[1]


def test_clock_and_digest_are_kept(here: Clinic, therapist: Browser) -> None:
    answer = therapist.post("/settings/clock", therapist.token("/settings"), zone="Asia/Tokyo", digest="06:45")

    assert answer.headers["location"] == "/settings?saved=clock"
    me = next(one for one in here.chart.therapists() if one.id == THERAPIST)
    assert (me.zone.key, me.digest_at) == ("Asia/Tokyo", 6 * 60 + 45)
    assert 'value="06:45"' in therapist.get("/settings").text


@pytest.mark.parametrize(("zone", "digest"), [("Mars/Olympus", "07:30"), ("../etc/passwd", "07:30"), ("UTC", "25:00"), ("UTC", "")])
def test_a_clock_that_is_none_is_said_so(here: Clinic, therapist: Browser, zone: str, digest: str) -> None:
    before = here.chart.therapists()

    assert therapist.post("/settings/clock", therapist.token("/settings"), zone=zone, digest=digest).status_code == 400
    assert here.chart.therapists() == before


def test_how_much_messages_say_is_set_for_one_patient_and_noted_in_the_audit(here: Clinic, therapist: Browser) -> None:
    therapist.post("/settings/detail", therapist.token("/settings"), patient=STEADY, detail="1")

    assert {one.id: one.detail for one in here.chart.patients()}[STEADY] == 1
    assert sum(one.detail for one in here.chart.patients()) == 1
    assert here.chart.audit(patient=STEADY)[-1].why == "messages now say which set"


def test_setting_the_detail_writes_nothing_else_of_the_patient(here: Clinic, therapist: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    # the page is asked ── the operator moves the patient, who is then a colleague's ── the page writes
    patient, token = here.chart.patient, therapist.token("/settings")
    moved = Patient(STEADY, ZoneInfo("Asia/Tokyo"), COLLEAGUE, True)

    def moved_meanwhile(name: str, of: str | None = None) -> Patient | None:
        found = patient(name, of)
        here.chart.admit(moved, NOW)
        return found

    monkeypatch.setattr(here.chart, "patient", moved_meanwhile)
    assert here.chart.set_detail(STEADY, THERAPIST, 1, NOW)
    here.chart.patient(STEADY)
    therapist.post("/settings/detail", token, patient=STEADY, detail="2")

    assert patient(STEADY) == moved
    assert not here.chart.set_detail(STEADY, THERAPIST, 2, NOW)


def test_a_detail_set_twice_is_noted_once(here: Clinic, therapist: Browser) -> None:
    for _ in range(2):
        assert therapist.post("/settings/detail", therapist.token("/settings"), patient=STEADY, detail="2").status_code == 303

    assert [one.why for one in here.chart.audit(patient=STEADY)].count("messages now say all") == 1


def test_a_pause_lasts_to_the_end_of_its_last_day_and_can_be_ended(here: Clinic, therapist: Browser) -> None:
    last = (timedelta(days=3) + date_of(NOW)).isoformat()
    therapist.post("/settings/pause", therapist.token("/settings"), patient=STEADY, kind="still_too_long", last=last, why="ill")

    (pause,) = here.chart.pauses.of(STEADY)
    assert (pause.kind, pause.why, pause.by, pause.start) == ("still_too_long", "illness", THERAPIST, NOW)
    assert wall(pause.end) == "2026-11-26 00:00"
    assert f"End now: pause of {STEADY}, still too long" in therapist.get("/settings").text
    therapist.post(f"/settings/pause/{pause.id}/end", therapist.token("/settings"))
    assert not [one for one in here.chart.pauses.of(STEADY) if one.end > NOW]
    assert "Nobody is paused" in therapist.get("/settings").text


@pytest.mark.parametrize("last", ["2026-11-21", "2028-01-01", "soon", ""])
def test_a_pause_that_ends_in_the_past_or_too_far_away_is_refused(here: Clinic, therapist: Browser, last: str) -> None:
    assert therapist.post("/settings/pause", therapist.token("/settings"), patient=STEADY, last=last).status_code == 400
    assert here.chart.pauses.of(STEADY) == []


def test_an_unknown_kind_is_not_paused(here: Clinic, therapist: Browser) -> None:
    answer = therapist.post("/settings/pause", therapist.token("/settings"), patient=STEADY, kind="all of it", last="2026-11-25")

    assert answer.status_code == 400
    assert here.chart.pauses.of(STEADY) == []


def test_nothing_is_set_for_a_colleagues_patient(here: Clinic, therapist: Browser) -> None:
    pause = here.chart.pauses.set(OTHER, None, NOW, NOW + DAY, "t-03", "travel", NOW)
    token = therapist.token("/settings")

    assert therapist.post("/settings/detail", token, patient=OTHER, detail="2").status_code == 404
    assert therapist.post("/settings/pause", token, patient=OTHER, last="2026-11-25").status_code == 404
    assert therapist.post(f"/settings/pause/{pause.id}/end", token).status_code == 404
    assert here.chart.pauses.of(OTHER) == [pause]
    assert OTHER not in therapist.get("/settings").text


def test_no_form_is_taken_without_its_own_token(here: Clinic, therapist: Browser) -> None:
    for path in ("password", "clock", "detail", "pause", "pause/x/end"):
        assert therapist.post(f"/settings/{path}", "made-up", patient=STEADY, zone="UTC", digest="01:00").status_code == 403
        assert therapist.get(f"/settings/{path}").status_code in (404, 405)
    assert here.chart.pauses.of(STEADY) == []


def test_the_feed_and_the_quiet_hours_are_told(therapist: Browser) -> None:
    page = therapist.get("/settings").text

    assert "/feed/" in page
    assert "21:30 to 07:30" in page
