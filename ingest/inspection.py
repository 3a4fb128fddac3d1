"""Looks a spool's file over, row by row, around damage in ever smaller stretches. Nothing is written."""

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.budget import forecast
from ingest.reserve import free
from ingest.spooled import unused, used
from ingest.spoolfile import SpoolUnavailable, alone
from ingest.sqlite import why

PROBES = 200_000
"""Readings of the file at most, while looking for rows between damaged pages."""
STRETCH = 500
"""Rows read at once."""
TABLES = {"meta": 2, "aside": 4, "cursor": 3, "band": 2, "accepted": 3, "answered": 3, "thinned": 3, "pace": 2}
"""Table → columns, of what is carried over as it is."""
Kept = tuple[int, str, int, int, int, int, int, int, bytes]
"""(row, band, oldest time, end, UTC day, readings, weight, CRC, parcel)."""


@dataclass(slots=True)
class Looked:
    """What was found. Times µs UTC."""

    id: str | None = None
    rows: int = 0
    readings: int = 0
    size: int = 0
    """Bytes of the file in use."""
    oldest: int | None = None
    bands: dict[str, int] = field(default_factory=dict)
    """Band → readings that wait."""
    days_left: float | None = None
    rotten: list[int] = field(default_factory=list)
    """Rows whose bytes are not those that were committed."""
    lost: list[int] = field(default_factory=list)
    """Rows an index still knows of, which can no longer be read."""
    aside: int = 0
    """Rows set aside earlier."""
    faults: list[str] = field(default_factory=list)
    """Everything that is not as it should be, in words."""


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The spool, not to be written, and nobody else's meanwhile. Raises `SpoolUnavailable`."""
    path = path.resolve()
    held, index = alone(path), path.with_name(path.name + "-shm")
    had_index, journal = index.exists(), path.with_name(path.name + "-wal")
    # nothing but the file itself to be read: SQLite then writes nothing beside it
    quiet = not (journal.exists() and journal.stat().st_size)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{'immutable=1' if quiet else 'mode=ro'}", uri=True)) as db:
            tables = {name for (name,) in db.execute("select name from sqlite_master where type = 'table'")}
            if not {"row", "meta", "accepted"} <= tables:
                raise SpoolUnavailable(f"{path} is not a spool. Name the file that was given to keepup collect.")
            if "day" not in [column for _, column, *_ in db.execute("pragma table_info(accepted)")]:
                raise SpoolUnavailable(f"{path} is an earlier KeepUp's. Let keepup collect open it once, then look again.")
            yield db
    except sqlite3.DatabaseError as error:
        raise SpoolUnavailable(why(path, error)) from error
    finally:
        if not had_index:
            index.unlink(missing_ok=True)
        os.close(held)


def look(db: sqlite3.Connection, path: Path) -> Looked:
    """Everything that can be said of it without writing."""
    found = Looked(size=used(db))
    found.faults += _integrity(db)
    for row in _rows(db, found):
        seq, dev, t0, *_, readings, _, crc, parcel = row
        found.rows += 1
        found.readings += readings
        found.bands[dev] = found.bands.get(dev, 0) + readings
        found.oldest = t0 if found.oldest is None else min(t0, found.oldest)
        if zlib.crc32(parcel) != crc:
            found.rotten.append(seq)
    tables = {name: table(db, name, found) for name in TABLES}
    meta = dict(tables["meta"])
    found.id, found.aside = meta.get("id"), len(tables["aside"])
    if found.rotten:
        found.faults.append(f"rows that are not what was committed: {len(found.rotten)}")
    if found.lost:
        found.faults.append(f"rows that cannot be read: {len(found.lost)}")
    if "budget" in meta:
        room = min(int(meta["budget"]) - found.size, free(path.parent) + unused(db))
        found.days_left = forecast(room, [n for _, n in sorted(tables["pace"])])
    return found


def _integrity(db: sqlite3.Connection) -> list[str]:
    try:
        said = [str(line) for (line,) in db.execute("pragma integrity_check(20)")]
    except sqlite3.DatabaseError as error:
        said = [str(error)]
    return [] if said == ["ok"] else [f"SQLite: {line}" for text in said for line in text.splitlines()]


def top_row(db: sqlite3.Connection, found: Looked) -> int:
    """The highest row number ever given."""
    try:
        tops = db.execute("select seq from sqlite_sequence where name = 'row'").fetchall()
        return int(tops[0][0]) if tops else 0
    except sqlite3.DatabaseError:
        found.faults.append("the highest row number cannot be read")
    newest = db.execute("select max(seq) from row").fetchone()[0]
    return int(newest or 0) + 1_000_000  # beyond any that was given since


def _rows(db: sqlite3.Connection, found: Looked) -> Iterator[Kept]:
    for rows in chunks(db, found):
        yield from rows


def chunks(db: sqlite3.Connection, found: Looked) -> Iterator[list[Kept]]:
    """All rows that can be read; around damage ever smaller stretches are tried. Notes in `found` which cannot."""
    sql = "select seq, dev, t0, t1, day, readings, weight, crc, parcel from row where seq between ? and ? order by seq"
    top, probes, seen, damaged = top_row(db, found), 0, set[int](), False
    for start in range(_bottom(db), top + 1, STRETCH):
        left = [(start, min(start + STRETCH - 1, top))]
        while left and probes < PROBES:
            first, last = left.pop()
            try:
                rows = db.execute(sql, (first, last)).fetchall()
            except sqlite3.DatabaseError:
                damaged, probes, middle = True, probes + 1, (first + last) // 2
                left += [(middle + 1, last), (first, middle)] if first < last else []
                continue
            seen.update(row[0] for row in rows)
            yield rows
    if probes >= PROBES:
        found.faults.append("too much of the table of rows is damaged to look at all of it")
    if damaged:
        found.lost = _unseen(db, seen, found)


def _unseen(db: sqlite3.Connection, seen: set[int], found: Looked) -> list[int]:
    try:
        known = [seq for (seq,) in db.execute("select seq from row indexed by row_by_band where dev >= ''")]
    except sqlite3.DatabaseError:
        found.faults.append("rows cannot be read, and the index that would say of which band and time is damaged too")
        return []
    return sorted(seq for seq in known if seq not in seen)


def _bottom(db: sqlite3.Connection) -> int:
    try:
        return int(db.execute("select min(seq) from row").fetchone()[0] or 1)
    except sqlite3.DatabaseError:
        return 1


def table(db: sqlite3.Connection, name: str, found: Looked) -> list[tuple[Any, ...]]:
    """What can be read of it from its beginning."""
    rows: list[tuple[Any, ...]] = []
    try:
        rows.extend(db.execute(f"select * from {name}"))
    except sqlite3.DatabaseError as error:
        found.faults.append(f"table {name} cannot be read to its end: {error}")
    return rows
