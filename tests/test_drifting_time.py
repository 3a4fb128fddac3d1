"""A session mostly done at another time than planned: the median of the last five tells."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from detectors.finding import Finding
from detectors.outcome import Judged, Outcome
from detectors.rules.drifting_time import RULE, Params
from ingest.batch import DAY
from tests.lived import day, lived, one, told


def late(*minutes: int | None) -> list[Judged]:
    """A session a day, planned for 8:00."""
    return [one(n, Outcome.DONE, late=each) for n, each in enumerate(minutes)]


def found(judged: Sequence[Judged]) -> list[Finding]:
    history = told(judged, 15)
    return list(RULE.find(history, history.end, Params()))


def spans(findings: Sequence[Finding]) -> list[tuple[int, int | None]]:
    return [((f.start - day(0)) // DAY, None if f.end is None else (f.end - day(0)) // DAY) for f in findings]


def test_five_sessions_an_hour_and_more_late_are_a_drift_and_four_are_not() -> None:
    assert found(late(80, 80, 80, 80)) == []
    (finding,) = found(late(80, 70, 90, 100, 75))
    assert spans([finding]) == [(0, None)]
    assert finding.key == "drifting_time@rx-0009/core/2026-09-21"
    assert finding.evidence == {"session": "core", "late_min": 80, "sessions": 5, "usual": "09:20"}


def test_an_hour_is_not_yet_a_drift() -> None:
    assert found(late(60, 60, 60, 60, 60)) == []
    assert len(found(late(61, 61, 61, 61, 61))) == 1


def test_two_very_late_ones_do_not_move_the_median() -> None:
    assert found(late(0, 5, 600, 10, 700)) == []


def test_too_early_is_a_drift_as_well() -> None:
    (finding,) = found(late(-70, -80, -90, -65, -75))
    assert finding.evidence["late_min"] == -75
    assert finding.evidence["usual"] == "06:45"


def test_what_is_made_up_the_next_day_at_the_planned_hour_has_not_drifted() -> None:
    assert found(late(1440, 1445, 5, 1450, 1440)) == []
    (finding,) = found(late(1440 + 80, 1440 + 80, 80, 80, 80))
    assert finding.evidence["late_min"] == 80


def test_it_ends_with_the_session_that_brings_the_median_back() -> None:
    # 80 80 80 80 80 0 0 0      the median of the last five falls with the third
    assert spans(found(late(80, 80, 80, 80, 80, 0, 0, 0))) == [(0, 7)]


def test_sessions_of_which_nobody_knows_when_they_began_or_that_were_not_seen_tell_nothing() -> None:
    assert found([*late(80, 80, None, 80, 80), *lived("nnuu", first=5)]) == []
    quota = [replace(each, facts={"began": each.facts["began"]}) for each in late(80, 80, 80, 80, 80)]
    assert found(quota) == []


def test_each_session_drifts_for_itself() -> None:
    assert found([*late(80, 80, 80), *(one(n, Outcome.DONE, "walk", late=80) for n in range(3, 6))]) == []


@given(shift=st.integers(-200, 200), spread=st.lists(st.integers(-9, 9), min_size=5, max_size=9))
def test_the_drift_is_as_far_as_the_sessions_moved(shift: int, spread: list[int]) -> None:
    drifts = found(late(*(shift + each for each in spread)))
    assert bool(drifts) or abs(shift) <= 69
    assert not drifts or abs(shift) > 51
