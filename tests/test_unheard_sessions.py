"""Planned sessions of which the band tells nothing: the line is down, or the band off, or nobody knows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detectors.outcome import Outcome
from ingest.batch import HOUR, Cause, Span
from tests.practised import (
    BIRD_DOG,
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
from tests.timeline import MIDNIGHT, blank


def test_sessions_planned_while_the_line_is_down_are_unknown_after_two_days_unless_somebody_spoke() -> None:
    # Mon 9:00 | nothing more is complete            a window is from seven to nine, by summer time
    # Mon d  Tue 7:00–9:00 .  Wed "yes"  Thu 7:00–9:00 .       Thu 9:00: Tuesday is given up, Wednesday not yet
    down = practised("______WWW_________", planned(mornings()), reports=[says("yes", MIDNIGHT + 58 * HOUR, "set/2026-09-23")])
    assert list(judge(down, 72 - 1 / 60)) == ["set/2026-09-21"]
    assert [(name, one.outcome.value, one.coverage) for name, one in judge(down, 72).items()] == [
        ("set/2026-09-21", "done", 1.0),
        ("set/2026-09-22", "unknown", 0.0),
    ]
    days = judge(down, 10 * 24)
    assert [one.outcome.value for one in days.values()] == ["done", "unknown", "done", *["unknown"] * 6]
    # what comes in after all is judged as if it had come in time
    late = practised("______WWW_________" + "_" * 126 + "______WWW_________", planned(mornings()))
    assert judge(late, 9 * 24)["set/2026-09-22"].outcome is Outcome.DONE


# six         seven        eight        nine
@pytest.mark.parametrize(
    ("line", "ask"),
    [
        ("______" "______" "oooo__" "______", "off"),  # off at eight
        ("______" "oooooo" "__oooo" "______", "off"),  # on at eight, off for most of the window
        ("______" "______" "__oooo" "______", "not_seen"),  # on at eight and for most of it
        ("______" "??????" "_?oooo" "______", "not_seen"),  # nobody knows of half of it
        ("______" "??????" "??????" "______", "not_seen"),
        ("______" "??????" "?_____" "______", "not_seen"),
    ],
)  # fmt: skip
def test_nobody_is_told_that_the_band_was_off_unless_it_is_known_to_have_been_then(line: str, ask: str) -> None:
    found = judge(practised(line, ONE))["set/2026-09-21"]
    assert (found.outcome, found.facts["ask"]) == ("asked", ask)


@pytest.mark.parametrize("mark", "o? ")
@pytest.mark.parametrize(("unseen", "expected"), [(29, "not_seen"), (30, "unknown"), (36, "unknown")])
@pytest.mark.parametrize("before", [0, 20, 84])
def test_unknown_is_not_missed_where_one_unseen_stretch_could_hold_the_whole_session(
    mark: str, unseen: int, expected: str, before: int
) -> None:
    # six     seven          (a walk takes 30 min)           nine      seen for at least 0.7 of the window throughout
    # ________|___ before ___|mark × unseen|__________________|
    line = "_" * (60 + before) + mark * unseen + "_" * (120 - before - unseen)
    found = judge(practised(line, ONE, 1, asked=reached()), 24)["set/2026-09-21"]
    assert found.outcome == expected
    assert (float(found.facts["p"]) < 0.3) is (expected == "not_seen")


def test_an_unseen_hour_of_a_week_does_not_keep_it_from_being_judged() -> None:
    # Mon 0:00 ___ 10:00 off for an hour ___ Sun, day and night; one walk of 30 minutes asked for
    line = "_" * 60 + "o" * 6 + "_" * 6 * 24 * 7
    week = practised(line, planned(weekly(1), until="2026-09-27"), 10, MIDNIGHT, asked=reached(which="walks/2026-W39/1"))
    assert outcome(week, 7 * 24, "walks/2026-W39/1") == "not_seen"


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize(("item", "expected"), [(BIRD_DOG, "unknown"), (WALK, "not_seen")])
def test_exercise_is_not_missed_where_the_motion_that_tells_of_it_was_given_up_and_a_walk_is_told_by_steps(
    item: dict[str, Any], expected: str, steps: int
) -> None:
    # six ___ seven ___ half past: motion given up, a few steps or none ___ half past eight ___ nine; worn and heard throughout
    half_past = MIDNIGHT + 7 * HOUR + HOUR // 2
    gap = Span("b", half_past, half_past + HOUR, Cause.THINNED)
    history = practised("_" * 180, planned(mornings(item), until="2026-09-21"), 1, asked=reached(), gaps=[gap])
    lost = history.minutes[90:150]
    lost["moving"], lost["still"], lost["steps"] = np.nan, 0 if steps else np.nan, steps
    assert outcome(history, 24) == expected


def test_exercise_is_not_missed_by_a_band_that_tells_no_motion() -> None:
    history = practised(STILL, planned(mornings(BIRD_DOG), until="2026-09-21"), asked=reached())
    assert outcome(history, 24) == "not_seen"
    assert outcome(replace(history, minutes=blank(history.minutes, "still", "moving", "steps", "walking")), 24) == "unknown"
