"""A day's strip and its totals."""

from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.history import History
from detectors.rules.still_too_long import RULE
from ingest.batch import DAY, HOUR, MINUTE, Cause, Span
from ingest.bout import Bout
from ingest.minute import MINUTE_DTYPE, Minutes
from web.day import Day, day_of, hours_of, last_days
from web.strip import MOST, Activity, Segment, Strip, runs, strip
from web.totals import by_hour, longest_still, totals, unheard
from web.words import cause

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = day_of(date(2026, 11, 22), BERLIN)
LATER = PLAIN.end + DAY


def minutes(day: Day, count: int | None = None, **columns: float) -> Minutes:
    """The first `count` minutes of the day, heard, worn, awake and still unless said otherwise."""
    out = np.zeros(day.length if count is None else count, MINUTE_DTYPE)
    out["t"] = day.start + np.arange(len(out)) * MINUTE
    for name, value in ({"coverage": 1, "worn": 1, "still": 1} | columns).items():
        out[name] = value
    return out


def drawn(day: Day, rows: Minutes, *bouts: Bout, gaps: tuple[Span, ...] = (), now: int = LATER) -> Strip:
    return strip(day, rows, bouts, gaps, now)


@pytest.mark.parametrize(
    ("on", "hours", "labels"),
    [
        # Berlin: 02:00 -> 03:00 on 29 March 2026, 03:00 -> 02:00 on 25 October
        (date(2026, 3, 29), 23, ["00:00", "01:00", "03:00", "04:00"]),
        (date(2026, 10, 25), 25, ["00:00", "01:00", "02:00", "02:00 again"]),
        (date(2026, 11, 22), 24, ["00:00", "01:00", "02:00", "03:00"]),
    ],
)
def test_a_day_is_as_long_as_its_clocks_say(on: date, hours: int, labels: list[str]) -> None:
    day = day_of(on, BERLIN)
    made = drawn(day, minutes(day))

    assert day.length == hours * 60
    assert [hour.label for hour in hours_of(day)[:4]] == labels
    assert made.activity == (Segment(0, hours * 60, "still"),)
    assert totals(made).worn == hours * 60
    assert sum(row.worn or 0 for row in by_hour(made)) == hours * 60


def test_hours_tile_a_day_whose_clocks_shift_by_half_an_hour() -> None:
    day = day_of(date(2026, 4, 5), ZoneInfo("Australia/Lord_Howe"))
    hours = hours_of(day)

    assert day.length == 24 * 60 + 30
    assert [hour.end for hour in hours[:-1]] == [hour.start for hour in hours[1:]]
    assert (hours[0].start, hours[-1].end) == (0, day.length)


def test_the_days_before_today_touch_each_other() -> None:
    days = last_days(300, PLAIN.start, BERLIN)

    assert [day.start for day in days[:-1]] == [day.end for day in days[1:]]
    assert days[0] == PLAIN


def test_what_was_never_heard_is_unknown_and_not_zero() -> None:
    made = drawn(PLAIN, minutes(PLAIN, 0))

    assert made.wear == made.activity == (Segment(0, 1440, "unknown"),)
    assert totals(made).coverage == 0
    assert (totals(made).worn, totals(made).walking, totals(made).longest_still, totals(made).exercise) == (None, None, None, None)
    assert by_hour(made)[9].worn is None
    assert by_hour(made)[9].unknown == 60


def test_a_band_on_the_nightstand_is_zero_worn_and_not_unknown() -> None:
    made = drawn(PLAIN, minutes(PLAIN, worn=0))

    assert made.wear == (Segment(0, 1440, "off"),)
    assert made.activity == (Segment(0, 1440, "none"),)
    assert (totals(made).worn, totals(made).longest_still, totals(made).walking) == (0, 0, 0)


def test_a_heard_minute_of_unknown_wear_claims_nothing_about_stillness() -> None:
    made = drawn(PLAIN, minutes(PLAIN, worn=np.nan))

    assert made.activity == (Segment(0, 1440, "unknown"),)
    assert totals(made).longest_still is None


