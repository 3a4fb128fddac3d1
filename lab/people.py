"""The cast: which virtual patients there are."""

from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ingest.batch import DAY, MINUTE
from lab.band import VirtualBand
from lab.body import Body
from lab.day import EPOCH, instant
from lab.persona import DESK, SILENT, STEADY, Persona

VIRTUAL = "virtual-"
"""How the id of every virtual patient begins."""

CAST: tuple[tuple[Persona, str], ...] = (
    (STEADY, "Europe/Berlin"),
    (DESK, "America/New_York"),
    (SILENT, "Europe/London"),
)
"""Who there is, and where they live."""


class Player(NamedTuple):
    patient: str
    zone: ZoneInfo
    persona: Persona
    band: VirtualBand


def cast(seed: int, count: int, end: int) -> list[Player]:
    """The first `count` virtual patients. `end` (µs UTC) is when their history ends and live time begins: the band of virtual-silent
    is silent from three days before it. More than there are personas begin again from the first, with a number: virtual-steady-2."""
    return [_player(seed, turn, *CAST[turn % len(CAST)], end) for turn in range(count)]


def exercise_windows(player: Player, start: int, end: int) -> list[tuple[int, int]]:
    """When the plan of a patient expects exercise, [from, to) in µs UTC, ascending: 45 minutes from 5 before the planned start."""
    first, last = (_local_date(at, player.zone) for at in (start, end))
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    begins = [
        instant(day, player.persona.exercise_at, player.zone) - 5 * MINUTE for day in days if day.weekday() in player.persona.exercise_days
    ]
    return [(begin, begin + 45 * MINUTE) for begin in begins if begin < end and begin + 45 * MINUTE > start]


def _local_date(at: int, zone: ZoneInfo) -> date:
    return (EPOCH + timedelta(microseconds=at)).astimezone(zone).date()


def _player(seed: int, turn: int, persona: Persona, zone_name: str, end: int) -> Player:
    again = turn // len(CAST) + 1
    name = persona.name if again == 1 else f"{persona.name}-{again}"
    flat = persona.goes_flat_before_end
    zone = ZoneInfo(zone_name)
    body = Body(name, zone, persona, seed, None if flat is None else end - int(flat * DAY))
    return Player(VIRTUAL + name, zone, persona, VirtualBand(body))
