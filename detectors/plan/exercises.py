"""What exercises are for, and what a band on one wrist can see of them (research note `domain` §2.6; classes are engineering judgement)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Sight(StrEnum):
    """What a band sees of an exercise."""

    COUNTED = "A"
    """Repetitions or time."""
    HELD = "B"
    """A hold or the effort, no repetitions."""
    QUIET = "C"
    """A posture at most."""
    NOTHING = "0"


TELLING = frozenset({Sight.COUNTED, Sight.HELD})
"""Enough to tell that the exercise was done."""
ANYWHERE = "whole_body"
TRUNK = frozenset({"low_back", "mid_back"})
LEGS = frozenset({"low_back", "hip", "knee"})
ARMS = frozenset({"shoulder", "mid_back", "neck"})
ALL = frozenset({ANYWHERE})


@dataclass(frozen=True, slots=True)
class Exercise:
    sight: Sight
    regions: frozenset[str]
    """Of the plan's `region` it is for; `ANYWHERE`: all of them."""
    better: Mapping[str, Sight] = field(default_factory=dict)
    """Placement of hands, or movement of arms, that shows more → what is seen then; the first is what to advise."""
    walk: bool = False
    passive: bool = False
    """Done to the patient, not by them, whatever kind a plan gives it."""

    def covers(self, region: str) -> bool:
        return ANYWHERE in self.regions or region == ANYWHERE or region in self.regions


A, B, C, NOTHING = Sight
_QUIET_UNLESS_ON_HIPS = {"on_hips": A}

EXERCISES: dict[str, Exercise] = {
    "walk": Exercise(A, ALL, walk=True),
    "nordic_walk": Exercise(A, ALL, walk=True),
    "treadmill": Exercise(A, ALL, walk=True),
    "jog": Exercise(A, ALL, walk=True),
    "bike": Exercise(B, ALL),
    "elliptical": Exercise(B, ALL),
    "swim": Exercise(NOTHING, ALL),
    "bird_dog": Exercise(A, TRUNK | {"hip"}),
    "dead_bug": Exercise(C, TRUNK | {"hip"}, {"moving": A}),
    "bridge": Exercise(C, LEGS, _QUIET_UNLESS_ON_HIPS),
    "plank": Exercise(B, TRUNK),
    "plank_knees": Exercise(B, TRUNK),
    "side_plank": Exercise(B, TRUNK | {"hip"}),
    "side_plank_knees": Exercise(B, TRUNK | {"hip"}),
    "curl_up": Exercise(C, TRUNK, {"crossed_on_chest": A}),
    "cat_camel": Exercise(C, TRUNK),
    "pelvic_tilt": Exercise(NOTHING, LEGS, {"on_belly": C}),
    "clamshell": Exercise(C, LEGS, {"on_outer_thigh": B}),
    "hip_hinge": Exercise(C, LEGS, _QUIET_UNLESS_ON_HIPS),
    "sit_to_stand": Exercise(A, LEGS),
    "squat": Exercise(C, LEGS, _QUIET_UNLESS_ON_HIPS),
    "wall_squat": Exercise(B, LEGS),
    "lunge": Exercise(A, LEGS),
    "step_up": Exercise(A, LEGS),
    "prone_press_up": Exercise(A, TRUNK),
    "dumbbell_row": Exercise(A, ARMS | {"low_back"}),
    "goblet_squat": Exercise(A, LEGS),
    "deadlift": Exercise(A, LEGS),
    "band_row": Exercise(A, ARMS | {"low_back"}),
    "band_pull_apart": Exercise(A, ARMS),
    "wall_slide": Exercise(A, ARMS),
    "shoulder_press": Exercise(A, ARMS),
    "chin_tuck": Exercise(NOTHING, frozenset({"neck"})),
    "stretch": Exercise(C, ALL),
    "childs_pose": Exercise(C, TRUNK | {"hip"}),
    "hot_pack": Exercise(NOTHING, ALL, passive=True),
    "cold_pack": Exercise(NOTHING, ALL, passive=True),
    "massage": Exercise(NOTHING, ALL, passive=True),
    "manual_therapy": Exercise(NOTHING, ALL, passive=True),
    "e_stim": Exercise(NOTHING, ALL, passive=True),
    "tens": Exercise(NOTHING, ALL, passive=True),
    "ultrasound": Exercise(NOTHING, ALL, passive=True),
    "traction": Exercise(NOTHING, ALL, passive=True),
}
"""Id in plan files → what is known of it. One that is not here may be prescribed; the patient is asked about it."""
