"""Wear: who takes the band off is not still, and who keeps still has not taken it off."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.wear import BUMP, CONFIRMED, DOUBTFUL, NO_COUNTS, PROVISIONAL, worn
from ingest.minute import Minutes
from tests.timeline import blank, drawn


def label(minutes: Minutes) -> str:
    """w worn, o not, ? unknown; runs shortened to one character each."""
    marks = "".join("?" if np.isnan(value) else "w" if value else "o" for value in worn(minutes)["worn"])
    return "".join(mark for i, mark in enumerate(marks) if i == 0 or marks[i - 1] != mark)


def evidence(line: str, each: int = 1) -> Minutes:
    return blank(drawn(line, each), "worn", "asleep")


def test_two_hours_of_a_motionless_wrist_with_a_pulse_are_worn() -> None:
    # mmm|________________________|mmm   2 h, not one motion, the pulse goes on
    minutes = evidence("m" * 3 + "_" * 120 + "m" * 3)
    assert (worn(minutes)["worn"] == 1).all()


def test_a_band_put_down_is_off_from_its_first_minute_once_a_quarter_of_an_hour_has_passed() -> None:
    # mmmmmmmmm ooooooooooooooooooo
    minutes = evidence("m" * 60 + "o" * PROVISIONAL)
    assert (worn(minutes[: 60 + PROVISIONAL - 1])["worn"] == 1).all()
    assert label(minutes) == "wo"
    assert (worn(minutes)["worn"][60:] == 0).all()


def test_a_band_without_a_pulse_is_in_doubt_before_anyone_is_told_to_move_and_off_after_an_hour() -> None:
    minutes = blank(evidence("m" * 60 + "o" * CONFIRMED), "hr")
    assert label(minutes[: 60 + DOUBTFUL - 1]) == "w"
    assert label(minutes[: 60 + DOUBTFUL]) == "w?"
    assert label(minutes[: 60 + CONFIRMED - 1]) == "w?"
    assert label(minutes) == "wo"


def test_a_band_that_only_counts_steps_is_never_called_off_but_after_ninety_minutes_nobody_knows() -> None:
    minutes = blank(evidence("W" * 10 + "_" * NO_COUNTS), "hr", "spread", "angle", "moving")
    assert label(minutes[:-1]) == "w"
    assert label(minutes) == "w?"


def test_a_sleeper_without_a_pulse_may_lie_still_for_longer() -> None:
    night = np.ones(190, np.bool_)
    minutes = blank(evidence("m" * 10 + "o" * 180), "hr")
    assert (worn(minutes, night)["worn"] == 1).all()
    assert (worn(minutes)["worn"][10:] == 0).all()


def test_a_bump_against_the_table_does_not_put_the_band_on() -> None:
    # mmm ooooooooooo mm ooooooooooo     the two minutes have neither pulse nor step
    minutes = evidence("m" * 30 + "o" * 20 + "m" * BUMP + "o" * 20)
    minutes["hr"][50 : 50 + BUMP], minutes["steps"][50 : 50 + BUMP] = np.nan, 0
    assert label(minutes) == "wo"


def test_a_band_put_on_for_two_minutes_was_on() -> None:
    assert label(evidence("m" * 30 + "o" * 20 + "mm" + "o" * 20)) == "wowo"


def test_what_was_not_heard_is_unknown_and_does_not_add_up_to_non_wear() -> None:
    minutes = evidence("m" * 30 + "o" * 10 + " " * 30 + "o" * 10)
    assert label(minutes) == "w?w"


def test_a_strap_that_gives_only_a_pulse_is_worn_while_it_does_and_off_when_it_stops() -> None:
    minutes = blank(evidence("_" * 30 + "o" * 20), "still", "moving", "walking", "steps", "spread", "angle")
    assert label(minutes) == "wo"


@pytest.mark.parametrize("line", ["", " " * 50])
def test_no_data_is_no_wear_either_way(line: str) -> None:
    assert np.isnan(worn(evidence(line))["worn"]).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("_mWo "), st.integers(1, 100)), max_size=12))
def test_a_pulse_is_always_worn_and_a_minute_unheard_always_unknown(parts: list[tuple[str, int]]) -> None:
    minutes = evidence("".join(mark * n for mark, n in parts))
    before = minutes.copy()
    out = worn(minutes)
    assert (out["worn"][np.isfinite(out["hr"])] == 1).all()
    assert np.isnan(out["worn"][out["coverage"] == 0]).all()
    assert minutes.tobytes() == before.tobytes()