def test_a_still_night_is_sleep_and_no_still_bout() -> None:
    made = drawn(PLAIN, minutes(PLAIN, asleep=1))

    assert made.wear == (Segment(0, 1440, "asleep"),)
    assert totals(made).longest_still == 0


def test_the_part_of_today_that_is_ahead_is_neither_unknown_nor_covered() -> None:
    made = drawn(PLAIN, minutes(PLAIN, 600), now=PLAIN.start + 600 * MINUTE)

    assert made.wear == (Segment(0, 600, "worn"), Segment(600, 1440, "ahead"))
    assert totals(made).coverage == 1
    assert len(by_hour(made)) == 10
    assert drawn(PLAIN, minutes(PLAIN, 0), now=PLAIN.start).coverage is None


def test_an_exercise_bout_is_drawn_over_the_minutes_it_covers() -> None:
    bout = Bout("b", "exercise", PLAIN.start + 600 * MINUTE, PLAIN.start + 622 * MINUTE)
    across = Bout("b", "walk", PLAIN.start - 10 * MINUTE, PLAIN.start + 5 * MINUTE)
    made = drawn(PLAIN, minutes(PLAIN), bout, across)

    assert made.activity == (
        Segment(0, 5, "walking"), Segment(5, 600, "still"), Segment(600, 622, "exercise"), Segment(622, 1440, "still"),
    )  # fmt: skip
    assert (totals(made).walking, totals(made).exercise) == (5, 22)


# still  moving  still      still     moving   still
#  20      1      20   =41   10         2       30
def test_a_minute_of_movement_does_not_end_a_still_bout_but_two_do() -> None:
    still, moving = int(Activity.STILL), int(Activity.MOVING)
    codes = np.array([still] * 20 + [moving] + [still] * 20 + [moving] * 2 + [still] * 30, np.int8)

    assert longest_still(codes) == 41


def test_the_longest_still_stretch_is_the_one_the_rule_tells_of() -> None:
    rows = minutes(PLAIN, walking=1, still=0)
    rows["walking"][300:364], rows["still"][300:364] = 0, 1
    rows["still"][320] = 0
    history = History("p", BERLIN, PLAIN.start, PLAIN.end, rows)
    (finding,) = RULE.find(history, LATER, RULE.params())

    assert totals(drawn(PLAIN, rows)).longest_still == finding.evidence["still_min"] == 64


def test_a_still_minute_that_may_be_sleep_is_not_called_still() -> None:
    made = drawn(PLAIN, minutes(PLAIN, asleep=np.nan))

    assert made.wear == (Segment(0, 1440, "worn"),)
    assert made.activity == (Segment(0, 1440, "unknown"),)


def test_a_gap_is_drawn_with_its_cause_only_where_nothing_else_heard_the_band() -> None:
    rows = minutes(PLAIN)
    gap = Span("b", PLAIN.start - DAY, PLAIN.start + 100 * MINUTE, Cause.CHARGING)
    heard = Span("b", PLAIN.start + 100 * MINUTE, PLAIN.end)
    made = drawn(PLAIN, rows[40:], gaps=(gap, heard))

    assert made.gaps == (Segment(0, 40, "charging"),)
    assert unheard(made) == [(Cause.CHARGING, 40)]


def test_motion_that_was_given_up_is_drawn_where_steps_and_pulse_still_tell_of_the_day() -> None:
    #  0 ──── motion given up ──── 120
    #      30 ─ link lost ─ 90
    motion = Span("b", PLAIN.start, PLAIN.start + 120 * MINUTE, Cause.THINNED)
    lost = Span("b", PLAIN.start + 30 * MINUTE, PLAIN.start + 90 * MINUTE, Cause.RADIO)
    rows = minutes(PLAIN)
    made = drawn(PLAIN, rows[(rows["t"] < lost.t0) | (rows["t"] >= lost.t1)], gaps=(motion, lost))

    assert made.gaps == (Segment(0, 30, "thinned"), Segment(30, 90, "radio"), Segment(90, 120, "thinned"))
    assert unheard(made) == [(Cause.THINNED, 60), (Cause.RADIO, 60)]
    assert drawn(PLAIN, rows, gaps=(motion, lost)).gaps == (Segment(0, 120, "thinned"),)


