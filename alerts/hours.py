"""The local day, the patient's quiet hours and the therapist's digest. Instants are µs UTC."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ingest.batch import MICROS

QUIET_FROM = time(21, 30)
QUIET_TO = time(7, 30)
_SATURDAY = 5


def local(instant: int, zone: ZoneInfo) -> datetime:
    """Aware, in `zone`; whole seconds."""
    return datetime.fromtimestamp(instant // MICROS, UTC).astimezone(zone)


def day(instant: int, zone: ZoneInfo) -> str:
    """The local date, ISO 8601."""
    return local(instant, zone).date().isoformat()


def quiet(now: int, zone: ZoneInfo) -> bool:
    clock = local(now, zone).time()
    return clock >= QUIET_FROM or clock < QUIET_TO


def quiet_end(now: int, zone: ZoneInfo) -> int:
    """The next end of the quiet hours after `now`."""
    here = local(now, zone)
    return _instant(here.date() if here.time() < QUIET_TO else here.date() + timedelta(days=1), QUIET_TO, zone)


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
