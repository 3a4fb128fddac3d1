"""Low battery: by its level, or by when it will be empty; until it charges."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from detectors.finding import Finding
from detectors.plan.plan import Plan
from detectors.rules.low_battery import RULE, Params
from ingest.batch import HOUR, MICROS, MINUTE
from tests.lived import ACTIVE, day, phase, plan, revision, session, told
from tests.timeline import BERLIN

CORE: Plan = plan(phase("active", 0, 30, session("core", ACTIVE)))
"""Daily at 8:00, in time until 11:00."""


def found(readings: Iterable[tuple[float, float]], days: int = 3, planned: Plan | None = None) -> list[Finding]:
    """`readings`: hours after the first midnight, percent."""
    history = told((), days, plans=(revision(planned),) if planned else ())
    history = replace(history, battery=(tuple((day(0) + round(hour * HOUR), percent) for hour, percent in readings),))
    return list(RULE.find(history, history.end, Params()))


def spans(findings: Iterable[Finding]) -> list[tuple[float, float | None]]:
    """Hours."""
    return [((f.start - day(0)) / HOUR, None if f.end is None else (f.end - day(0)) / HOUR) for f in findings]


def line(start: float, hours: int, per_hour: float, first: float = 0) -> list[tuple[float, float]]:
    return [(first + n, start + n * per_hour) for n in range(hours + 1)]


def test_twenty_percent_are_low_and_a_little_more_is_not() -> None:
    assert found([(0, 80), (1, 21)]) == []
    (finding,) = found([(0, 80), (10, 20), (12, 18)])
    assert spans([finding]) == [(10, None)]
    assert finding.key == "low_battery@2026-09-21T08:00Z"
    assert finding.evidence["percent"] == 18


def test_a_band_that_does_not_tell_its_charge_is_not_low() -> None:
    assert found([]) == []


def test_it_is_told_from_the_evening_of_its_day() -> None:
    for hour in (3, 10, 22):
        (finding,) = found([(0, 80), (hour, 20)])
        told_from = int(finding.evidence["tell_from"])
        assert datetime.fromtimestamp(told_from // MICROS, BERLIN).isoformat() == "2026-09-21T18:00:00+02:00"


def test_it_is_over_once_it_is_charged() -> None:
    assert spans(found([(0, 60), (1, 18), (2, 16), (4, 51)])) == [(1, 4)]


def test_it_is_over_as_soon_as_it_charges_and_does_not_begin_again_while_it_does() -> None:
    # 18 16 | 21 24 27 …     low, but on the charger
    assert spans(found([(0, 60), (1, 18), (2, 16), (3, 21), (3.1, 21), (3.2, 24), (3.3, 27)])) == [(1, 3)]
    assert spans(found([(0, 60), (1, 5), (2, 3), (3, 8), (3.1, 9), (3.2, 12)])) == [(1, 3)]


def test_charged_for_a_moment_it_is_low_again_once_it_falls() -> None:
    assert spans(found([(0, 60), (1, 5), (2, 3), (3, 8), (4, 7)])) == [(1, 3), (4, None)]


def test_a_gauge_that_wavers_does_not_charge() -> None:
    assert spans(found([(0, 60), (1, 18), (2, 16), (3, 19), (4, 17), (5, 20)])) == [(1, None)]


def test_a_battery_that_will_be_empty_before_the_next_session_is_over_is_told_before_it_is_low() -> None:
    # 3 % an hour from 60 % on: 39 % at 7:00, empty at 20:00. Today's session is over by 11:00; tomorrow's it will not reach
    (finding,) = found(line(60, 12, -3), planned=CORE)
    assert spans([finding]) == [(11, None)]
    assert finding.evidence["percent"] == 24
    assert finding.evidence["empty_in_h"] == 8.0


def test_one_that_lasts_beyond_the_next_session_is_not_told_of() -> None:
    assert found(line(45, 12, -0.9), planned=CORE) == []
    assert found(line(60, 12, -3)) == []


def test_less_than_four_hours_of_readings_foretell_nothing() -> None:
    assert found(line(39, 3, -5, first=8), planned=CORE) == []
    assert len(found(line(45, 4, -5, first=8), planned=CORE)) == 1


def test_what_it_drained_before_it_was_charged_foretells_nothing() -> None:
    # 84 … 51 in 3 h, charged to 58, and 1 % an hour from 40 % on: it lasts until the day after tomorrow
    assert found([*line(84, 3, -11), (4, 58), *line(40, 7, -1, first=5)], planned=CORE) == []


@given(levels=st.lists(st.integers(0, 100), max_size=30))
def test_it_is_low_only_where_it_was_read_so_and_never_twice_at_once(levels: list[int]) -> None:
    readings = [(n / 2, float(level)) for n, level in enumerate(levels)]
    findings = found(readings)
    for finding, following in pairwise(findings):
        assert finding.end is not None
        assert finding.end <= following.start
    for finding in findings:
        assert levels[(finding.start - day(0)) // (30 * MINUTE)] <= 20
    if levels and min(levels) > 20:
        assert findings == []
    if levels and levels[0] <= 20:
        assert findings


def test_two_bands_are_told_of_each_by_itself() -> None:
    # one   60 18 16 15 14 …   low from the first hour on
    # other 90 90 90 90 90 …   never: between the first one's readings it does not look as if that were charged
    first, other = [(0.0, 60.0), *((float(n), 19.0 - n) for n in range(1, 8))], [(n + 0.5, 90.0) for n in range(8)]
    history = told((), 3)
    battery = tuple(tuple((day(0) + round(hour * HOUR), percent) for hour, percent in band) for band in (first, other))
    assert spans(RULE.find(replace(history, battery=battery), history.end, Params())) == [(1, None)]
    assert spans(RULE.find(replace(history, battery=battery[::-1]), history.end, Params())) == [(1, None)]
