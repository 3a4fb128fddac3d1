"""How much of an exercise is prescribed, and what a band can tell of it."""

from typing import Any

import pytest

from detectors.plan.dose import minutes, session_minutes, sight, signal, visible, weekly
from detectors.plan.exercises import EXERCISES, TELLING
from detectors.plan.plan import Item, Session


def item(exercise: str, kind: str = "active", **dose: Any) -> Item:
    return Item.model_validate({"exercise": exercise, "kind": kind, **(dose or {"reps": 10})})


@pytest.mark.parametrize(
    ("dose", "expected"),
    [
        ({"minutes": 25}, 25),
        ({"sets": 2, "minutes": 5}, 10),
        ({"reps": 15}, 1),  # 15 × 4 s
        ({"reps": 15, "side": "both"}, 2),
        ({"reps": 10, "tempo": "3-1-2"}, 1),  # 10 × 6 s
        ({"reps": 10, "hold": "8s"}, 2),  # 10 × (4 + 8) s
        ({"hold": "30s", "sets": 3}, 2.5),  # 3 × 30 s and two rests of 30 s
        ({"hold": "30s", "sets": 3, "rest": "45s"}, 3),
        ({"hold": "30s", "sets": 3, "rest": "0s"}, 1.5),
        ({"hold": "30s", "sets": 3, "side": "both", "rest": "0s"}, 3),
    ],
)
def test_minutes_are_work_on_both_sides_and_rest_between_sets(dose: dict[str, Any], expected: float) -> None:
    assert minutes(item("plank", **dose)) == pytest.approx(expected)


def test_a_session_holds_its_changes_and_not_what_is_optional() -> None:
    items = [item("plank", hold="60s"), item("bird_dog", reps=15, rest="60s"), item("hot_pack", "passive", minutes=10, optional=True)]
    session = Session.model_validate({"name": "core", "when": {"per_week": 3}, "items": items})

    assert session_minutes(session) == pytest.approx(1 + 0.5 + 1)


def test_sessions_a_week_are_counted_over_the_weeks_between() -> None:
    def of(**when: Any) -> float:
        return weekly(Session.model_validate({"name": "core", "when": when, "items": [item("walk")]}))

    assert (of(per_week=4), of(days=["mon", "fri"], at="10:00"), of(days=["mon", "fri"], at="10:00", every="2 weeks")) == (4, 2, 1)


@pytest.mark.parametrize(
    ("one", "seen", "by"),
    [
        (item("walk", "aerobic", minutes=20), "A", "walk"),
        (item("bird_dog"), "A", "exercise"),
        (item("plank", hold="30s"), "B", "exercise"),
        (item("bridge"), "C", None),
        (item("bridge", reps=10, hands="on_hips"), "A", "exercise"),
        (item("dead_bug"), "C", None),
        (item("dead_bug", reps=6, arms="moving"), "A", "exercise"),
        (item("pelvic_tilt", reps=6, hands="on_belly"), "C", None),
        (item("swim", "aerobic", minutes=30), "0", None),
        (item("walk", "aerobic", minutes=20, expect_gap=True), "0", None),
        (item("massage", "active", minutes=20), "0", None),
        (item("walk", "passive", minutes=20), "0", None),
        (item("something_new"), "0", None),
    ],
)
def test_the_band_sees_what_moves_the_wrist(one: Item, seen: str, by: str | None) -> None:
    assert sight(one).value == seen
    assert visible(one) == (by is not None)
    assert signal(one) == by


def test_hands_placed_as_advised_never_hide_an_exercise() -> None:
    order = "ABC0"

    assert [
        name
        for name, known in EXERCISES.items()
        for better in known.better.values()
        if order.index(better.value) >= order.index(known.sight.value)
    ] == []


def test_what_is_passive_is_never_inferred() -> None:
    assert [name for name, known in EXERCISES.items() if known.passive and (known.sight in TELLING or known.better)] == []
