"""What holds of outcomes whatever the days were like, however their data came, and whenever they are judged."""

from dataclasses import replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors.history import History
from detectors.outcome import COUNTED, SEEN, Judged, Outcome, Source
from detectors.outcomes import Params, outcomes
from detectors.plan.schedule import WAITED
from detectors.report import Report
from ingest.batch import DAY, HOUR, MINUTE
from ingest.minute import unknown
from tests.practised import BIRD_DOG, WALK, mornings, planned, practised, report, says, weekly
from tests.timeline import MIDNIGHT

PLAN = planned(
    mornings(make_up="24h"),
    mornings(BIRD_DOG, name="core", at="09:30", make_up="same_week", days=["mon", "wed", "fri"]),
    mornings(WALK, BIRD_DOG, name="both", at="17:00", days=["tue", "thu"]),
    weekly(3, {**WALK, "minutes": 60}, min_gap="2d"),
)
PARAMS = Params()
SETTLED = frozenset(Outcome) - {Outcome.ASKED}
LINES = st.lists(st.tuples(st.sampled_from("____mWxo? z"), st.integers(1, 12)), min_size=1, max_size=60).map(
    lambda parts: "".join(mark * n for mark, n in parts)
)
"""Half an hour a character, mostly some days."""
BUSY = st.lists(st.text("____WxWx ", min_size=48, max_size=48), min_size=9, max_size=11).map("".join)
"""Nine days and more, full of bouts."""
IDS = ["set/2026-09-21", "set/2026-09-22", "core/2026-09-21", "both/2026-09-22", "walks/2026-W39/3"]
HOURS = st.integers(0, 24 * 9)
REPORTS = st.lists(
    st.one_of(
        st.builds(lambda n, at, said, which: says(said, MIDNIGHT + at * HOUR, which, n), st.integers(0, 99), HOURS,
                  st.sampled_from(["yes", "not_yet", "not_today"]), st.sampled_from(IDS)),
        st.builds(lambda n, at, score: report("pain", MIDNIGHT + at * HOUR, n, score=score), st.integers(0, 99), HOURS, st.integers(0, 10)),
        st.builds(lambda n, at: report("pause", MIDNIGHT + at * HOUR, n, first="2026-09-22", last="2026-09-24"), st.integers(0, 99), HOURS),
        st.builds(lambda n, at: report("back", MIDNIGHT + at * HOUR, n, first="2026-09-23"), st.integers(0, 99), HOURS),
    ),
    max_size=6,
    unique_by=lambda one: one.id,
)  # fmt: skip
ASKED = st.dictionaries(st.sampled_from([f"rx-01/{which}" for which in IDS]), HOURS.map(lambda at: MIDNIGHT + at * HOUR))
LATER = st.integers(0, 24 * 9 * 60).map(lambda n: n * MINUTE)
general = settings(max_examples=60, deadline=None)


def lived(line: str, reports: Any = (), asked: Any = None) -> History:
    return practised(line, PLAN, 30, MIDNIGHT, reports=reports, asked=asked or {})


def judge(history: History, now: int) -> list[Judged]:
    return outcomes(history, now, PARAMS)


@general
@given(LINES, REPORTS, ASKED, LATER, st.randoms(use_true_random=False))
def test_the_order_in_which_things_came_is_irrelevant(
    line: str, reports: list[Report], asked: dict[str, int], later: int, random: Any
) -> None:
    history = lived(line, reports, asked)
    bouts, said = list(history.bouts), list(reports)
    random.shuffle(bouts)
    random.shuffle(said)
    other = replace(history, bouts=bouts, told=replace(history.told, reports=said))
    before = history.minutes.tobytes()
    assert judge(other, history.end + later) == judge(history, history.end + later)
    assert history.minutes.tobytes() == before


@general
@given(LINES, REPORTS, ASKED, LATER)
def test_credit_is_a_share_and_only_what_counts_has_one(line: str, reports: list[Report], asked: dict[str, int], later: int) -> None:
    history = lived(line, reports, asked)
    found = judge(history, history.end + later)
    assert found == sorted(found, key=lambda one: (one.start, one.occurrence))
    assert len({one.occurrence for one in found}) == len(found)
    for one in found:
        assert (one.credit is not None) == (one.outcome in COUNTED)
        assert 0 <= (one.credit or 0) <= 1
        assert one.coverage is None or 0 <= one.coverage <= 1
        given_up = one.end + WAITED <= history.end + later and (one.outcome not in SEEN or one.source is Source.PATIENT)
        assert history.start <= one.start
        assert one.start < history.end or given_up
        assert "ask" not in one.facts or one.outcome is Outcome.ASKED


