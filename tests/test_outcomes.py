"""What became of a planned session: each row of the table of outcomes, drawn, and its borders.

A session is at eight, in time if begun from seven to nine; lines begin at six, each character is ten minutes.
"""

import pytest

from detectors.outcome import Outcome
from ingest.batch import DAY, HOUR, MINUTE
from tests.practised import (
    BIRD_DOG,
    BRIDGE,
    GONE,
    HEAT,
    OFF,
    ONE,
    STILL,
    WALK,
    judge,
    mornings,
    outcome,
    planned,
    practised,
    reached,
    says,
    weekly,
)
from tests.timeline import MIDNIGHT

NEXT_DAY = planned(mornings(make_up="24h"), until="2026-09-21")


# six         seven        eight        nine
@pytest.mark.parametrize(
    ("line", "expected", "credit"),
    [
        ("______" "______" "WWW___" "______", "done", 1.0),
        ("______" "W_____" "_WW___" "______", "done", 1.0),  # walks add up
        ("______" "______" "WW____" "______", "partial", 0.67),
        ("______" "______" "W_____" "______", "partial", 0.33),
        ("______" "WWW___" "______" "______", "done", 1.0),  # seven is in time
        ("______" "______" "_____W" "WW____", "done", 1.0),  # begun in time is in time
        ("_____W" "WW____" "______" "______", "asked", None),  # ten to seven is not
        ("______" "______" "______" "WWW___", "asked", None),  # nor is nine
        ("______" "______" "xxx___" "______", "asked", None),  # exercise is no walk
    ],
)  # fmt: skip
def test_a_walk_in_its_window_is_done_by_its_minutes(line: str, expected: str, credit: float | None) -> None:
    found = judge(practised(line, ONE))["set/2026-09-21"]
    assert (found.outcome, found.credit) == (expected, credit)


@pytest.mark.parametrize(("minutes", "expected"), [(8, "asked"), (9, "partial"), (23, "partial"), (24, "done"), (60, "done")])
def test_done_from_four_fifths_and_in_part_from_three_tenths(minutes: int, expected: str) -> None:
    #  6:00 ___ 8:00 W × minutes, of 30
    line = "_" * 120 + "W" * minutes + "_" * (120 - minutes)
    assert outcome(practised(line, ONE, 1)) == expected


def test_made_up_by_the_next_day_is_late_and_counts() -> None:
    # Mon 9:00 | 18:00 WWW
    found = judge(practised(STILL + "_" * 54 + "WWW___", NEXT_DAY))["set/2026-09-21"]
    assert (found.outcome, found.credit, found.facts["began"]) == ("late", 1.0, "2026-09-21T16:00Z")


def test_made_up_after_the_grace_is_not() -> None:
    # Mon 9:00 | Tue 9:00 WWW
    assert outcome(practised(STILL + "_" * 144 + "WWW___", NEXT_DAY)) == "asked"


def test_late_from_three_tenths() -> None:
    late = [outcome(practised("_" * 300 + "W" * minutes + "___", NEXT_DAY, 1)) for minutes in (8, 9)]
    assert late == ["asked", "late"]


def test_a_walk_nobody_planned_is_extra_once_it_is_over() -> None:
    #       8:00 WWW        12:00 WWWW
    line = STILL[:12] + "WWW___" + "_" * 18 + "WWWW"
    assert list(judge(practised(line + "__", ONE))) == ["set/2026-09-21"]
    found = judge(practised(line + "___", ONE))["extra@2026-09-21T10:00Z"]
    assert (found.outcome, found.session, found.credit, found.facts["seen_min"]) == ("extra", "walk", None, 40.0)


def test_nothing_is_asked_before_the_window_ends_and_something_is_when_it_does() -> None:
    assert outcome(practised(STILL[:-1], ONE)) is None
    found = judge(practised(STILL, ONE))["set/2026-09-21"]
    assert (found.outcome, found.credit, found.facts["ask"]) == ("asked", None, "not_seen")


def test_a_whole_session_is_told_before_the_window_ends_and_half_a_one_is_not() -> None:
    assert outcome(practised("______WWW", ONE)) == "done"
    assert outcome(practised("______WW_", ONE)) is None


