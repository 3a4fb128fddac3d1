"""What each band last told of its battery, kept over a restart: one that ran flat before it is not taken for one out of range after it."""

import sqlite3
from collections.abc import Iterable

from ingest.batch import Batch, Stream


def keep(db: sqlite3.Connection, batches: Iterable[Batch]) -> None:
    """The last word of each band among these. In the caller's transaction."""
    told = sorted((batch for batch in batches if batch.stream is Stream.BATTERY), key=lambda batch: batch.t0)
    said = [(_CHARGE + batch.dev, f"{batch.last} {batch.values[-1, 0] * batch.scale:g}") for batch in told]
    db.executemany("insert or replace into meta values (?, ?)", said)


def kept(db: sqlite3.Connection, dev: str) -> tuple[int, float] | None:
    """When that was, µs UTC, and how many percent."""
    found = db.execute("select value from meta where key = ?", (_CHARGE + dev,)).fetchone()
    if found is None:
        return None
    at, percent = found[0].split()
    return int(at), float(percent)


_CHARGE = "charge "
"""In `meta`, with the band."""
