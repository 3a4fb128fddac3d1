"""The patient's local day and its quiet hours. Instants are µs UTC."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ingest.batch import MICROS

QUIET_FROM = time(21, 30)
QUIET_TO = time(7, 30)


def local(instant: int, zone: ZoneInfo) -> datetime:
    """Aware, in `zone`; whole seconds."""
    return datetime.fromtimestamp(instant // MICROS, UTC).astimezone(zone)


def quiet(now: int, zone: ZoneInfo) -> bool:
    clock = local(now, zone).time()
    return clock >= QUIET_FROM or clock < QUIET_TO


def quiet_end(now: int, zone: ZoneInfo) -> int:
    """The next end of the quiet hours after `now`."""
    here = local(now, zone)
    day = here.date() if here.time() < QUIET_TO else here.date() + timedelta(days=1)
    return _instant(day, QUIET_TO, zone)


def day_end(now: int, zone: ZoneInfo) -> int:
    """The midnight that ends the local day of `now`."""
    return _instant(local(now, zone).date() + timedelta(days=1), time(), zone)


def _instant(day: date, clock: time, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, clock, zone).timestamp()) * MICROS
