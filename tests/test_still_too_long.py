"""Still too long: told from 50 minutes on, kept under one key while it lasts, broken by two minutes of movement."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.finding import Finding
from detectors.rules.still_too_long import RULE, Params
from ingest.batch import HOUR, MINUTE
from tests.timeline import MIDNIGHT, blank, drawn, seen


def found(line: str, each: int = 1, hour: int = 9, **params: int) -> list[Finding]:
    history = seen(drawn(line, each, MIDNIGHT + hour * HOUR))
    return list(RULE.find(history, history.end, Params(**params)))


def spans(line: str, each: int = 1, **params: int) -> list[tuple[int, int | None]]:
    """Minutes after the line's beginning."""
    begun = MIDNIGHT + 9 * HOUR
    return [((f.start - begun) // MINUTE, None if f.end is None else (f.end - begun) // MINUTE) for f in found(line, each, **params)]


def test_fifty_minutes_are_told_and_forty_nine_are_not() -> None:
    # W __________________________________________________
    assert spans("W" + "_" * 49) == []
    assert spans("W" + "_" * 50) == [(1, None)]


def test_it_ends_where_movement_of_two_minutes_begins() -> None:
    # W ____________ 60 min  WW ____
    assert spans("W" + "_" * 60 + "WW" + "____") == [(1, 61)]


@pytest.mark.parametrize("other", ["m", "W", "?", " "])
def test_one_minute_of_something_else_does_not_end_it(other: str) -> None:
    # W ____________ 30  m  ____________ 30  mm
    assert spans("W" + "_" * 30 + other + "_" * 30 + "mm") == [(1, 62)]


def test_a_minute_that_may_yet_be_followed_by_stillness_leaves_it_open() -> None:
    assert spans("W" + "_" * 60 + "m") == [(1, None)]


def test_up_every_other_minute_is_not_still() -> None:
    assert spans("W" + "_m" * 60) == []


def test_two_short_stillnesses_do_not_add_up() -> None:
    assert spans("W" + "_" * 30 + "WW" + "_" * 30 + "WW") == []


@pytest.mark.parametrize("gone", ["oo", "??", "  ", "zz"])
def test_what_is_not_known_to_be_a_waking_wearer_ends_it(gone: str) -> None:
    assert spans("W" + "_" * 40 + gone + "_" * 40 + "WW") == []


@pytest.mark.parametrize("mark", "o? z")
def test_a_band_on_the_nightstand_is_not_stillness(mark: str) -> None:
    assert spans("W" + mark * 300) == []


def test_a_night_is_not_stillness_though_nobody_moves() -> None:
    # 22:00 m zzzzzzzz 06:00 W
    assert found("mm" + "z" * 480 + "W", hour=22) == []


def test_a_stretch_that_reaches_back_beyond_what_is_seen_belongs_to_the_day_before() -> None:
    assert spans("_" * 90 + "WW" + "_" * 60) == [(92, None)]


def test_it_says_what_it_rests_on() -> None:
    (finding,) = found("W" + "_" * 30 + "m" + "_" * 29 + "WW")
    assert finding.evidence == {"still_min": 60, "nudge_min": 50, "coverage": 1.0, "steps": 9}
    assert finding.key == "still_too_long@2026-09-21T07:01Z"
    assert finding.kind == "still_too_long"


def test_unknown_steps_are_left_out_of_the_sum() -> None:
    history = seen(blank(drawn("W" + "_" * 60), "steps"))
    (finding,) = RULE.find(history, history.end, Params())
    assert finding.evidence["steps"] == 0


def test_desk_hours_leave_the_evening_alone() -> None:
    desk = {"desk_from": 9 * 60, "desk_to": 17 * 60}
    assert len(found("W" + "_" * 60, hour=12, **desk)) == 1
    assert found("W" + "_" * 60, hour=19, **desk) == []


@pytest.mark.parametrize("wrong", [{"still_minutes": 0}, {"desk_from": 1440}, {"interruption_minutes": -1}])
def test_senseless_numbers_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Params(**wrong)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("_mWo? z"), st.integers(1, 70)), min_size=1, max_size=8))
def test_as_minutes_pass_a_stretch_keeps_its_key_and_only_grows(parts: list[tuple[str, int]]) -> None:
    whole = drawn("W" + "".join(mark * n for mark, n in parts), 1, MIDNIGHT + 9 * HOUR)
    last: dict[str, Finding] = {}
    for n in range(1, len(whole) + 1):
        history = seen(whole[:n])
        now = {finding.key: finding for finding in RULE.find(history, history.end, Params())}
        for key, before in last.items():
            after = now[key]
            assert after.start == before.start
            assert before.end is None or after.end == before.end
            assert int(after.evidence["still_min"]) >= int(before.evidence["still_min"])
        last = now