def test_of_gaps_that_overlap_the_cause_that_was_learnt_later_is_drawn() -> None:
    #  0 ──── out of range ──── 120
    #      30 ─ charging ─ 90
    first = Span("b", PLAIN.start, PLAIN.start + 120 * MINUTE, Cause.RANGE)
    later = Span("b", PLAIN.start + 30 * MINUTE, PLAIN.start + 90 * MINUTE, Cause.CHARGING)
    made = drawn(PLAIN, minutes(PLAIN)[120:], gaps=(later, first))

    assert made.gaps == (Segment(0, 30, "range"), Segment(30, 90, "charging"), Segment(90, 120, "range"))


@pytest.mark.parametrize("why", Cause)
def test_every_cause_of_a_gap_is_drawn_and_has_plain_words(why: Cause) -> None:
    made = drawn(PLAIN, minutes(PLAIN)[60:], gaps=(Span("b", PLAIN.start, PLAIN.start + HOUR, why),))

    assert made.gaps == (Segment(0, 60, str(why)),)
    assert len(cause(made.gaps[0].what).split()) > 1
    assert cause(why) not in {cause(other) for other in Cause if other is not why}


def test_a_restless_day_is_drawn_coarser_but_counted_by_the_minute() -> None:
    rows = minutes(PLAIN)
    rows["still"] = np.arange(1440) % 3 > 0
    made = drawn(PLAIN, rows)

    assert made.activity == (Segment(0, 1440, "still"),)
    assert by_hour(made)[12].still == 40
    assert by_hour(made)[12].moving == 20


MAYBE = st.sampled_from([0.0, 1.0, float("nan")])
STRETCH = st.tuples(st.integers(1, 240), st.sampled_from([0.0, 0.4, 1.0]), MAYBE, MAYBE, MAYBE, MAYBE)
SPANS = st.lists(st.tuples(st.integers(-90, 1600), st.integers(1, 300), st.sampled_from(list(Cause))), max_size=60)
DAYS = st.sampled_from([PLAIN, day_of(date(2026, 3, 29), BERLIN), day_of(date(2026, 10, 25), BERLIN)])


@given(DAYS, st.lists(STRETCH, max_size=400), SPANS, SPANS, st.integers(-10, 1600))
def test_segments_tile_the_day_and_stay_under_a_hundred(
    day: Day, stretches: list[tuple[float, ...]], lost: list[tuple[int, int, Cause]], moved: list[tuple[int, int, Cause]], passed: int
) -> None:
    rows = minutes(day)
    at = 0
    for length, *values in stretches:
        for name, value in zip(("coverage", "worn", "asleep", "still", "walking"), values, strict=True):
            rows[name][at : at + int(length)] = value
        at += int(length) % 7 + 1
    gaps = [Span("b", day.start + s * MINUTE, day.start + (s + n) * MINUTE, cause) for s, n, cause in lost]
    bouts = [Bout("b", "exercise" if n % 2 else "walk", day.start + s * MINUTE, day.start + (s + n) * MINUTE) for s, n, _ in moved]
    made = strip(day, rows, bouts, gaps, day.start + passed * MINUTE)

    for lane, segments in (("wear", made.wear), ("activity", made.activity)):
        assert [s.end for s in segments[:-1]] == [s.start for s in segments[1:]]
        assert (segments[0].start, segments[-1].end) == (0, day.length)
        assert len(segments) <= MOST[lane]
    assert all(0 <= s.start < s.end <= day.length for s in made.gaps)
    assert len(made.wear) + len(made.activity) + len(made.gaps) < 100
    counted = totals(made)
    assert counted.worn is None or 0 <= counted.worn <= day.length
    assert sum(row.unknown for row in by_hour(made)) == int((made.wear_by_minute == 1).sum())


@given(st.lists(st.integers(0, 3), max_size=50))
def test_runs_say_the_same_as_the_minutes(codes: list[int]) -> None:
    found = runs(np.array(codes, np.int8))

    assert [code for start, end, code in found for _ in range(start, end)] == codes
    assert all(one[2] != other[2] for one, other in pairwise(found))