def test_who_answers_nothing_for_a_day_was_not_seen() -> None:
    still = practised(STILL, ONE, asked=reached())
    assert outcome(still, 24 - 1 / 60) == "asked"
    found = judge(still, 24)["set/2026-09-21"]
    assert (found.outcome, found.credit, found.source, found.coverage) == ("not_seen", 0.0, "sensor", 1.0)


@pytest.mark.parametrize(("at", "expected"), [(25, "not_seen"), (25 + 1 / 60, "unclear")])
def test_who_was_not_asked_in_time_is_not_counted(at: float, expected: str) -> None:
    # Mon 9:00 window and grace end | Tue 1:00 eight hours are left | Tue 9:00 the day to answer ends
    asked = reached(MIDNIGHT + round(at * 60) * MINUTE)
    assert outcome(practised(STILL, ONE, asked=asked), 48) == expected


def test_who_could_not_be_asked_is_unclear() -> None:
    assert outcome(practised(STILL, ONE), 24) == "unclear"


def test_a_few_minutes_are_asked_about_and_stay_unclear() -> None:
    #  8:00 W × 5
    few = practised("_" * 120 + "W" * 5 + "_" * 55, ONE, 1, asked=reached())
    assert outcome(few) == "asked"
    assert outcome(few, 24) == "unclear"


def test_a_band_that_was_off_is_asked_about_as_off_and_is_unknown_at_last() -> None:
    off = practised(OFF, ONE, asked=reached())
    assert judge(off)["set/2026-09-21"].facts["ask"] == "off"
    assert outcome(off, 24) == "unknown"


def test_worn_all_the_next_day_says_nothing_of_a_session_with_the_band_off() -> None:
    off = judge(practised(OFF + "_" * 144, NEXT_DAY, asked=reached()), 24)["set/2026-09-21"]
    assert off.outcome is Outcome.UNKNOWN
    assert float(off.facts["p"]) > 0.5


def test_silence_asks_nothing_and_is_unknown_at_last() -> None:
    gone = practised(GONE, ONE, asked=reached())
    assert outcome(gone) is None
    assert outcome(gone, 24 - 1 / 60) is None
    assert outcome(gone, 24) == "unknown"


@pytest.mark.parametrize(("unseen", "expected"), [(36, "not_seen"), (37, "unknown")])
def test_seven_tenths_worn_are_enough(unseen: int, expected: str) -> None:
    # seven to nine: 120 minutes, of which 36 are three tenths; off twice, never as long as the walk takes
    line = "_" * 60 + "o" * 18 + "_" * 42 + "o" * (unseen - 18) + "_" * (120 - unseen - 42)
    assert outcome(practised(line, ONE, 1, asked=reached()), 24) == expected


def test_data_that_do_not_come_are_waited_for_for_two_days() -> None:
    # complete to 8:30 only; the grace ends at 9:00
    short = practised("_______________", ONE, asked=reached())
    assert outcome(short, 48) is None
    assert outcome(short, 48.5) == "unknown"
    asked = practised(STILL, NEXT_DAY, asked=reached())
    assert outcome(asked, 71) == "asked"
    given_up = judge(asked, 72)["set/2026-09-21"]
    assert (given_up.outcome, given_up.coverage) == ("unknown", 0.067)  # one waking hour of 15


def test_a_band_that_lies_on_the_nightstand_saw_the_week_all_the_same() -> None:
    # worn 8:00–22:00 each day, on the nightstand from 22:00 to 8:00: 58 % of the week, and all of its days
    week = practised(
        ("o" * 8 + "_" * 14 + "oo") * 7 + "oooooooo_",
        planned(weekly(1), until="2026-09-27"),
        60,
        MIDNIGHT,
        asked=reached(which="walks/2026-W39/1"),
    )
    found = judge(week, 48)["walks/2026-W39/1"]
    assert (found.outcome, found.coverage) == ("not_seen", 1.0)


def test_what_came_of_half_a_window_stands_when_nothing_else_comes() -> None:
    short = practised("______WW_______", ONE)
    assert outcome(short, 48) is None
    assert outcome(short, 48.5) == "partial"


