"""The few questions of `keepup plan new`."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TypeVar, get_args

import typer

from cli.options import zone
from detectors.plan.draft import USUAL, Answers, offered
from detectors.plan.plan import Plan
from detectors.plan.rules_of_dose import MOST_EXERCISES
from detectors.plan.rules_of_sight import pseudonym
from detectors.plan.rules_of_time import QUIET, within
from detectors.plan.units import WEEKDAYS

T = TypeVar("T")
REGIONS: tuple[str, ...] = get_args(Plan.model_fields["region"].annotation)
MOST_WALKS = 14


@dataclass(frozen=True, slots=True)
class Given:
    """By options; `None`: to be asked."""

    patient: str | None
    therapist: str | None
    zone: str | None
    region: str | None
    start: date | None
    days: str | None
    at: str | None
    exercises: str | None
    walks: int | None
    desk: bool | None


def asked(given: Given, today: date, quiet: bool) -> Answers:
    """Asks for what is not given; `quiet`: takes what is usual. Raises `typer.BadParameter` for an option that will not do."""

    def one(question: str, usual: str, told: object, read: Callable[[str], T]) -> T:
        if told is not None or quiet:
            return read(usual if told is None else str(told))
        answer: T = typer.prompt(question, default=usual, value_proc=read)
        return answer

    patient = one("Patient (a pseudonym, never a name)", f"p-{secrets.token_hex(2)}", given.patient, _id("patient"))
    therapist = one("Therapist (a pseudonym)", "t-01", given.therapist, _id("therapist"))
    where = one("Time zone of the patient", "Europe/Berlin", given.zone, lambda text: zone(text).key)
    region = one(f"Region ({', '.join(REGIONS)})", REGIONS[0], given.region, _region)
    start = one("First day", str(today + timedelta(days=7 - today.weekday())), given.start, _day)
    days = one("Days of the core sessions", "mon,wed,fri", given.days, _days)
    at = one("Time of the core sessions", "18:30", given.at, _time)
    menu = offered(region)
    question = f"Exercises of a core session, of {', '.join(menu)}"
    exercises = one(question, ",".join(menu[:USUAL]), given.exercises, lambda text: _exercises(text, menu))
    walks = one("Walks a week", "3", given.walks, _walks)
    desk = one("Do they work at a desk? (yes or no)", "no", given.desk, _yes)
    return Answers(patient, therapist, where, region, today, start, days, at, exercises, walks, desk)


def _id(name: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if wrong := pseudonym(name, text):
            raise typer.BadParameter(wrong)
        return text

    return read


def _region(text: str) -> str:
    if text not in REGIONS:
        raise typer.BadParameter(f"{text!r} is no region KeepUp knows. Take one of {', '.join(REGIONS)}.")
    return text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day. Write year-month-day, e.g. 2026-12-07.") from error


def _listed(text: str) -> list[str]:
    return list(dict.fromkeys(text.replace(",", " ").lower().split()))


def _days(text: str) -> tuple[str, ...]:
    found = _listed(text)
    if not found or set(found) - set(WEEKDAYS):
        raise typer.BadParameter(f"{text!r} will not do. Write days like mon,wed,fri.")
    return tuple(day for day in WEEKDAYS if day in found)


def _time(text: str) -> time:
    try:
        at = time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time of day. Write e.g. 07:45 or 18:30.") from error
    if within(at, QUIET):
        raise typer.BadParameter(
            f"{text} is in quiet hours ({QUIET[0]:%H:%M}-{QUIET[1]:%H:%M}), when nobody is asked. Choose another time."
        )
    return at


def _exercises(text: str, menu: list[str]) -> tuple[str, ...]:
    found = _listed(text)
    if not 1 <= len(found) <= MOST_EXERCISES or set(found) - set(menu):
        raise typer.BadParameter(f"{text!r} will not do. Take one to {MOST_EXERCISES} of {', '.join(menu)}.")
    return tuple(found)


def _walks(text: str) -> int:
    if not text.isdecimal() or not int(text) <= MOST_WALKS:
        raise typer.BadParameter(f"{text!r} will not do. Write a number from 0 to {MOST_WALKS}.")
    return int(text)


def _yes(text: str) -> bool:
    word = text.lower()
    if word not in {"yes", "y", "true", "no", "n", "false"}:
        raise typer.BadParameter(f"{text!r} is neither yes nor no.")
    return word in {"yes", "y", "true"}
