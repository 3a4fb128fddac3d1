"""Local days and their hours as instants: 23, 24 or 25 hours long, as the clocks went."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.hours import local
from ingest.batch import HOUR, MICROS, MINUTE


@dataclass(frozen=True, slots=True)
class Day:
    """One local day: [start, end) in µs UTC."""

    date: date
    start: int
    end: int
    zone: ZoneInfo

    @property
    def length(self) -> int:
        """Minutes from midnight to midnight: 1440, or 1380 and 1500 where the clocks change by an hour."""
        return (self.end - self.start) // MINUTE


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the local clock within a day."""

    start: int
    """Minutes since the day's midnight, as they passed."""
    end: int
    label: str
    """"02:00", or "02:00 again" when the clock shows it for the second time."""
    clock: int
    """0..23."""


def day_of(date: date, zone: ZoneInfo) -> Day:
    """The local day of that date; where its midnight was skipped it begins when the date began."""
    return Day(date, _midnight(date, zone), _midnight(date + timedelta(days=1), zone), zone)


def last_days(count: int, now: int, zone: ZoneInfo) -> list[Day]:
    """Today and the days before it, newest first, `count` in all."""
    today = local(now, zone).date()
    return [day_of(today - timedelta(days=back), zone) for back in range(count)]


def hours_of(day: Day) -> list[Hour]:
    """The clock hours that tile the day; a zone that shifts by half an hour gives one short or long hour."""
    step = HOUR // 2
    starts = [t for t in range(day.start, day.end, step) if t == day.start or local(t, day.zone).minute == 0]
    hours: list[Hour] = []
    for start, end in zip(starts, [*starts[1:], day.end], strict=True):
        clock = local(start, day.zone)
        again = any(hour.clock == clock.hour for hour in hours)
        label = f"{clock:%H:%M}{' again' if again else ''}"
        hours.append(Hour((start - day.start) // MINUTE, (end - day.start) // MINUTE, label, clock.hour))
    return hours


def _midnight(date: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(date, time(), zone).timestamp()) * MICROS
