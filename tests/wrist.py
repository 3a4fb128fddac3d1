"""A virtual band on the wrist of one steady body in Berlin."""

from datetime import date
from zoneinfo import ZoneInfo

from ingest.batch import DAY
from lab.band import VirtualBand
from lab.body import Body
from lab.day import Doing, Stretch, midnight
from lab.persona import STEADY

BERLIN = ZoneInfo("Europe/Berlin")
START = midnight(date(2026, 11, 18), BERLIN)

Frames = list[tuple[int, bytes]]


def band(seed: int = 1, flat_from: int | None = None) -> VirtualBand:
    return VirtualBand(Body("steady", BERLIN, STEADY, seed, flat_from))


def first(worn: VirtualBand, doing: Doing, away: bool = False) -> Stretch:
    return next(s for s in worn.body.stretches(START, START + 7 * DAY) if s.doing == doing and s.away == away)
