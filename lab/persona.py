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
    charges_after: float = 0
    """Before that time of day the band does not go onto its charger."""
    band_off_share: float = 0.5
    """Of the mornings: those on which the band comes off for a shower."""
    resting_hr: float = 62
    """Beats per minute, awake and sitting less about 6."""
    walks_per_week: int = 0
    """Planned besides the sessions, on days of one's choice."""
    pain: Range = (5, 1)
    """0 to 10, at the beginning of the history and once it has eased."""
    pain_eases: float = 42
    """Days until it has."""
    answers: bool = True
    """Whether questions about sessions are answered."""
    answer_min: Range = (20, 40)
    """From the question to the answer."""
    next_day_share: float = 0
    """Of the planned sessions: those done a day later than planned."""
    charges_through_sets: bool = False
    """On the days of charging the band goes onto its charger before the session, and the session is done without it."""
    rests: bool = False
    """What the therapist wrote is a hot pack: the person lies on it instead of exercising."""
    slackens_before_end: Range | None = None
    """Days before the end of the history at which sessions begin to be left out, and from which none is done; more, then fewer."""
    goes_flat_before_end: float | None = None
    """Days before the end of the history at which the battery is empty and the band goes into a drawer, for good."""
    line_down_before_end: float | None = None
    """Days before the end of the history at which the receiver's line goes down; it comes back after the end."""


STEADY = Persona("steady", walks_per_week=4)
DESK = Persona("desk", sitting_min=(60, 120), break_min=(3, 7), walk_min=(10, 20), exercise_days=(1, 4), resting_hr=70, pain=(4, 2))
SILENT = Persona("silent", exercise_days=(0, 2, 5), resting_hr=66, pain=(6, 3), goes_flat_before_end=3)
DRIFTING = Persona(
    "drifting",
    exercise_min=(13, 25),
    charges_after=1175,
    resting_hr=64,
    pain=(6, 0),
    pain_eases=14,
    answers=False,
    slackens_before_end=(28, 14),
)
LATE = Persona("late", wakes=(430, 460), cadence=(98, 112), pain=(5, 2), next_day_share=0.5)
OFF = Persona("off", exercise_days=(0, 1, 3, 5), resting_hr=68, pain=(4, 1), charges_through_sets=True)
HELD = Persona("held", exercise_days=(1, 3, 5), resting_hr=60, walks_per_week=3, pain=(5, 2), line_down_before_end=3)
PASSIVE = Persona("passive", exercise_days=(0, 1, 3, 4), resting_hr=72, cadence=(95, 108), pain=(5.4, 5.6), rests=True)
