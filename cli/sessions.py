"""`keepup sessions`: the bouts of walking and of exercise in a recording."""

import json
import sys

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from cli.options import a_file, a_format, a_zone, as_json, stamp
from cli.recording import heard, stretches
from detectors.bouts import bouts
from ingest.batch import MINUTE
from ingest.bout import Bout


def sessions(
    file: a_file,
    json_: as_json = False,
    format: a_format = None,  # noqa: A002 — the option's name
    zone: a_zone = None,
) -> None:
    """Find the walks and the exercise in a recording.

    With --json one bout a line: start, end, kind, minutes, steps, cadence, reps, hr; null is unknown. Of a recording of several bands
    each line says which (dev).

    Example: keepup sessions morning.csv --json
    """
    bands = heard(file, format, zone, keep=True)
    found = []
    for dev, band in bands.items():
        for part in stretches(band, zone):
            start, end = int(part["t"][0]), int(part["t"][-1]) + MINUTE
            tiles = band.tiles
            inside = tiles[(tiles["t"] >= start) & (tiles["t"] < end)]
            found += bouts(dev, part, inside, [batch for batch in band.acc if start <= batch.t0 < end])
    if json_:
        for bout in found:
            sys.stdout.write(json.dumps(_told(bout) | ({"dev": bout.dev} if len(bands) > 1 else {})) + "\n")
    else:
        for dev in bands:
            Console().print(_table([bout for bout in found if bout.dev == dev], f"{dev}: " if len(bands) > 1 else ""))


def _told(bout: Bout) -> dict[str, object]:
    return {
        "start": stamp(bout.start),
        "end": stamp(bout.end),
        "kind": bout.kind,
        "minutes": round((bout.end - bout.start) / MINUTE, 1),
        "steps": bout.steps,
        "cadence": bout.cadence,
        "reps": bout.reps,
        "hr": bout.hr,
    }


def _table(found: list[Bout], whose: str) -> Table:
    title = f"{whose}{len(found)} bout{'' if len(found) == 1 else 's'}, times UTC"
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("from", "to", "kind", "steps", "cadence", "reps", "hr"):
        table.add_column(name, no_wrap=True)
    table.add_column("evidence", min_width=20)
    for bout in found:
        told = _told(bout)
        times = [stamp(bout.start)[:16].replace("T", " "), stamp(bout.end)[11:16]]
        numbers = ["" if told[name] is None else str(told[name]) for name in ("steps", "cadence", "reps", "hr")]
        table.add_row(*times, bout.kind, *numbers, bout.evidence)
    return table
