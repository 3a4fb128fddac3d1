"""Numbers, instants and names as a therapist reads them. What is not known is said with a dash, never with a zero."""

import datetime
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from alerts.hours import local
from alerts.wording import window
from detectors.adherence import Adherence
from ingest.batch import DAY, HOUR, MINUTE, Cause
from web.day import Day

UNKNOWN = "–"
CAUSES = {
    Cause.THINNED: "only motion lost (receiver full)",
    Cause.RADIO: "link lost",
    Cause.RANGE: "band not heard",
    Cause.CHARGING: "on the charger",
    Cause.BATTERY: "battery empty",
    Cause.GATEWAY: "receiver not running",
    Cause.CLOCK: "clock not trusted",
    Cause.OVERFLOW: "receiver full",
    Cause.CORRUPT: "data unreadable",
    Cause.RECORD: "nothing recorded",
}


def span(minutes: float | None) -> str:
    """75 → "1 h 15 min"."""
    if minutes is None:
        return UNKNOWN
    hours, rest = divmod(round(minutes), 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02d} min" if rest else f"{hours} h"


def count(number: int | None) -> str:
    return UNKNOWN if number is None else str(number)


def percent(share: float | None) -> str:
    """0..1 → "97 %"; 100 % only where nothing is lacking."""
    if share is None:
        return UNKNOWN
    rounded = round(share * 100)
    return f"{99 if rounded == 100 and share < 1 else rounded} %"


def share(part: int, whole: int) -> str:
    """A length for SVG: 90 of 1440 → "6.25%"."""
    return f"{round(100 * part / whole, 2):g}%"


def ago(instant: int, now: int) -> str:
    """µs UTC both: "just now", "12 min ago", "5 h ago", "3 days ago"."""
    past = max(now - instant, 0)
    if past < 2 * MINUTE:
        return "just now"
    if past < HOUR:
        return f"{past // MINUTE} min ago"
    if past < 2 * DAY:
        return f"{past // HOUR} h ago"
    return f"{past // DAY} days ago"


def at(instant: int, zone: ZoneInfo) -> str:
    """µs UTC → "Mon 23 Nov 14:05" on the clock of `zone`."""
    return f"{local(instant, zone):%a %d %b %H:%M}"


def clock(minute: int, day: Day) -> str:
    """Minutes since the day's midnight → "14:05" on its clock."""
    return f"{local(day.start + minute * MINUTE, day.zone):%H:%M}"


def date(day: Day) -> str:
    """ "Monday 23 November"."""
    return f"{day.date:%A} {day.date.day} {day.date:%B}"


def day(date: datetime.date) -> str:
    """ "16 Nov"."""
    return f"{date.day} {date:%b}"


def weekday(date: datetime.date) -> str:
    """ "Mon"."""
    return f"{date:%a}"


def changed(day: Day) -> str:
    """ "25 hours, the clocks went back" on such a day, otherwise nothing."""
    if day.length == DAY // MINUTE:
        return ""
    return f"{day.length / 60:g} hours, the clocks went {'back' if day.length > DAY // MINUTE else 'forward'}"


def many(number: int, one: str, several: str = "") -> str:
    """2, "bout" → "2 bouts"."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def bounds(kept: Adherence) -> str:
    """ "73 %, between 60 and 80 %"; where the bounds lie too far apart, that there is not enough data."""
    if kept.mid is None or kept.low is None or kept.high is None:
        return UNKNOWN
    low, high = round(100 * kept.low), round(100 * kept.high)
    if not kept.enough:
        return f"not enough data: anywhere between {low} and {high} %"
    return f"{round(100 * kept.mid)} %" + (f", between {low} and {high} %" if low != high else "")


def amount(sessions: float) -> str:
    """Parts of a session count in part: 4.6, but 5 for five whole ones."""
    return f"{sessions:.1f}".removesuffix(".0")


def kind(name: str) -> str:
    """ "silent_band" → "silent band"."""
    return name.replace("_", " ")


def cause(value: str) -> str:
    return CAUSES[Cause(value)]


_ALL = (span, count, percent, share, ago, at, window, clock, date, day, weekday, changed, many, bounds, amount, kind, cause)
FILTERS: Mapping[str, Callable[..., str]] = {word.__name__: word for word in _ALL}
"""As the templates know them."""
