"""Fitbit's minutes as researchers publish them: `Id,t,steps,intensity` or `Id,t,HeartRate,Intensity,Steps`, in local time.

The file says no zone, so one must be given. Each Id is a band of its own, `fitbit-` before it. A local time that the zone skipped is
set aside: to shift it would be to invent when it was. Of an hour that came twice, rows are the first pass until the clock goes back.
"""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.batch import Batch
from ingest.format import Asides, Format, Unreadable, opened
from ingest.table import Layout, fields, head, layout, read

NAMES = {"id": "dev", "t": "time", "heartrate": "hr"}


def _layout(names: list[str]) -> Layout | None:
    return layout(names, NAMES, "fitbit-") if {"id", "t"} <= {name.lower() for name in names} else None


def _claims(_path: Path, first: list[str]) -> bool:
    header = next((line for line in first if line.strip()), "")
    return _layout(fields(header)) is not None


def _read(path: Path, zone: ZoneInfo | None, asides: Asides) -> Iterator[Batch]:
    lines = iter(opened(path))
    number, names = head(lines, path.name)
    columns = _layout(names)
    if columns is None:
        raise Unreadable(f"{path.name} begins with {','.join(names)[:80]!a}, not with Id,t and steps or HeartRate. Try --format csv.")
    if zone is None:
        raise Unreadable(f"{path.name} holds local times and does not say where. Say it, for example --zone America/New_York.")
    return read(lines, number + 1, columns, zone, asides)


FORMAT = Format("fitbit", _claims, _read)
