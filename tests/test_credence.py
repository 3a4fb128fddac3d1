"""How sure one may be that a session took place, by what was seen of it and by the heart."""

import numpy as np
import pytest

from tests.practised import BIRD_DOG, ONE, judge, mornings, planned, practised


@pytest.mark.parametrize(("minutes", "low", "high"), [(0, 0.0, 0.3), (5, 0.3, 0.8), (15, 0.8, 1.0)])
def test_how_sure_one_is_follows_what_was_seen(minutes: int, low: float, high: float) -> None:
    found = judge(practised("_" * 120 + "W" * minutes + "_" * (60 - minutes), ONE, 1))["set/2026-09-21"]
    assert low <= float(found.facts["p"]) < high


def test_a_heart_that_beat_faster_makes_exercise_likelier() -> None:
    what = planned(mornings(BIRD_DOG), until="2026-09-21")
    known = practised("_" * 120 + "x" * 4 + "_" * 56, what, 1)
    unknown = practised("_" * 120 + "x" * 4 + "_" * 56, what, 1)
    unknown.minutes["hr"] = float("nan")
    p = [float(judge(one)["set/2026-09-21"].facts["p"]) for one in (known, unknown)]
    assert 0.3 <= p[1] < p[0] < 0.8


def test_what_is_not_known_of_the_heart_hides_nothing_of_what_is() -> None:
    #  6:00 ___ its first hour and three quarters without a heart rate   8:00 x
    what = planned(mornings(BIRD_DOG), until="2026-09-21")
    half = practised("_" * 120 + "x" * 4 + "_" * 56, what, 1)
    half.minutes["hr"][:105] = np.nan
    known = float(judge(half)["set/2026-09-21"].facts["p"])
    half.minutes["hr"][:111] = np.nan
    assert float(judge(half)["set/2026-09-21"].facts["p"]) < known
