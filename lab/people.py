"""The cast: which virtual patients there are."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from lab.band import VirtualBand
from lab.persona import Persona

VIRTUAL = "virtual-"
"""How the id of every virtual patient begins."""


class Player(NamedTuple):
    patient: str
    zone: ZoneInfo
    persona: Persona
    band: VirtualBand


def cast(seed: int, count: int, end: int) -> list[Player]:
    """The first `count` virtual patients. `end` (µs UTC) is when their history ends and live time begins: the band of virtual-silent
    is silent from three days before it. More than there are personas begin again from the first, with a number: virtual-steady-2."""
    raise NotImplementedError


def exercise_windows(player: Player, start: int, end: int) -> list[tuple[int, int]]:
    """When the plan of a patient expects exercise, [from, to) in µs UTC, ascending: 45 minutes from 5 before the planned start."""
    raise NotImplementedError
