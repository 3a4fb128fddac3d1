"""What makes one simulated person different from another: parameters only, no behaviour."""

from dataclasses import dataclass

Range = tuple[float, float]
"""Least and most; drawn evenly between."""


@dataclass(frozen=True, slots=True)
class Persona:
    """Habits of a simulated person. Clock times are minutes after local midnight, stretches minutes, unless said."""

    name: str
    wakes: Range = (395, 425)
    to_bed: Range = (1355, 1385)
    exercise_days: tuple[int, ...] = (0, 2, 4)
    """Weekdays, Monday 0."""
    exercise_at: float = 1080
    """The planned start; the person is up to 8 minutes late."""
    exercise_min: Range = (22, 28)
    sitting_min: Range = (31, 41)
    break_min: Range = (2.2, 3.2)
    walk_min: Range = (20, 35)
    away_share: float = 0.4
    """Of the longer walks: those that lead out of the radio's range."""
    cadence: Range = (102, 116)
    """Steps per minute on a walk."""
    charge_every: int = 3
    """Days from one charging to the next."""
    band_off_share: float = 0.5
    """Of the mornings: those on which the band comes off for a shower."""
    resting_hr: float = 62
    """Beats per minute, awake and sitting less about 6."""
    goes_flat_before_end: float | None = None
    """Days before the end of the history at which the battery is empty and the band goes into a drawer, for good."""


STEADY = Persona("steady")
DESK = Persona("desk", sitting_min=(60, 120), break_min=(3, 7), walk_min=(10, 20), exercise_days=(1, 4), resting_hr=70)
SILENT = Persona("silent", exercise_days=(0, 2, 5), resting_hr=66, goes_flat_before_end=3)
