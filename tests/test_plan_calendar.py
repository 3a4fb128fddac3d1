"""A patient's calendar shows the sessions that are planned, and tells nobody else what they are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # ships no types
from hypothesis import given, settings
from icalendar import Calendar

from detectors.plan.calendar import TITLE, calendar
from detectors.plan.occurrence import Revision, Zones
from detectors.plan.schedule import occurrences
from tests.prescribed import EVER, RX, always, example, fixed, journeys, phase, plan, quota, revised, utc, wall

NOW = utc("2027-01-01 09:00")


def events(ics: bytes) -> list[Any]:
    return list(Calendar.from_ical(ics).walk("VEVENT"))


def shown(ics: bytes) -> list[int]:
    """Every start (µs UTC) in a calendar, as another program reads it."""
    return sorted(round(at.timestamp() * 1e6) for event in events(ics) for at in _expanded(event))


def _expanded(event: Any) -> Iterator[datetime]:
    first = event["dtstart"].dt
    if "rrule" not in event:
        yield first
        return
    until = event["rrule"]["UNTIL"][0]
    rule = ";".join(part for part in event["rrule"].to_ical().decode().split(";") if not part.startswith("UNTIL"))
    left_out = {at.dt.replace(tzinfo=None) for at in event["exdate"].dts} if "exdate" in event else set()
    for local in rrulestr(rule, dtstart=first.replace(tzinfo=None)):
        at = local.replace(tzinfo=first.tzinfo)
        if at.astimezone(UTC) > until:
            return
        if local not in left_out:
            yield at


def planned(revisions: list[Revision], zones: Zones = ()) -> list[int]:
    return sorted(one.planned for one in occurrences(revisions, zones, *EVER) if one.planned is not None and one.excused is None)


@settings(max_examples=60, deadline=None)
@given(revised(), journeys())
def test_a_calendar_shows_what_is_planned_and_nothing_else(revisions: list[Revision], zones: Zones) -> None:
    ics = calendar(revisions, zones, NOW)
    assert shown(ics) == planned(revisions, zones)
    uids = [str(event["uid"]) for event in events(ics)]
    assert len(set(uids)) == len(uids)


@pytest.mark.skipif(not RX.exists(), reason="the example prescriptions are not beside this checkout")
@pytest.mark.parametrize(("name", "sessions"), [("acute_to_active", 36), ("core_8_weeks", 26), ("desk_maintenance", 105)])
def test_the_example_prescriptions_come_back_from_their_calendars(name: str, sessions: int) -> None:
    revisions = always(example(name))
    found = shown(calendar(revisions, (), NOW))
    assert found == planned(revisions)
    assert len(found) == sessions


def test_a_session_stays_at_its_time_of_the_wall_clock_when_summer_time_begins() -> None:
    ics = calendar(always(plan(phase("2027-03-22", "2027-04-04", fixed("18:30", ["mon"])))), (), NOW)
    assert [wall(at) for at in shown(ics)] == ["2027-03-22 18:30", "2027-03-29 18:30"]
    (event,) = events(ics)
    assert event["rrule"].to_ical() == b"FREQ=WEEKLY;UNTIL=20270329T163000Z;INTERVAL=1;BYDAY=MO;WKST=MO"
    (zone,) = Calendar.from_ical(ics).walk("VTIMEZONE")
    assert zone["tzid"] == "Europe/Berlin"


def test_a_pause_is_left_out_of_the_rule() -> None:
    pauses = [{"from": "2027-03-02", "to": "2027-03-03"}]
    (event,) = events(calendar(always(plan(phase("2027-03-01", "2027-03-07", fixed("18:30")), pauses=pauses)), (), NOW))
    assert [at.dt.isoformat() for at in event["exdate"].dts] == ["2027-03-02T18:30:00+01:00", "2027-03-03T18:30:00+01:00"]


def test_weekly_numbers_are_no_events() -> None:
    assert events(calendar(always(plan(phase("2027-03-01", "2027-03-31", quota(3)))), (), NOW)) == []
    assert events(calendar([], (), NOW)) == []


def test_a_calendar_says_nothing_of_what_is_to_be_done_unless_asked() -> None:
    revisions = always(plan(phase("2027-03-01", "2027-03-31", fixed("18:30", name="core A"), name="after the slipped disc")))
    quiet = calendar(revisions, (), NOW)
    for word in (b"core", b"bird", b"slipped", b"rx-01", b"p-01", b"t-01"):
        assert word not in quiet
    assert [str(event["summary"]) for event in events(quiet)] == [TITLE]
    (told,) = events(calendar(revisions, (), NOW, detail=True))
    assert (str(told["summary"]), str(told["description"])) == ("core A", "bird dog: 2 × 8, hold 5 s")
    assert told["uid"] == events(quiet)[0]["uid"]


def test_an_event_keeps_its_id_through_revisions_and_its_number_goes_up() -> None:
    #            March             April
    #  first     core at 18:30 …
    #  second    (from 15 March)   core at 12:00 …
    first = Revision(plan(phase("2027-03-01", "2027-04-30", fixed("18:30"))), utc("2027-02-01 00:00"))
    second = Revision(plan(phase("2027-03-01", "2027-04-30", fixed("12:00"))), utc("2027-03-15 00:00"))
    (before,) = events(calendar([first], (), NOW))
    older, newer = sorted(events(calendar([first, second], (), NOW)), key=lambda event: str(event["dtstart"].dt))
    assert newer["uid"] == before["uid"] != older["uid"]
    assert (before["sequence"], newer["sequence"], older["sequence"]) == (1, 2, 2)
    assert (wall(shown(calendar([first, second], (), NOW))[-1])) == "2027-04-30 12:00"


def test_who_has_moved_finds_the_rest_of_the_plan_in_the_new_zone() -> None:
    zones = ((0, ZoneInfo("Europe/Berlin")), (utc("2027-03-10 10:00"), ZoneInfo("Asia/Kolkata")))
    ics = calendar(always(plan(phase("2027-03-08", "2027-03-12", fixed("18:30")))), zones, NOW)
    assert [str(event["dtstart"].dt.tzinfo) for event in events(ics)] == ["Europe/Berlin", "Asia/Kolkata"]
    assert [wall(at, "Asia/Kolkata") for at in shown(ics)][2:] == [f"2027-03-{day} 18:30" for day in (10, 11, 12)]


def test_an_event_lasts_as_long_as_its_session() -> None:
    (event,) = events(calendar(always(plan(phase("2027-03-01", "2027-03-01", fixed("18:30")))), (), NOW))
    assert timedelta(minutes=1) <= event["duration"].dt <= timedelta(minutes=10)
