"""The local day, quiet hours and the therapist's digest. Instants are µs UTC."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from detectors.plan.rules_of_time import QUIET, within
from ingest.batch import DAY, MICROS, MINUTE

Hours = Sequence[tuple[time, time]]
"""Stretches of the wall clock, from and to, over midnight where from is later."""
NIGHT: Hours = (QUIET,)
"""A patient's quiet hours where no plan says otherwise."""
QUIET_FROM, QUIET_TO = QUIET
_SATURDAY = 5


def local(instant: int, zone: ZoneInfo) -> datetime:
    """Aware, in `zone`; whole seconds."""
    return datetime.fromtimestamp(instant // MICROS, UTC).astimezone(zone)


def day(instant: int, zone: ZoneInfo) -> str:
    """The local date, ISO 8601."""
    return local(instant, zone).date().isoformat()


def quiet(now: int, zone: ZoneInfo, hours: Hours = NIGHT) -> bool:
    """By the wall clock: an hour that comes twice is quiet twice."""
    clock = local(now, zone).time()
    return any(within(clock, span) for span in hours)


def quiet_end(now: int, zone: ZoneInfo, hours: Hours = NIGHT) -> int:
    """The first instant, `now` included, that is not quiet; a day later, to look again, where the whole day is."""
    # Minute by minute, for hours may overlap, meet, be skipped or come twice.
    minutes = range(now - now % MINUTE + MINUTE, now + DAY, MINUTE)
    return next((at for at in (now, *minutes) if not quiet(at, zone, hours)), now + DAY)


def day_end(now: int, zone: ZoneInfo) -> int:
    """The midnight that ends the local day of `now`."""
    return _instant(local(now, zone).date() + timedelta(days=1), time(), zone)


def digest_time(now: int, zone: ZoneInfo, minutes: int) -> int:
    """The next instant, `now` included, at which it is so many minutes after midnight on a working day, Monday to Friday."""
    on, clock = local(now, zone).date(), time(*divmod(minutes, 60))
    while on.weekday() >= _SATURDAY or (at := _instant(on, clock, zone)) < now:
        on += timedelta(days=1)
    return at


def working(now: int, zone: ZoneInfo) -> bool:
    """Whether it is a working day there, Monday to Friday."""
    return local(now, zone).weekday() < _SATURDAY


def _instant(day: date, clock: time, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, clock, zone).timestamp()) * MICROS
