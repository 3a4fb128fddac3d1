"""What is planned when: wall clocks, summer time, travel."""

from time import process_time
from zoneinfo import ZoneInfo

import pytest

from detectors.plan.schedule import ANSWER, WAITED, occurrences, turns
from ingest.batch import DAY, HOUR, MINUTE
from ingest.bout import GROWS
from tests.prescribed import EVER, RX, always, example, fixed, ids, phase, plan, quota, utc, wall


def planned(*args: object, zone: str = "Europe/Berlin", **session: object) -> list[str]:
    at, start, end = args
    one = plan(phase(str(start), str(end), fixed(str(at), **session)), zone=zone)  # type: ignore[arg-type]  # a shorthand for the tables below
    return [wall(each.planned, "UTC") for each in occurrences(always(one), (), *EVER)]


@pytest.mark.parametrize(
    ("zone", "at", "day", "instant"),
    [
        # Berlin: 2027-03-28 02:00 → 03:00, 2027-10-31 03:00 → 02:00
        ("Europe/Berlin", "18:30", "2027-03-27", "2027-03-27 17:30"),
        ("Europe/Berlin", "18:30", "2027-03-28", "2027-03-28 16:30"),
        ("Europe/Berlin", "02:30", "2027-03-28", "2027-03-28 01:30"),  # left out: shown as 03:30
        ("Europe/Berlin", "02:30", "2027-10-31", "2027-10-31 00:30"),  # comes twice: the first
        # New York: 2027-03-14 02:00 → 03:00, 2027-11-07 02:00 → 01:00
        ("America/New_York", "02:15", "2027-03-14", "2027-03-14 07:15"),
        ("America/New_York", "01:15", "2027-11-07", "2027-11-07 05:15"),
        # Lord Howe moves by half an hour: 2027-10-03 02:00 → 02:30, 2027-04-04 02:00 → 01:30
        ("Australia/Lord_Howe", "02:10", "2027-10-03", "2027-10-02 15:40"),
        ("Australia/Lord_Howe", "01:45", "2027-04-04", "2027-04-03 14:45"),
        # Kolkata never moves
        ("Asia/Kolkata", "18:30", "2027-03-28", "2027-03-28 13:00"),
    ],
)
def test_a_session_is_at_its_time_of_the_wall_clock_on_days_the_clock_moves(zone: str, at: str, day: str, instant: str) -> None:
    assert planned(at, day, day, zone=zone) == [instant]


def test_a_leap_day_is_a_day() -> None:
    assert planned("07:00", "2028-02-28", "2028-03-01", zone="Asia/Kolkata") == ["2028-02-28 01:30", "2028-02-29 01:30", "2028-03-01 01:30"]


def test_both_ends_of_a_phase_are_in_it_and_only_the_listed_weekdays() -> None:
    days = planned("12:00", "2027-03-01", "2027-03-08", zone="UTC", days=["mon", "thu"])
    assert days == ["2027-03-01 12:00", "2027-03-04 12:00", "2027-03-08 12:00"]


def test_every_other_week_is_counted_from_the_phases_first_week_though_it_begins_on_a_friday() -> None:
    days = planned("12:00", "2027-03-05", "2027-04-04", zone="UTC", days=["mon", "fri"], every="2 weeks")
    assert days == ["2027-03-05 12:00", "2027-03-15 12:00", "2027-03-19 12:00", "2027-03-29 12:00", "2027-04-02 12:00"]


def test_a_window_is_as_long_as_ever_where_the_clock_moves_inside_it() -> None:
    # 28 March 2027, Berlin:  00:30 [window 01:00 … 04:00 by the old clock … 05:00 by the new one]
    one = plan(phase("2027-03-28", "2027-03-28", fixed("02:00", window={"early": "1h", "late": "2h"})))
    (night,) = occurrences(always(one), (), *EVER)
    assert (wall(night.start), wall(night.planned), wall(night.end)) == ("2027-03-28 01:00", "2027-03-28 03:00", "2027-03-28 05:00")
    assert night.end - night.start == 3 * HOUR


@pytest.mark.parametrize(
    ("make_up", "grace"),
    [("none", "2027-03-24 21:30"), ("24h", "2027-03-25 21:30"), ("same_week", "2027-03-29 00:00")],
)
def test_a_session_may_be_made_up(make_up: str, grace: str) -> None:
    one = plan(phase("2027-03-24", "2027-03-24", fixed("18:30", make_up=make_up)))
    (wednesday,) = occurrences(always(one), (), *EVER)
    assert (wall(wednesday.end), wall(wednesday.grace)) == ("2027-03-24 21:30", grace)


def test_a_window_that_reaches_into_the_next_week_is_not_cut_by_the_weeks_end() -> None:
    one = plan(phase("2027-03-21", "2027-03-21", fixed("23:00", make_up="same_week")))
    (sunday,) = occurrences(always(one), (), *EVER)
    assert sunday.grace == sunday.end
    assert wall(sunday.end) == "2027-03-22 02:00"


