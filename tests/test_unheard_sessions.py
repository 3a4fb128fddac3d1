"""Planned sessions of which the band tells nothing: the line is down, or the band off, or nobody knows."""

import pytest

from detectors.outcome import Outcome
from ingest.batch import HOUR
from tests.practised import (
    ONE,
    judge,
    mornings,
    planned,
    practised,
    says,
)
from tests.timeline import MIDNIGHT


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
