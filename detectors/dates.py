"""Instants (µs UTC) as the patient's calendar has them."""

from datetime import UTC, date, datetime, time, timedelta

from detectors.plan.occurrence import Zones
from detectors.plan.term import shown
from ingest.batch import MICROS


def day(instant: int, zones: Zones) -> date:
    """The local date; `zones` holds one at least."""
    zone = next((zone for since, zone in reversed(zones) if since <= instant), zones[0][1])
    return datetime.fromtimestamp(instant // MICROS, UTC).astimezone(zone).date()


def week(instant: int, zones: Zones) -> str:
    """The local ISO week, "2027-W09"."""
    return iso_week(day(instant, zones))


def iso_week(of: date) -> str:
    year, number, _ = of.isocalendar()
    return f"{year}-W{number:02}"


def monday(instant: int, zones: Zones, weeks: int = 0) -> int:
    """The local midnight that begins the ISO week of `instant`, or of the week so many later."""
    here = day(instant, zones)
    return shown(here - timedelta(days=here.weekday() - 7 * weeks), time(0), zones)


def minute(instant: int) -> str:
    """ISO 8601 UTC, cut to the minute: "2027-03-01T07:20Z"."""
    return f"{datetime.fromtimestamp(instant // MICROS, UTC):%Y-%m-%dT%H:%MZ}"


def instant(minute: str) -> int:
    """Back from `minute`; raises `ValueError` for what is none."""
    return int(datetime.fromisoformat(minute).timestamp()) * MICROS