def test_a_window_of_no_length_is_a_minute_long() -> None:
    one = plan(phase("2027-03-01", "2027-03-01", fixed("12:00", window={"early": "0s", "late": "0s"})))
    (noon,) = occurrences(always(one), (), *EVER)
    assert noon.end - noon.start == MINUTE


@pytest.mark.parametrize(
    ("leaves", "there"),
    [
        # 12 May 2027, home in Berlin (UTC+2): 18:30 is 16:30 UTC; in Kolkata (UTC+5:30) 13:00; in New York (UTC−4) 22:30
        ("2027-05-12 10:00", "Asia/Kolkata"),  # gone before: theirs
        ("2027-05-12 17:00", "Asia/Kolkata"),  # done at home first
        ("2027-05-12 10:00", "America/New_York"),
        ("2027-05-12 17:00", "America/New_York"),  # 18:30 comes again; once is enough
    ],
)
def test_who_travels_has_the_days_session_once(leaves: str, there: str) -> None:
    one = plan(phase("2027-05-10", "2027-05-14", fixed("18:30")))
    zones = ((0, ZoneInfo("Europe/Berlin")), (utc(leaves), ZoneInfo(there)))
    found = occurrences(always(one), zones, *EVER)
    at_home = leaves.endswith("17:00")
    assert ids(found) == [f"rx-01/core/2027-05-{day}" for day in range(10, 15)]
    assert [wall(each.planned) for each in found[:2]] == ["2027-05-10 18:30", "2027-05-11 18:30"]
    assert wall(found[2].planned, "Europe/Berlin" if at_home else there) == "2027-05-12 18:30"
    assert [wall(each.planned, there) for each in found[3:]] == ["2027-05-13 18:30", "2027-05-14 18:30"]


def test_a_time_that_the_journey_skips_is_when_it_ends() -> None:
    # Berlin 17:00 = 15:00 UTC = Kolkata 20:30: neither clock shows 18:30
    one = plan(phase("2027-05-12", "2027-05-12", fixed("18:30")))
    zones = ((0, ZoneInfo("Europe/Berlin")), (utc("2027-05-12 15:00"), ZoneInfo("Asia/Kolkata")))
    assert [wall(each.planned, "Asia/Kolkata") for each in occurrences(always(one), zones, *EVER)] == ["2027-05-12 20:30"]


def test_two_sessions_of_one_name_on_one_day_have_two_ids() -> None:
    found = occurrences(always(plan(phase("2027-03-01", "2027-03-01", fixed("08:00"), fixed("18:00")))), (), *EVER)
    assert ids(found) == ["rx-01/core/2027-03-01", "rx-01/core/2027-03-01/2"]


def test_a_judgement_may_change_when_a_window_its_last_session_its_grace_and_the_waiting_after_it_end() -> None:
    one = plan(phase("2027-03-24", "2027-03-24", fixed("18:30", make_up="24h"), fixed("18:30", name="again", make_up="24h")))
    found = occurrences(always(one), (), *EVER)
    end = found[0].end
    assert found[0].end + GROWS < found[0].shown < found[0].end + HOUR
    assert turns(found) == [end, found[0].shown, end + DAY, end + DAY + ANSWER, end + DAY + WAITED]
    assert (ANSWER, WAITED) == (24 * HOUR, 48 * HOUR)
    assert turns([]) == []


def test_no_plan_no_range_no_occurrence() -> None:
    one = always(plan(phase("2027-03-01", "2027-03-31", fixed("12:00"), quota(3))))
    assert occurrences([], (), *EVER) == []
    assert occurrences(one, (), 10, 10) == []
    assert occurrences(one, (), EVER[0], utc("2027-02-28 12:00")) == []
    assert occurrences(one, (), utc("2027-04-05 00:00"), EVER[1]) == []


@pytest.mark.skipif(not RX.exists(), reason="the example prescriptions are not beside this checkout")
@pytest.mark.parametrize(("name", "held", "excused"), [("acute_to_active", 36, 0), ("core_8_weeks", 26, 3), ("desk_maintenance", 105, 0)])
def test_the_example_prescriptions_have_as_many_fixed_sessions_as_an_independent_count(name: str, held: int, excused: int) -> None:
    found = occurrences(always(example(name)), (), *EVER)
    fixed_ones = [each for each in found if not each.quota]
    assert sum(each.excused is None for each in fixed_ones) == held
    assert sum(each.excused == "travel" for each in fixed_ones) == excused
    assert len(set(ids(found))) == len(found)


def test_a_fortnight_of_a_long_plan_costs_no_more_than_one_of_a_short_plan() -> None:
    def cost(end: str) -> float:
        one = always(plan(phase("2027-01-01", end, fixed("18:30"), fixed("07:00", name="stretch"), quota(4))))
        begun = process_time()
        for _ in range(30):
            occurrences(one, (), utc("2027-02-01 00:00"), utc("2027-02-16 00:00"))
        return process_time() - begun

    assert min(cost("2097-01-01") for _ in range(3)) < 3 * min(cost("2027-03-01") for _ in range(3))
