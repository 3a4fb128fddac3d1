"""What people say of a planned session, and what of it excuses them."""

import pytest

from detectors.outcome import Source
from ingest.batch import DAY, HOUR, MINUTE
from tests.practised import GONE, OFF, ONE, SIX, STILL, judge, mornings, outcome, planned, practised, report, says
from tests.timeline import MIDNIGHT

NOON = MIDNIGHT + 12 * HOUR
NEXT_DAY = planned(mornings(make_up="24h"), until="2026-09-21")


@pytest.mark.parametrize("by", ["patient", "therapist"])
@pytest.mark.parametrize("line", [STILL, OFF, GONE, "_______"])
def test_yes_is_believed_before_the_data_are_complete(line: str, by: str) -> None:
    found = judge(practised(line, ONE, reports=[says("yes", by=by)]))["set/2026-09-21"]
    assert (found.outcome, found.credit, found.source) == ("done", 1.0, by)


def test_what_was_seen_stands_over_what_was_said() -> None:
    for said in ("yes", "not_yet", "not_today"):
        found = judge(practised("____________WW____", ONE, reports=[says(said)]))["set/2026-09-21"]
        assert (found.outcome, found.source) == ("partial", Source.SENSOR)


def test_not_yet_keeps_it_asked_and_is_an_answer() -> None:
    waiting = practised(STILL, ONE, reports=[says("not_yet")])
    assert outcome(waiting, 23) == "asked"
    assert outcome(waiting, 24) == "not_seen"


@pytest.mark.parametrize("line", [STILL, OFF, GONE])
def test_not_today_is_counted_as_the_patient_says(line: str) -> None:
    found = judge(practised(line, ONE, reports=[says("not_today")]))["set/2026-09-21"]
    assert (found.outcome, found.credit, found.source) == ("not_seen", 0.0, "patient")


def test_not_today_before_the_window_ends_is_told_when_it_does() -> None:
    early = practised("_________", ONE, reports=[says("not_today", SIX + HOUR)])
    assert outcome(early) is None
    assert outcome(early, 1.5) == "not_seen"


def test_not_today_counts_once_the_time_to_make_up_for_it_is_over_and_may_still_be_late() -> None:
    # Mon 8:00 planned | 9:00 window ends | 12:00 "not today" | Tue 8:30 WWW | 9:00 grace ends
    said = [says("not_today", NOON)]
    held = judge(practised(STILL + "_" * 24, NEXT_DAY, reports=said))["set/2026-09-21"]
    assert (held.outcome, held.credit, "ask" in held.facts) == ("asked", None, False)
    assert held.finding("p-01", 1).end == held.end, "what was answered awaits no answer"
    assert outcome(practised(STILL + "_" * 141 + "WWW", NEXT_DAY, reports=said)) == "late"
    assert outcome(practised(STILL + "_" * 144, NEXT_DAY, reports=said)) == "not_seen"
    assert outcome(practised(STILL, NEXT_DAY, reports=said), 72 - 1 / 60) == "asked"
    assert outcome(practised(STILL, NEXT_DAY, reports=said), 72) == "not_seen"


def test_not_today_with_a_flare_is_excused_at_once_though_it_may_be_made_up() -> None:
    said = [says("not_today", NOON), report("reason", NOON, why="it_hurt")]
    assert outcome(practised(STILL + "_" * 24, NEXT_DAY, reports=said)) == "excused"


def test_the_last_word_counts() -> None:
    words = [says("not_today", NOON, n=1), says("yes", NOON + MINUTE, n=2)]
    assert outcome(practised(STILL, ONE, reports=words)) == "done"
    assert outcome(practised(STILL, ONE, reports=words[::-1])) == "done"
    words = [says("yes", NOON, n=1), says("not_today", NOON + MINUTE, n=2, by="therapist")]
    assert outcome(practised(STILL, ONE, reports=words)) == "not_seen"


