"""What a patient's page asks and takes, as values: from a link and what was said by it. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self
from uuid import NAMESPACE_OID, uuid5

from pydantic import BaseModel, Field, model_validator

from alerts.answers import question
from detectors.plan.occurrence import Revision
from detectors.plan.plan import PainCheck
from detectors.report import Answer, Feeling, Pain, Reason, Report, Said
from ingest.batch import DAY, HOUR

WEEKLY = 7
"""Days from one pain score to the next where no plan says otherwise (research note `domain` §1.4)."""
SLACK = 12 * HOUR
"""Who answers an hour earlier than last week is asked for a score all the same."""
_OCCURRENCE = re.compile(r"(?:^|/)([^/]+)/(?:(\d{4}-\d\d-\d\d)|(\d{4})-W(\d\d))(?:/\d+)?$", re.ASCII)


class Reply(BaseModel):
    """One tap: an answer, with or without how the back is, or one thing said after it."""

    said: Said | None = None
    back: Literal["better", "same", "worse"] | None = None
    why: Literal["it_hurt", "no_time", "feel_fine", "not_sure_how", "other"] | None = None
    pain: str | None = Field(default=None, pattern=r"^(?:[0-9]|10)$")

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        things = [thing for thing in (self.said, self.why, self.pain) if thing is not None]
        alone = self.back is None or not things or self.said is not None
        if len(things) > 1 or not alone or (not things and self.back is None):
            raise ValueError("a form says one thing at a time; send one of said, why, pain or back")
        return self


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said by one link so far; `None`: nothing of that kind."""

    said: Said | None
    back: str | None
    why: str | None
    pain: int | None

    @property
    def flare(self) -> bool:
        """The patient said that it hurts more (research note `domain` D10); never inferred."""
        return self.why == "it_hurt" or self.back == "worse"


def asked(occurrence: str) -> str:
    """The question of a planned session, by its id. Raises `ValueError` for an id that is none."""
    found = _OCCURRENCE.search(occurrence)
    if found is None:
        raise ValueError("no planned session has such an id")
    session, day, year, week = found.groups()
    if day is not None:
        return question(session, date.fromisoformat(day))
    return question(session, date.fromisocalendar(int(year), int(week), 1), week=True)


def answered(reply: Reply, message: str, patient: str, occurrence: str, now: int) -> tuple[Answer, Feeling | None]:
    """Of a reply that says whether it was done. `now`: µs UTC."""
    said = Said(reply.said or "")
    answer = Answer(id=name(message, said), patient=patient, at=now, occurrence=occurrence, said=said)
    return answer, None if reply.back is None else Feeling(id=name(message, said, "back"), patient=patient, at=now, back=reply.back)


def added(reply: Reply, message: str, patient: str, occurrence: str, now: int) -> Feeling | Pain | Reason:
    """Of a reply that says something besides. `now`: µs UTC."""
    if reply.why is not None:
        return Reason(id=name(message, "why"), patient=patient, at=now, occurrence=occurrence, why=reply.why)
    if reply.pain is not None:
        return Pain(id=name(message, "pain"), patient=patient, at=now, score=int(reply.pain))
    return Feeling.model_validate({"id": name(message, "back"), "patient": patient, "at": now, "back": reply.back})


def heard(message: str, reports: Iterable[Report]) -> Heard:
    """Of the patient's reports those that this link brought; an answer that used it up outweighs a "not yet"."""
    by_name = {report.id: report for report in reports}

    def first(*names: str) -> Report | None:
        return next((by_name[one] for one in names if one in by_name), None)

    answer = first(*(name(message, said) for said in (Said.YES, Said.NOT_TODAY, Said.NOT_YET)))
    words = (Said.YES, Said.NOT_TODAY)
    back = first(*(name(message, said, "back") for said in words), name(message, "back"), name(message, Said.NOT_YET, "back"))
    why, pain = first(name(message, "why")), first(name(message, "pain"))
    return Heard(
        answer.said if isinstance(answer, Answer) else None,
        back.back if isinstance(back, Feeling) else None,
        why.why if isinstance(why, Reason) else None,
        pain.score if isinstance(pain, Pain) else None,
    )


def pain_due(revisions: Sequence[Revision], reports: Iterable[Report], now: int) -> bool:
    """Whether it is time for another score, by the plan in force at `now` (µs UTC)."""
    plan = next((one.plan for one in reversed(revisions) if one.since <= now), None)
    every = _days(None if plan is None else plan.pain_check)
    return not any(isinstance(one, Pain) and one.at > now - every * DAY + SLACK for one in reports)


def name(message: str, *what: str) -> str:
    """Of a report: the same for the same tap, so that tapping twice is saying it once."""
    return str(uuid5(NAMESPACE_OID, "|".join((message, *what))))


def _days(check: PainCheck | None) -> int:
    if check is None:
        return WEEKLY
    if check.scale == "0-10":
        return check.every
    return WEEKLY if check.anchor is None else check.anchor.every
