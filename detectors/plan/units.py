"""How a plan writes durations, clock times, shares and tempos, and what they are read as."""

import re
from datetime import date, time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DAYS = {"day": 1, "days": 1, "week": 7, "weeks": 7}


def _seconds(written: Any) -> Any:
    if isinstance(written, str):
        found = re.fullmatch(r"(\d{1,5})([smhd])", written)
        if not found:
            raise ValueError(f"{written!r} is no duration; write a number and s, m, h or d, e.g. 45s or 3h")
        return int(found[1]) * _SECONDS[found[2]]
    return written


def _every(written: Any) -> Any:
    if isinstance(written, str):
        found = re.fullmatch(r"(?:(\d{1,2}) )?(days?|weeks?)", written)
        if not found:
            raise ValueError(f"{written!r} is no interval; write e.g. day, week or 2 weeks")
        return int(found[1] or 1) * _DAYS[found[2]]
    return written


def _tempo(written: Any) -> Any:
    if isinstance(written, str):
        if not re.fullmatch(r"\d{1,2}-\d{1,2}-\d{1,2}", written):
            raise ValueError(f"{written!r} is no tempo; write seconds down-hold-up, e.g. 3-1-2")
        return tuple(int(part) for part in written.split("-"))
    return written


def _percent(written: Any) -> Any:
    if isinstance(written, str):
        if not re.fullmatch(r"\d{1,3}%", written):
            raise ValueError(f"{written!r} is no share; write e.g. 70%")
        return int(written[:-1]) / 100
    return written


def _rate(written: Any) -> Any:
    if isinstance(written, str):
        found = re.fullmatch(r"(\d{1,2}) of (\d{1,2})", written)
        if not found:
            raise ValueError(f"{written!r} is no such rate; write e.g. 3 of 5")
        if not 1 <= int(found[1]) <= int(found[2]):
            raise ValueError(f"{written!r} can never come true; write e.g. 3 of 5")
        return int(found[1]), int(found[2])
    return written


def _day(written: Any) -> Any:
    if isinstance(written, str):
        found = re.fullmatch(r"20\d\d-\d\d-\d\d", written)
        try:
            return date.fromisoformat(found[0] if found else "")
        except ValueError as error:
            raise ValueError(f"{written!r} is no day; write year-month-day, e.g. 2026-11-23") from error
    return written


def _clock(written: Any) -> Any:
    if isinstance(written, str):
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d(:00)?", written):
            raise ValueError(f"{written!r} is no time of day; write hours and minutes, e.g. 07:15 or 18:30")
        return time.fromisoformat(written)
    return written


def _version(written: Any) -> Any:
    return 1 if written == "1" else written


def _zone(written: Any) -> Any:
    if isinstance(written, str):
        try:
            ZoneInfo(written)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{written!r} is not a time zone; name one like Europe/Berlin or America/New_York") from error
    return written


def _clocks(written: Any) -> Any:
    if isinstance(written, str):
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", written):
            raise ValueError(f"{written!r} is no stretch of the clock; write e.g. 21:30-07:30")
        start, end = (time.fromisoformat(part) for part in written.split("-"))
        if start == end:
            raise ValueError(f"{written!r} begins when it ends; write e.g. 21:30-07:30")
        return start, end
    return written


def _heart_zone(written: Any) -> Any:
    if isinstance(written, str):
        found = re.fullmatch(r"(\d{2,3})-(\d{2,3})%max", written)
        if not found:
            raise ValueError(f"{written!r} is no heart-rate zone; write e.g. 50-70%max")
        low, high = int(found[1]) / 100, int(found[2]) / 100
        if not low < high <= 1:
            raise ValueError(f"{written!r} does not rise, or passes 100%; write e.g. 50-70%max")
        return low, high
    return written


Day = Annotated[date, BeforeValidator(_day)]
"""Written 2026-11-23; of this century."""
Clock = Annotated[time, BeforeValidator(_clock)]
"""On the wall clock, to the minute; written 18:30."""
Version = Annotated[Literal[1], BeforeValidator(_version)]
"""Of this format."""
Seconds = Annotated[int, BeforeValidator(_seconds), Field(ge=0, le=31 * 86_400)]
"""Written 45s, 3m, 2h or 1d."""
Every = Annotated[int, BeforeValidator(_every), Field(ge=1, le=365)]
"""Days; written day, week, 2 weeks."""
Tempo = Annotated[tuple[int, int, int], BeforeValidator(_tempo)]
"""Seconds down, hold, up; written 3-1-2."""
Percent = Annotated[float, BeforeValidator(_percent), Field(gt=0, le=1)]
"""0..1; written 70%."""
RateOf = Annotated[tuple[int, int], BeforeValidator(_rate)]
"""Written 3 of 5."""
Zone = Annotated[str, BeforeValidator(_zone)]
"""An IANA name."""
Clocks = Annotated[tuple[time, time], BeforeValidator(_clocks)]
"""From and to on the wall clock, over midnight where from is later; written 21:30-07:30."""
HeartZone = Annotated[tuple[float, float], BeforeValidator(_heart_zone)]
"""Shares of the maximal heart rate, 0..1; written 50-70%max."""
Score = Annotated[int, Field(ge=0, le=10)]
"""0 is a real score."""
