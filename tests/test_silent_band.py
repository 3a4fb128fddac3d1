"""Silent band: told from twelve hours on, from where it was last heard, under one key before and after it is heard again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.finding import Finding
from detectors.history import History, history
from detectors.rules.silent_band import RULE, Params
from ingest.batch import DAY, HOUR, MINUTE, Cause, Span
from tests.timeline import BERLIN, MIDNIGHT, drawn, seen


def found(history: History, now: int | None = None) -> list[Finding]:
    return list(RULE.find(history, history.end if now is None else now, Params()))


def hours(findings: list[Finding]) -> list[tuple[float, float | None]]:
    """Hours after midnight."""
    return [((f.start - MIDNIGHT) / HOUR, None if f.end is None else (f.end - MIDNIGHT) / HOUR) for f in findings]


def test_twelve_hours_without_a_word_are_told_and_less_is_not() -> None:
    # ____ 8 h |            12 h
    assert found(seen(drawn("_" * 8 + " " * 12, 60)), MIDNIGHT + 20 * HOUR - MINUTE) == []
    (finding,) = found(seen(drawn("_" * 8 + " " * 12, 60)))
    assert hours([finding]) == [(8, None)]
    assert finding.evidence == {"silent_h": 12.0}
    assert finding.key == "silent_band@2026-09-21T06:00Z"


def test_the_key_stays_when_the_band_is_heard_again() -> None:
    # ________ 8 h |            13 h | __ 3 h
    open_, closed = seen(drawn("_" * 8 + " " * 13, 60)), seen(drawn("_" * 8 + " " * 13 + "_" * 3, 60))
    (before,), (after,) = found(open_), found(closed)
    assert before.key == after.key
    assert hours([after]) == [(8, 21)]


def test_a_band_last_heard_within_a_minute_is_silent_from_the_next() -> None:
    last = MIDNIGHT + 8 * HOUR - 25_000_000
    assert hours(found(seen(drawn("_" * 8 + " " * 12, 60), last_heard=last))) == [(8, None)]
    blind = seen(drawn(" " * 12, 60, MIDNIGHT + 9 * HOUR), last_heard=last, since=MIDNIGHT)
    assert hours(found(blind)) == [(8, None)]


def test_a_band_silent_for_days_is_silent_since_it_was_last_heard() -> None:
    quiet = seen(drawn(" " * 30, 60, MIDNIGHT + 2 * DAY), last_heard=MIDNIGHT + 5 * HOUR, since=MIDNIGHT)
    (finding,) = found(quiet)
    assert hours([finding]) == [(5, None)]
    assert finding.evidence == {"silent_h": 73.0}


def test_a_band_never_heard_is_silent_since_it_was_handed_over() -> None:
    never = seen(drawn(" " * 30, 60), last_heard=None, since=MIDNIGHT + 10 * HOUR)
    assert hours(found(never)) == [(10, None)]
    assert found(seen(drawn(" " * 30, 60), last_heard=None, since=None)) == []


def test_before_the_hand_over_nothing_is_silent() -> None:
    #                 20 h | handed over ____
    assert found(seen(drawn(" " * 20 + "_" * 4, 60), since=MIDNIGHT + 20 * HOUR)) == []
    assert found(seen(drawn(" " * 20 + "_" * 4, 60), since=None)) == []


def test_a_silence_that_began_before_what_is_seen_is_dated_by_its_gap() -> None:
    # Mon 05:00 | ... gap ...  Wed 00:00 |      9 h | ___
    gap = Span("b", MIDNIGHT + 5 * HOUR, MIDNIGHT + 2 * DAY + 9 * HOUR, Cause.RANGE)
    minutes = drawn(" " * 9 + "_" * 3, 60, MIDNIGHT + 2 * DAY)
    seen_ = history(
        "p", BERLIN, minutes, MIDNIGHT + 2 * DAY + 12 * HOUR, days=0, gaps=[gap], since=MIDNIGHT, last_heard=MIDNIGHT + 60 * HOUR
    )
    assert hours(found(seen_)) == [(5, 57)]


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("             ", None),  # no gap is known: the line may be down
        ("ggggggggggggg", "gateway"),
        ("r            ", None),  # of most hours nobody knows why
        ("ggggg   rrrrr", "gateway"),  # alike long: the later of the two …
        ("ccccc   ggggg", "charging"),  # … as `Cause` has them
        ("rrrrrrrrggggg", "range"),
        ("GGGGGGGGGGGGG", "gateway"),  # out of range of one, and then another was off all along
    ],
)
def test_the_cause_of_most_of_a_silence_is_in_its_evidence(line: str, cause: str | None) -> None:
    # ____ 8 h |  13 h, by hour: r out of range, c on the charger, g gateway off, G both
    causes = {"r": [Cause.RANGE], "c": [Cause.CHARGING], "g": [Cause.GATEWAY], "G": [Cause.GATEWAY, Cause.RANGE], " ": []}
    hour = [MIDNIGHT + (8 + n) * HOUR for n in range(14)]
    gaps = [Span("b", hour[n], hour[n + 1], why) for n, mark in enumerate(line) for why in causes[mark]]
    for order in (gaps, gaps[::-1]):
        (finding,) = found(seen(drawn("_" * 8 + " " * 13, 60), gaps=order))
        assert finding.evidence.get("cause") == cause


def test_heard_again_but_not_complete_yet_it_still_stands() -> None:
    quiet = seen(drawn("_" * 8 + " " * 13, 60), last_heard=MIDNIGHT + 21 * HOUR + 5 * MINUTE)
    assert hours(found(quiet, MIDNIGHT + 21 * HOUR + 10 * MINUTE)) == [(8, None)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("_ "), st.integers(1, 20)), min_size=1, max_size=5), st.booleans())
def test_as_hours_pass_a_silence_keeps_its_key(parts: list[tuple[str, int]], off: bool) -> None:
    line = ("o" if off else "_") + "".join(mark * n for mark, n in parts)
    last: dict[str, Finding] = {}
    for n in range(1, len(line) + 1):
        now = {finding.key: finding for finding in found(seen(drawn(line[:n], 60)))}
        assert sum(finding.end is None for finding in now.values()) <= 1
        for key, before in last.items():
            assert now[key].start == before.start
            assert before.end is None or now[key].end == before.end
        last = now


@pytest.mark.parametrize("silent_hours", [0, -1, 1000])
def test_senseless_hours_are_refused(silent_hours: float) -> None:
    with pytest.raises(ValueError, match="silent_hours"):
        Params(silent_hours=silent_hours)


def test_after_the_last_band_was_handed_back_nothing_is_silent() -> None:
    # ____ 8 h |   8 h   | handed back |   8 h
    back = seen(drawn("_" * 8 + " " * 16, 60), bare=[(MIDNIGHT + 16 * HOUR, None)])
    assert found(back) == []


def test_a_silence_ends_where_the_band_was_handed_back() -> None:
    # ____ 4 h |   13 h   | handed back |   7 h
    before, after = seen(drawn("_" * 4 + " " * 13, 60)), seen(drawn("_" * 4 + " " * 20, 60), bare=[(MIDNIGHT + 17 * HOUR, None)])
    assert hours(found(before)) == [(4, None)]
    assert hours(found(after)) == [(4, 17)]
    assert found(before)[0].key == found(after)[0].key
    assert found(after)[0].evidence == {"silent_h": 13.0}


def test_days_between_two_bands_are_no_silence_and_the_next_one_is_silent_from_its_hand_over() -> None:
    # ____ 2 h | back | 18 h | the next one |   13 h        and once it is heard | ___
    bare = [(MIDNIGHT + 3 * HOUR, MIDNIGHT + 20 * HOUR)]
    assert hours(found(seen(drawn("_" * 2 + " " * 31, 60), bare=bare))) == [(20, None)]
    assert hours(found(seen(drawn("_" * 2 + " " * 31 + "_", 60), bare=bare))) == [(20, 33)]
    assert found(seen(drawn("_" * 2 + " " * 20 + "_", 60), bare=bare)) == []


def test_a_hand_over_yet_to_come_changes_nothing() -> None:
    assert hours(found(seen(drawn("_" * 8 + " " * 12, 60), bare=[(MIDNIGHT + 30 * HOUR, None)]))) == [(8, None)]


def test_a_silence_that_ended_with_a_hand_back_before_what_is_seen_has_no_cause() -> None:
    # Mon 5:00 last heard | Tue 0:00 handed back | Wed 0:00 …
    gap = Span("b", MIDNIGHT + 5 * HOUR, MIDNIGHT + DAY, Cause.GATEWAY)
    gone = seen(
        drawn(" " * 9, 60, MIDNIGHT + 2 * DAY), last_heard=MIDNIGHT + 5 * HOUR, since=MIDNIGHT, bare=[(MIDNIGHT + DAY, None)], gaps=[gap]
    )
    (finding,) = found(gone)
    assert finding.evidence == {"silent_h": 19.0}
