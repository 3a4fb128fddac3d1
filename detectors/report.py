"""What people say: answers, pain, reasons, pauses. Read from a page, from MQTT and from the command line alike."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from ingest.batch import DAY

STALE = 10 * DAY
"""A pain score says nothing after this (research note `domain` §1.4; needs a clinician's sign-off)."""

PRINTED = r"^[^\x00-\x1f\x7f]+$"
"""No database of ours holds a NUL in a text, and no id has a line break."""


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[0-9A-Za-z_-]{8,64}$")
    """Made by who says it, so that saying it twice is saying it once."""
    patient: str = Field(max_length=64, pattern=PRINTED)
    at: int = Field(gt=0)
    """When it was said, µs UTC."""
    by: Literal["patient", "therapist"] = "patient"


class Said(StrEnum):
    YES = "yes"
    NOT_YET = "not_yet"
    NOT_TODAY = "not_today"


class Answer(_Report):
    """To: did you do this session?"""

    kind: Literal["answer"] = "answer"
    occurrence: str = Field(max_length=160, pattern=PRINTED)
    said: Said


class Pain(_Report):
    """0 is a real score."""

    kind: Literal["pain"] = "pain"
    score: int = Field(ge=0, le=10, strict=True)


class Feeling(_Report):
    """How the back is against last time; kept apart from scores."""

    kind: Literal["feeling"] = "feeling"
    back: Literal["better", "same", "worse"]


class Reason(_Report):
    """What got in the way."""

    kind: Literal["reason"] = "reason"
    occurrence: str | None = Field(default=None, max_length=160, pattern=PRINTED)
    why: Literal["it_hurt", "no_time", "feel_fine", "not_sure_how", "other"]


class TimeOut(_Report):
    """A pause, days both included, in the patient's days: nothing is expected and nobody is reminded."""

    kind: Literal["pause"] = "pause"
    first: date
    last: date
    why: Literal["travel", "ill", "other"] = "other"

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.last < self.first:
            raise ValueError("the last day comes before the first; give the first day, then the last")
        return self


class Back(_Report):
    """No time out said before lasts any longer: from this day on, in the patient's days, what is planned is expected."""

    kind: Literal["back"] = "back"
    first: date


Report = Annotated[Answer | Pain | Feeling | Reason | TimeOut | Back, Field(discriminator="kind")]
REPORT: TypeAdapter[Answer | Pain | Feeling | Reason | TimeOut | Back] = TypeAdapter(Report)


def pain(reports: Iterable[Report], now: int) -> int | None:
    """The newest score said by `now` (µs UTC), 0..10; `None` where there is none, or none that is fresh: nothing is made up."""
    fresh = [one for one in reports if isinstance(one, Pain) and now - STALE <= one.at <= now]
    return max(fresh, key=lambda one: (one.at, one.id)).score if fresh else None