FLARES = {
    "it hurt": report("reason", NOON, why="it_hurt"),
    "it hurt then": report("reason", NOON, why="it_hurt", occurrence="rx-01/set/2026-09-21"),
    "worse": report("feeling", NOON - 2 * DAY, back="worse"),
    "pain": report("pain", NOON + 2 * DAY, 9, score=5),
}
NO_FLARES = {
    "no time": report("reason", NOON, why="no_time"),
    "it hurt another time": report("reason", NOON, why="it_hurt", occurrence="rx-01/set/2026-09-18"),
    "worse long ago": report("feeling", NOON - 2 * DAY - 1, back="worse"),
    "same": report("feeling", NOON, back="same"),
    "hardly more pain": report("pain", NOON, 9, score=4),
}
USUAL = [report("pain", NOON - n * DAY, n, score=score) for n, score in ((1, 3), (3, 2), (5, 3), (9, 0))]
"""Median of a week 3 (and 2.5 later), so 5 is a flare and 4 is none."""


@pytest.mark.parametrize("flare", FLARES.values(), ids=list(FLARES))
def test_not_today_with_a_flare_is_excused(flare: object) -> None:
    found = judge(practised(STILL, ONE, reports=[*USUAL, says("not_today", NOON), flare]))["set/2026-09-21"]
    assert (found.outcome, found.credit, found.source) == ("excused", None, "patient")


@pytest.mark.parametrize("report", NO_FLARES.values(), ids=list(NO_FLARES))
def test_without_one_it_is_not(report: object) -> None:
    assert outcome(practised(STILL, ONE, reports=[*USUAL, says("not_today", NOON), report])) == "not_seen"


def test_a_first_score_is_compared_with_nothing() -> None:
    assert outcome(practised(STILL, ONE, reports=[says("not_today", NOON), report("pain", NOON, score=9)])) == "not_seen"
    weekly_scores = [report("pain", NOON - 7 * DAY - HOUR, 1, score=0), report("pain", NOON, 2, score=2)]
    assert outcome(practised(STILL, ONE, reports=[says("not_today", NOON), *weekly_scores])) == "excused"


def test_a_pause_of_the_plan_is_excused_by_the_therapist_and_never_asked_about() -> None:
    paused = planned(mornings(), until="2026-09-21", pauses=[{"from": "2026-09-20", "to": "2026-09-22", "why": "travel"}])
    assert outcome(practised(STILL[:-1], paused)) is None
    found = judge(practised(STILL, paused))["set/2026-09-21"]
    assert (found.outcome, found.source, found.facts["why"]) == ("excused", Source.THERAPIST, "travel")
    assert outcome(practised("____________WWW___", paused)) == "done"
    assert outcome(practised("____________WW____", paused)) == "excused"


def test_a_time_out_is_excused_by_who_took_it() -> None:
    out = report("pause", SIX, first="2026-09-21", last="2026-09-22", why="ill")
    found = judge(practised(STILL, ONE, reports=[out]))["set/2026-09-21"]
    assert (found.outcome, found.source, found.facts["why"]) == ("excused", Source.PATIENT, "ill")
    over = report("pause", SIX, first="2026-09-19", last="2026-09-20")
    assert outcome(practised(STILL, ONE, reports=[over])) == "asked"


def test_who_is_back_is_expected_again_and_may_go_away_once_more() -> None:
    #   said at 6:00, in this order       day judged: 21 September
    out = report("pause", SIX, 1, first="2026-09-21", last="2026-09-30")
    assert outcome(practised(STILL, ONE, reports=[out, report("back", SIX + 1, 2, first="2026-09-21")])) == "asked"
    assert outcome(practised(STILL, ONE, reports=[out, report("back", SIX + 1, 2, first="2026-09-22")])) == "excused"
    assert outcome(practised(STILL, ONE, reports=[out, report("back", SIX - 1, 2, first="2026-09-21")])) == "excused"
    again = report("pause", SIX + 2, 3, first="2026-09-20", last="2026-09-21")
    assert outcome(practised(STILL, ONE, reports=[out, report("back", SIX + 1, 2, first="2026-09-21"), again])) == "excused"
