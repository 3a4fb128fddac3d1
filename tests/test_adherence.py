"""Adherence: credit over what was eligible, with bounds for what nobody knows."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import dates
from detectors.adherence import Adherence, adherence
from detectors.outcome import COUNTED, OPEN_TO_DOUBT, Judged, Outcome, Source
from ingest.batch import DAY, HOUR
from tests.timeline import MIDNIGHT

D, P, L, N = Outcome.DONE, Outcome.PARTIAL, Outcome.LATE, Outcome.NOT_SEEN
U, C, V = Outcome.UNKNOWN, Outcome.UNCLEAR, Outcome.UNVERIFIABLE
EVER = (0, 1 << 62)
CREDIT = {D: 1.0, P: 0.5, L: 0.9, N: 0.0}


def one(outcome: Outcome, day: int = 0, credit: float | None = None, coverage: float | None = 0.9) -> Judged:
    """In the morning of that day, to be made up until the next."""
    start = MIDNIGHT + day * DAY + 7 * HOUR
    counted = CREDIT.get(outcome) if credit is None else credit
    facts: dict[str, float | int | str] = {"week": f"2026-W{39 + day // 7}", "due_by": dates.minute(start + 2 * HOUR)}
    return Judged(f"rx-01/set/{day}", "set", start, start + 26 * HOUR, outcome, counted, Source.SENSOR, coverage, facts)


def of(*outcomes: Outcome) -> Adherence:
    """One on each day."""
    return adherence([one(outcome, day) for day, outcome in enumerate(outcomes)], *EVER)


def test_credit_is_divided_by_what_was_eligible() -> None:
    whole = of(D, D, P, L, N)
    assert whole.done == pytest.approx(3.4)
    assert [whole.low, whole.mid, whole.high] == pytest.approx([0.68] * 3)
    assert (whole.eligible, whole.unknown, whole.enough) == (5, 0, True)


@pytest.mark.parametrize("doubt", [U, C, V])
def test_what_is_in_doubt_widens_the_bounds_and_moves_nothing_else(doubt: Outcome) -> None:
    whole = of(D, N, doubt)
    assert [whole.low, whole.mid, whole.high] == pytest.approx([1 / 3, 0.5, 2 / 3])
    assert (whole.eligible, whole.unknown) == (2, 1)


def test_thirty_points_apart_is_enough_and_more_is_not() -> None:
    assert of(*[D] * 7, *[U] * 3).enough
    assert not of(*[D] * 6, *[U] * 3).enough
    assert not of().enough


@pytest.mark.parametrize("outcomes", [(), (U,), (Outcome.EXCUSED,), (Outcome.ASKED,), (Outcome.EXTRA,)])
def test_where_nothing_is_eligible_there_is_no_share(outcomes: tuple[Outcome, ...]) -> None:
    whole = of(*outcomes)
    assert (whole.low, whole.mid, whole.high, whole.eligible, whole.enough) == (None, None, None, 0, False)


def test_excused_and_asked_are_left_out() -> None:
    whole = of(D, Outcome.EXCUSED, Outcome.ASKED)
    assert (whole.mid, whole.eligible, whole.excused) == (1.0, 1, 1)


def test_an_extra_session_stands_for_one_not_seen_of_its_week() -> None:
    assert of(D, N, Outcome.EXTRA).done == 2
    assert of(N, N, Outcome.EXTRA, Outcome.EXTRA).done == 1
    assert of(D, Outcome.EXTRA).mid == 1.0
    used = one(Outcome.EXTRA, 2)
    assert adherence([one(N, 1), replace(used, facts={**used.facts, "stands_for": "rx-01/set/3"})], *EVER).done == 0
    next_week = [one(N, 6), one(Outcome.EXTRA, 7)]
    assert adherence(next_week, *EVER).done == 0


def test_a_session_belongs_to_the_days_in_which_its_window_ends() -> None:
    late_evening = one(D)
    due = late_evening.start + 2 * HOUR
    assert adherence([late_evening], due, due + DAY).eligible == 1
    assert adherence([late_evening], due + 1, due + DAY).eligible == 0
    assert adherence([late_evening], due - DAY, due).eligible == 0


def test_without_a_due_time_its_end_counts() -> None:
    bare = replace(one(D), facts={})
    assert adherence([bare], bare.end, bare.end + 1).eligible == 1


def test_coverage_is_the_mean_of_what_is_known() -> None:
    those = [one(D, 0, coverage=1.0), one(U, 1, coverage=0.2), one(V, 2, coverage=None), one(Outcome.EXCUSED, 3, coverage=0.0)]
    assert adherence(those, *EVER).coverage == pytest.approx(0.6)
    assert of().coverage is None


ANY = st.lists(
    st.builds(
        lambda outcome, day, credit: one(outcome, day, credit if outcome in (P, L) else None),
        st.sampled_from(list(Outcome)),
        st.integers(0, 30),
        st.floats(0, 1),
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(ANY, st.randoms(use_true_random=False))
def test_bounds_hold_and_order_is_irrelevant(those: list[Judged], random: object) -> None:
    whole = adherence(those, *EVER)
    shuffled = sorted(those, key=lambda _: random.random())  # type: ignore[attr-defined]  # hypothesis' own Random
    assert adherence(shuffled, *EVER) == whole
    if whole.low is not None and whole.mid is not None and whole.high is not None:
        assert 0 <= whole.low <= whole.mid + 1e-12
        assert whole.mid <= whole.high + 1e-12
        assert whole.high <= 1 + 1e-12
    assert whole.eligible == sum(each.outcome in COUNTED for each in those)
    assert whole.unknown == sum(each.outcome in OPEN_TO_DOUBT for each in those)


@settings(max_examples=50, deadline=None)
@given(ANY, st.integers(0, 31))
def test_days_add_up_to_their_sum(those: list[Judged], cut: int) -> None:
    at = MIDNIGHT + cut * DAY
    before, after, whole = adherence(those, 0, at), adherence(those, at, EVER[1]), adherence(those, *EVER)
    assert before.eligible + after.eligible == whole.eligible
    assert before.unknown + after.unknown == whole.unknown
    assert before.excused + after.excused == whole.excused
