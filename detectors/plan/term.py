"""How long a revision of a plan holds, and what instant a wall clock's time is meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from detectors.plan.occurrence import Revision, Zones
from detectors.plan.plan import Plan

FOREVER = 1 << 62
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Term:
    """A plan, in force from `since` until `until` (µs UTC), and where the patient's clock is."""

    plan: Plan
    since: int
    until: int
    zones: Zones

    def holds(self, instant: int) -> bool:
        return self.since <= instant < self.until

    def at(self, day: date, clock: time) -> int:
        """When the patient's clock shows it first, µs UTC."""
        return shown(day, clock, self.zones)

    def midnight(self, day: date) -> int:
        return shown(day, time(0), self.zones)

    def paused(self, day: date) -> str | None:
        """Why nothing is expected that day; `None`: it is."""
        return next((pause.why or "pause" for pause in self.plan.pauses if pause.start <= day <= pause.end), None)


def terms(revisions: Sequence[Revision], zones: Zones) -> list[Term]:
    """Each revision until the next."""
    ends = [*(later.since for later in revisions[1:]), FOREVER]
    return [Term(one.plan, one.since, end, zones or ((-FOREVER, one.plan.zone),)) for one, end in zip(revisions, ends, strict=False)]


def shown(day: date, clock: time, zones: Zones) -> int:
    """The first instant (µs UTC) at which the clock of somebody who goes through `zones` shows `clock` on `day`.

    A time the clock leaves out when summer time begins is as far after it as it was to be (RFC 5545 §3.3.5: the offset before the
    gap); one it leaves out because the zone changes is the moment of the change.
    """
    local = datetime.combine(day, clock)
    for index, (since, zone) in enumerate(zones):
        instant = in_zone(local, zone)
        if index and instant < since:
            return since
        if index + 1 == len(zones) or instant < zones[index + 1][0]:
            return instant
    raise ValueError("no zones; give at least one (from when, zone)")


def in_zone(local: datetime, zone: ZoneInfo) -> int:
    """µs UTC of a naive wall clock's time: the first where it comes twice, shifted forward where it is left out (PEP 495, fold 0)."""
    return (local.replace(tzinfo=zone) - EPOCH) // MICROSECOND
