"""A prescription: phases of planned sessions, as a therapist writes them (format v1, research note `domain` §3.3)."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from detectors.plan.units import Clock, Clocks, Day, Every, HeartZone, Percent, RateOf, Score, Seconds, Tempo, Version, Weekday, Zone

Pseudonym = Annotated[str, Field(min_length=1, max_length=64)]
"""Whether it is one is for the lint to say (R19), with everything else that is wrong."""

Name = Annotated[str, Field(pattern=r"^[^/@\x00-\x1f\x7f-\x9f]{1,40}$")]
"""What the therapist calls a phase or a session; part of ids, so without / and @."""


class Stage(StrEnum):
    PASSIVE = "passive"
    ACTIVE = "active"
    MAINTENANCE = "maintenance"


class Kind(StrEnum):
    PASSIVE = "passive"
    ACTIVE = "active"
    AEROBIC = "aerobic"
    STRENGTH = "strength"
    STABILISATION = "stabilisation"


class Part(BaseModel):
    """Every part of a plan: fixed once read, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Item(Part):
    """One exercise of a session and its dose. `None`: not prescribed."""

    exercise: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)
    kind: Kind
    sets: int = Field(default=1, ge=1, le=20)
    reps: int | None = Field(default=None, ge=1, le=200)
    hold: Seconds | None = None
    tempo: Tempo | None = None
    """Seconds down, hold, up."""
    rest: Seconds | None = None
    side: Literal["left", "right", "both"] | None = None
    minutes: float | None = Field(default=None, gt=0, le=240)
    effort: Literal["easy", "moderate", "hard"] | None = None
    hr_zone: HeartZone | None = None
    load_kg: float | None = Field(default=None, ge=0, le=300)
    hands: str | None = None
    arms: str | None = None
    form: bool = False
    """Compared with the patient's own supervised reference session."""
    expect_gap: bool = False
    """The band cannot be heard meanwhile, e.g. in water."""
    optional: bool = False
    """Never counts against the patient."""

    @model_validator(mode="after")
    def _has_a_dose(self) -> Self:
        if self.reps is None and self.hold is None and self.minutes is None:
            raise ValueError("says not how much; write minutes, reps or hold, e.g. {sets: 3, reps: 8, hold: 5s} or {minutes: 15}")
        return self


class Fixed(Part):
    """On these weekdays at this time of the patient's wall clock, every so many weeks."""

    days: tuple[Weekday, ...] = Field(min_length=1, max_length=7)
    at: Clock
    every: Every = Field(default=7, description="Days from one such week to the next; counted from the phase's first week.")

    @model_validator(mode="after")
    def _of_whole_weeks(self) -> Self:
        if self.every % 7:
            raise ValueError("has weekdays, so it comes round in whole weeks; write every: week or every: 2 weeks, or leave every out")
        return self


class Quota(Part):
    """So many times an ISO week, on days of the patient's choice; judged when the week is over."""

    per_week: int = Field(ge=1, le=14)
    min_gap: Seconds | None = None


def _form(when: Any) -> str:
    return "quota" if isinstance(when, Quota) or (isinstance(when, dict) and "per_week" in when) else "fixed"


When = Annotated[Annotated[Fixed, Tag("fixed")] | Annotated[Quota, Tag("quota")], Discriminator(_form)]


class Window(Part):
    """How much earlier and later than planned still counts as in time, seconds."""

    early: Seconds = 3600
    late: Seconds = 10800


class Session(Part):
    name: Name
    when: When
    window: Window = Window()
    make_up: Literal["none", "24h", "same_week"] = "none"
    """Until when a session done after its window still counts."""
    items: tuple[Item, ...] = Field(min_length=1, max_length=40)


class Goals(Part):
    """Of a maintenance week."""

    core_days: int | None = Field(default=None, ge=0, le=7)
    aerobic_minutes: int | None = Field(default=None, ge=0, le=2000)
    strength_days: int | None = Field(default=None, ge=0, le=7)


class Review(Part):
    every: Every


class Span(Part):
    """From the first day to the last, both included, in the patient's days."""

    start: Day = Field(alias="from")
    end: Day = Field(alias="to")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"ends on {self.end}, before it begins on {self.start}; change from or to")
        return self


class Phase(Span):
    name: Name
    stage: Stage
    sessions: tuple[Session, ...] = Field(default=(), max_length=30)
    goals: Goals | None = None
    review: Review | None = None


class Pause(Span):
    """Days on which nothing is expected."""

    why: str = Field(default="", max_length=80)


class Wear(Part):
    wrist: Literal["left", "right"]
    dominant: Literal["left", "right"] | None = None


class Baseline(Part):
    pain: Score | None = None
    resting_hr: int | None = Field(default=None, ge=25, le=140)
    age_band: str | None = Field(default=None, pattern=r"^\d{1,2}-\d{2,3}$")
    beta_blocker: bool = False
    """Heart-rate zones do not hold then."""


class Anchor(Part):
    """The question for a number from 0 to 10."""

    every: Every
    day: Weekday | None = None
    at: Clock | None = None
    scale: Literal["0-10"] = "0-10"


class PainCheck(Part):
    every: Every
    day: Weekday | None = None
    at: Clock | None = None
    scale: Literal["0-10", "better-same-worse"] = "0-10"
    after_session: bool = False
    anchor: Anchor | None = None


class Thresholds(Part):
    """What this patient's therapist sets otherwise than `research/domain` §1.3 has it."""

    adherence_amber: Percent | None = None
    adherence_red: Percent | None = None
    missed_in_a_row: int | None = Field(default=None, ge=1, le=10)
    dropout_in_a_row: int | None = Field(default=None, ge=2, le=20)
    form_flags: RateOf | None = None
    passive_days: int | None = Field(default=None, ge=1, le=60)


class Sedentary(Part):
    still_minutes: int = Field(default=50, ge=10, le=240)
    break_minutes: int = Field(default=3, ge=1, le=30)
    break_steps: int = Field(default=30, ge=5, le=1000)
    max_nudges_per_day: int = Field(default=3, ge=0, le=3)


class DeskHours(Part):
    days: tuple[Weekday, ...] = ()
    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")


class Course(Part):
    credit_weeks: int = Field(default=0, ge=0, le=52)
    """Weeks already done elsewhere."""


class Plan(Part):
    """One prescription. Dates and times are the patient's wall clock; `timezone` is where they live."""

    rx: Version
    id: Pseudonym
    patient: Pseudonym
    therapist: Pseudonym
    timezone: Zone
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    issued: Day
    region: Literal["low_back", "mid_back", "neck", "hip", "knee", "shoulder", "whole_body"]
    goal: str = Field(default="", max_length=200)
    wear: Wear | None = None
    baseline: Baseline = Baseline()
    quiet_hours: tuple[Clocks, ...] = ()
    desk_hours: DeskHours | None = None
    sedentary: Sedentary = Sedentary()
    pain_check: PainCheck | None = None
    thresholds: Thresholds = Thresholds()
    course: Course = Course()
    pauses: tuple[Pause, ...] = ()
    phases: tuple[Phase, ...] = Field(min_length=1, max_length=60)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