@general
@given(LINES, ASKED, LATER)
def test_unknown_minutes_never_make_a_session_not_seen(line: str, asked: dict[str, int], later: int) -> None:
    history = lived(line, (), asked)
    now = history.end + later
    before = {one.occurrence: one.outcome for one in judge(history, now)}
    silent = replace(history, minutes=unknown(history.start, history.end))
    assert all(one.outcome is not Outcome.NOT_SEEN for one in judge(silent, now))
    for n in range(0, len(history.minutes), 1440):
        minutes = history.minutes.copy()
        minutes[n : n + 720] = unknown(int(minutes["t"][n]), int(minutes["t"][n]) + len(minutes[n : n + 720]) * MINUTE)
        for one in judge(replace(history, minutes=minutes), now):
            assert one.outcome is not Outcome.NOT_SEEN or before[one.occurrence] is Outcome.NOT_SEEN


@general
@given(LINES, ASKED, LATER)
def test_a_worn_still_band_takes_away_nothing_that_was_seen(line: str, asked: dict[str, int], later: int) -> None:
    history = lived(line, (), asked)
    worn = lived(line.translate(str.maketrans("o? ", "___")), (), asked)
    after = {one.occurrence: one for one in judge(worn, history.end + later)}
    for one in judge(history, history.end + later):
        if one.outcome in SEEN:
            assert (after[one.occurrence].outcome, after[one.occurrence].credit) == (one.outcome, one.credit)


@general
@given(LINES, REPORTS, ASKED, LATER, LATER)
def test_what_is_settled_stays_while_nothing_new_is_known(line: str, reports: list[Report], asked: dict[str, int], a: int, b: int) -> None:
    history = lived(line, reports, asked)
    first, then = sorted((history.end + a, history.end + b))
    after = {one.occurrence: one for one in judge(history, then)}
    for one in judge(history, first):
        assert one.outcome not in SETTLED or (after[one.occurrence].outcome, after[one.occurrence].credit) == (one.outcome, one.credit)


@general
@given(LINES, REPORTS, ASKED)
def test_nobody_is_kept_waiting_for_ever(line: str, reports: list[Report], asked: dict[str, int]) -> None:
    history = lived(line, reports, asked)
    found = judge(history, history.end + 30 * DAY)
    assert all(one.outcome is not Outcome.ASKED for one in found)


@general
@given(BUSY, ASKED)
def test_a_minute_of_a_walk_serves_one_session(line: str, asked: dict[str, int]) -> None:
    history = lived(line, (), asked)
    seen: dict[str, float] = {}
    for one in judge(history, history.end + 30 * DAY):
        if "stands_for" in one.facts:
            continue
        for kind in ("walk", "exercise"):
            seen[kind] = seen.get(kind, 0) + float(one.facts.get(f"{kind}_min", 0))
    for kind, minutes in seen.items():
        assert minutes <= sum((bout.end - bout.start) / MINUTE for bout in history.bouts if bout.kind == kind)


@general
@given(BUSY, st.integers(1, 6))
@example("W" * 140 + "xWWx" + "W" * 94 + "x" + "W" * 45 + "_W_xW_xWx" + "W" * 139, 6)  # over midnight, bouts of two sessions by turns
def test_a_window_of_days_that_moves_on_judges_the_same(line: str, days: int) -> None:
    """The chart holds what was judged before the first day that is seen."""
    history = lived(line)
    start, now = MIDNIGHT + days * DAY, history.end + 30 * DAY
    whole = judge(history, now)
    told = replace(history.told, earlier=tuple(one for one in whole if one.start < start))
    part = replace(
        history,
        start=start,
        minutes=history.minutes[history.minutes["t"] >= start],
        bouts=[bout for bout in history.bouts if bout.end > start],
        told=told,
    )
    kept = [(one.occurrence, one.outcome, one.credit) for one in whole if one.start >= start]
    assert [(one.occurrence, one.outcome, one.credit) for one in judge(part, now)] == kept