def test_late_data_prove_it_done() -> None:
    assert outcome(practised(STILL, ONE, asked=reached()), 240) == "not_seen"
    assert outcome(practised("____________WWW___", ONE, asked=reached()), 240) == "done"


def test_what_no_band_sees_is_unverifiable_unless_somebody_says() -> None:
    bridge = planned(mornings(BRIDGE, {**WALK, "optional": True}), until="2026-09-21")
    assert outcome(practised(STILL, bridge)) == "unverifiable"
    assert outcome(practised(STILL, bridge, reports=[says("yes")])) == "done"
    assert outcome(practised(STILL, bridge, reports=[says("not_today")])) == "not_seen"


def test_a_gap_that_is_expected_is_not_looked_into() -> None:
    swim = planned(mornings({"exercise": "walk", "kind": "aerobic", "minutes": 30, "expect_gap": True}), until="2026-09-21")
    assert outcome(practised(GONE, swim)) == "unverifiable"


@pytest.mark.parametrize("item", [HEAT, {**WALK, "optional": True}])
def test_nobody_owes_a_hot_pack_or_what_is_optional(item: dict[str, object]) -> None:
    nothing = planned(mornings(item), until="2026-09-21")
    assert judge(practised(STILL, nothing, reports=[says("yes")]), 240) == {}


def test_parts_weigh_by_their_items() -> None:
    # a walk of 30 minutes, twenty of exercise for two items: the whole walk and half the exercise are (1 + 2 · 0.5) / 3
    both = planned(mornings(WALK, {**BIRD_DOG, "minutes": 10}, {**BIRD_DOG, "minutes": 10}, HEAT, BRIDGE), until="2026-09-21")
    found = judge(practised("______WWWW___x____", both))["set/2026-09-21"]
    assert (found.outcome, found.facts["dose"]) == ("partial", 0.67)
    assert (found.facts["walk_min"], found.facts["exercise_min"], found.facts["expected_min"]) == (40.0, 10.0, 50.0)


def test_it_says_what_a_therapist_can_check() -> None:
    found = judge(practised("_______W____WWW___", ONE))["set/2026-09-21"]
    assert found.facts == {
        "week": "2026-W39",
        "due_by": "2026-09-21T07:00Z",
        "planned": "2026-09-21T06:00Z",
        "began": "2026-09-21T06:00Z",
        "ended": "2026-09-21T06:30Z",
        "dose": 1.0,
        "p": 0.94,
        "expected_min": 30.0,
        "seen_min": 30.0,
        "walk_min": 30.0,
    }
    assert (found.start, found.end) == (MIDNIGHT + 7 * HOUR, MIDNIGHT + 9 * HOUR)


def test_without_a_plan_there_is_nothing_to_judge() -> None:
    assert judge(practised("WWWWWWWW" + STILL, None), 240) == {}


def test_a_session_with_the_clocks_put_back_is_where_the_wall_clock_says() -> None:
    # Berlin, Sunday 25 October 2026: 3:00 summer time is 2:00. The window is 7:00–9:00 by the wall, 6:00–8:00 UTC
    autumn = planned(mornings(), until="2026-10-25")
    midnight = MIDNIGHT + 34 * DAY
    line = "zzzzzzzz" + "_" + "W_________"
    found = judge(practised(line, autumn, 60, midnight))
    assert found["set/2026-10-25"].outcome is Outcome.DONE
    assert found["set/2026-10-25"].facts["began"] == "2026-10-25T07:00Z"
    assert found["set/2026-10-25"].facts["planned"] == "2026-10-25T07:00Z"


def test_what_was_not_heard_was_not_worn_whatever_is_thought_of_its_wear() -> None:
    silent = practised(GONE, ONE, asked=reached())
    silent.minutes["worn"] = 1
    assert outcome(silent, 24) == "unknown"


def test_unknown_wear_is_not_worn() -> None:
    doubtful = practised(STILL.replace("_", "?"), ONE, asked=reached())
    assert judge(doubtful)["set/2026-09-21"].facts["ask"] == "not_seen"
    assert outcome(doubtful, 24) == "unknown"
