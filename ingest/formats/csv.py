"""KeepUp's own table: motion `time,x,y,z[,gx,gy,gz]` or minutes `time,steps[,hr][,intensity]`, each with an optional `dev`; gzip too.

`time` is ISO 8601 (with a zone, or read in the zone given), or the column is `time_s`, `time_ms` or `time_us` since 1970 UTC.
Accelerations are in g, rotations in deg/s. Columns come in any order, others are left alone, an empty cell is unknown.
"""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.batch import Batch
from ingest.format import Asides, Format, Unreadable, opened
from ingest.table import fields, head, layout, read

DEV = "recording"
"""The band's id where a file names none."""


def _claims(_path: Path, first: list[str]) -> bool:
    header = next((line for line in first if line.strip()), "")
    return layout(fields(header), {}, "") is not None


def _read(path: Path, zone: ZoneInfo | None, asides: Asides) -> Iterator[Batch]:
    lines = iter(opened(path))
    number, names = head(lines, path.name)
    prefix = "" if "dev" in map(str.lower, names) else DEV
    columns = layout(names, {}, prefix)
    if columns is None:
        raise Unreadable(
            f"{path.name} begins with {','.join(names)[:80]!a}, which names no table KeepUp knows. Let the first line be "
            "time,x,y,z[,gx,gy,gz] or time,steps[,hr][,intensity]; call it time_s, time_ms or time_us where it is a number since 1970."
        )
    return read(lines, number + 1, columns, zone, asides)


FORMAT = Format("csv", _claims, _read)
