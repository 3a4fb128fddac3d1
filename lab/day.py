"""One day of a simulated person: what is done from when to when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np

from ingest.batch import MICROS
from lab.persona import Persona, Range

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Doing(StrEnum):
    ASLEEP = "asleep"
    SITTING = "sitting"
    POTTERING = "pottering"  # on one's feet about the house: a few steps, hands busy
    WALKING = "walking"
    EXERCISING = "exercising"
    RESTING = "resting"  # lying on a hot pack
    UNSEEN = "unseen"  # exercising while the band is on its charger
    OFF = "off"  # the band lies on a shelf
    CHARGING = "charging"
    DRAWER = "drawer"  # the band's battery is empty, for good


WORN = frozenset({Doing.ASLEEP, Doing.SITTING, Doing.POTTERING, Doing.WALKING, Doing.EXERCISING, Doing.RESTING})
CHARGED = frozenset({Doing.CHARGING, Doing.UNSEEN})


@dataclass(frozen=True, slots=True)
class Stretch:
    """One thing done from `start` to `end` (µs UTC, end exclusive)."""

    start: int
    end: int
    doing: Doing
    away: bool = False
    """Out of the radio's range."""
    pace: float = 0
    """Steps per second while walking."""


def midnight(day: date, zone: ZoneInfo) -> int:
    """µs UTC at which the day begins in the zone."""
    return instant(day, 0, zone)


def instant(day: date, minute: float, zone: ZoneInfo) -> int:
    """µs UTC at which the zone's clocks show so many minutes past midnight."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    return (wall - EPOCH) // timedelta(microseconds=1)


class Diary:
    """Writes a day down, from midnight on, in minutes of the local clock."""

    def __init__(self, persona: Persona, chance: np.random.Generator) -> None:
        self.persona = persona
        self.chance = chance
        self.at = 0.0
        self.rows: list[tuple[float, Doing, bool, float]] = []

    def draw(self, least_most: Range) -> float:
        return float(self.chance.uniform(*least_most))

    def spend(self, minutes: float, doing: Doing, away: bool = False) -> None:
        self.until(self.at + minutes, doing, away)

    def until(self, minute: float, doing: Doing, away: bool = False) -> None:
        if minute > self.at:
            self.rows.append((self.at, doing, away, self.draw(self.persona.cadence) / 60 if doing == Doing.WALKING else 0))
            self.at = minute

    def sit(self, until: float) -> None:
        """Sits, gets up now and then, and is up at the end; does not sit down for less than five minutes."""
        while self.at < until - 5:
            self.spend(min(self.draw(self.persona.sitting_min), until - self.at), Doing.SITTING)
            self.spend(self.draw(self.persona.break_min), Doing.WALKING)

    def walk(self) -> None:
        self.spend(self.draw(self.persona.walk_min), Doing.WALKING, away=self.chance.random() < self.persona.away_share)


def lived(persona: Persona, day: date, exercises: bool, charges: bool, chance: np.random.Generator, zone: ZoneInfo) -> tuple[Stretch, ...]:
    """The stretches of a day, gap-free from local midnight to local midnight."""
    diary = Diary(persona, chance)
    _morning(diary)
    (_weekend if day.weekday() >= 5 else _at_work)(diary)
    _evening(diary, exercises, charges)
    return _dated(diary, day, zone)


def _morning(diary: Diary) -> None:
    diary.until(diary.draw(diary.persona.wakes), Doing.ASLEEP)
    diary.spend(diary.draw((15, 25)), Doing.POTTERING)
    if diary.chance.random() < diary.persona.band_off_share:
        diary.spend(diary.draw((15, 25)), Doing.OFF)
    diary.spend(diary.draw((15, 25)), Doing.POTTERING)


def _at_work(diary: Diary) -> None:
    diary.sit(until=diary.draw((715, 735)))
    diary.spend(diary.draw((15, 25)), Doing.POTTERING)
    diary.sit(until=diary.draw((1005, 1020)))
    diary.walk()


def _weekend(diary: Diary) -> None:
    diary.sit(until=diary.draw((590, 620)))
    diary.walk()
    diary.spend(diary.draw((30, 60)), Doing.POTTERING)
    diary.sit(until=diary.draw((880, 910)))
    diary.walk()
    diary.spend(diary.draw((20, 40)), Doing.POTTERING)
    diary.sit(until=diary.draw((1035, 1055)))


def _evening(diary: Diary, exercises: bool, charges: bool) -> None:
    bare = diary.persona.charges_through_sets and exercises and charges
    meanwhile = Doing.CHARGING if bare else Doing.POTTERING
    diary.until(diary.persona.exercise_at + diary.draw((0, 8)), meanwhile)
    if exercises:
        diary.spend(diary.draw(diary.persona.exercise_min), _set(diary.persona, bare))
    diary.spend(diary.draw((25, 35)), meanwhile)
    if charges:
        diary.sit(until=diary.persona.charges_after)
        diary.spend(diary.draw((75, 95)), Doing.CHARGING)
    diary.sit(until=diary.draw(diary.persona.to_bed) - 20)
    diary.spend(diary.draw((10, 15)), Doing.POTTERING)
    diary.until(1440, Doing.ASLEEP)


def _set(persona: Persona, bare: bool) -> Doing:
    if persona.rests:
        return Doing.RESTING
    return Doing.UNSEEN if bare else Doing.EXERCISING


def _dated(diary: Diary, day: date, zone: ZoneInfo) -> tuple[Stretch, ...]:
    close = midnight(day + timedelta(days=1), zone)
    starts = [min(instant(day, round(at * 60) / 60, zone) // MICROS * MICROS, close) for at, *_ in diary.rows]
    ends = [*starts[1:], close]
    return tuple(Stretch(s, e, doing, away, pace) for s, e, (_, doing, away, pace) in zip(starts, ends, diary.rows, strict=True) if s < e)
