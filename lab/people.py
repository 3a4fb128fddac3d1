"""The cast: which virtual patients there are."""

from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ingest.batch import DAY, MINUTE
from lab.band import VirtualBand
from lab.body import Body
from lab.day import EPOCH, instant
from lab.persona import DESK, DRIFTING, HELD, LATE, OFF, PASSIVE, SILENT, STEADY, Persona

VIRTUAL = "virtual-"
"""How the id of every virtual patient begins."""

CAST: tuple[tuple[Persona, str], ...] = (
    (STEADY, "Europe/Berlin"),
    (DESK, "America/New_York"),
    (SILENT, "Europe/London"),
    (DRIFTING, "Europe/Berlin"),
    (LATE, "Europe/Paris"),
    (OFF, "America/Chicago"),
    (HELD, "Europe/Berlin"),
    (PASSIVE, "Europe/London"),
)
"""Who there is, and where they live."""


class Player(NamedTuple):
    patient: str
    zone: ZoneInfo
    persona: Persona
    band: VirtualBand
    held_from: int | None
    """µs UTC from which the line of this patient's receiver is down; `None`: it stays up."""

    @property
    def dev(self) -> str:
        """What the line calls the band, whoever wears it."""
        return VIRTUAL + self.band.body.name


def cast(seed: int, count: int, end: int) -> list[Player]:
    """The first `count` virtual patients. `end` (µs UTC) is when their history ends and live time begins: what a persona does so many
    days before the end is reckoned from it. More than there are personas begin again from the first, with a number: virtual-steady-2."""
    return [_player(seed, turn, *CAST[turn % len(CAST)], end) for turn in range(count)]


def exercise_windows(player: Player, start: int, end: int) -> list[tuple[int, int]]:
    """When exercise that a band could see is to be expected of a patient, [from, to) in µs UTC, ascending: 45 minutes from the
    planned start, and a day later where sessions are made up. None where nothing of the plan can be seen."""
    first, last = (_local_date(at, player.zone) for at in (start, end))
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    begins = [instant(day, player.persona.exercise_at, player.zone) for day in days if _expected(player.persona, day)]
    return [(begin, begin + 45 * MINUTE) for begin in begins if begin < end and begin + 45 * MINUTE > start]


def _expected(persona: Persona, day: date) -> bool:
    late = persona.next_day_share > 0 and (day - timedelta(days=1)).weekday() in persona.exercise_days
    return not persona.rests and (day.weekday() in persona.exercise_days or late)


def _local_date(at: int, zone: ZoneInfo) -> date:
    return (EPOCH + timedelta(microseconds=at)).astimezone(zone).date()


def _player(seed: int, turn: int, persona: Persona, zone_name: str, end: int) -> Player:
    again = turn // len(CAST) + 1
    name = persona.name if again == 1 else f"{persona.name}-{again}"
    flat_from, held_from = _before(end, persona.goes_flat_before_end), _before(end, persona.line_down_before_end)
    zone = ZoneInfo(zone_name)
    return Player(VIRTUAL + name, zone, persona, VirtualBand(Body(name, zone, persona, seed, flat_from, end)), held_from)


def _before(end: int, days: float | None) -> int | None:
    return None if days is None else end - int(days * DAY)
