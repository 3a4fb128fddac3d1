"""Carries what can be read of a damaged spool into a new one."""

import os
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from ingest.batch import DAY, Cause, Span
from ingest.inspection import TABLES, Kept, Looked, chunks, table, top_row
from ingest.spooled import ROTTEN, SCHEMA, count
from ingest.spoolfile import SpoolUnavailable
from ingest.sqlite import connect, transaction, why
from ingest.thinning import TOLD
from ingest.wire import Parcel, pack


def salvage(db: sqlite3.Connection, found: Looked, into: Path) -> int:
    """Everything readable into a new spool: with its id and row numbers, so that answers still fit, and a higher turn. What cannot be read
    becomes a gap under its number, as far as an index knows of it. Returns how many rows came over. Raises `SpoolUnavailable`."""
    part = into.with_name(into.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with closing(connect(part, SCHEMA)) as new:
            came = _carry(db, new, found)
        os.replace(part, into)
    except (OSError, sqlite3.Error) as error:
        for left in ("", "-wal", "-shm"):
            part.with_name(part.name + left).unlink(missing_ok=True)
        raise SpoolUnavailable(why(into, error)) from error
    return came


def _carry(db: sqlite3.Connection, new: sqlite3.Connection, found: Looked) -> int:
    scratch, came = Looked(), 0
    with transaction(new):
        for name, columns in TABLES.items():
            new.executemany(f"insert or replace into {name} values ({_marks(columns)})", table(db, name, scratch))
        if found.id is not None:
            new.execute("update meta set value = cast(value as integer) + 1 where key = 'boot'")
    for rows in chunks(db, scratch):
        with transaction(new):
            for row in rows:
                _put(new, row)
        came += len(rows)
    with transaction(new):
        for seq, dev, t0, t1 in _places(db, scratch.lost):
            _put_gap(new, seq, dev, t0, t1, t0 // DAY)
        new.execute("delete from sqlite_sequence where name = 'row'")
        new.execute("insert into sqlite_sequence values ('row', ?)", (top_row(db, scratch),))
        _balance(new)
    return came


def _put(new: sqlite3.Connection, row: Kept) -> None:
    seq, dev, t0, t1, day, readings, _, crc, parcel = row
    if zlib.crc32(parcel) == crc:
        new.execute(f"insert into row(seq, dev, t0, t1, day, readings, weight, crc, parcel) values ({_marks(9)})", row)
    else:
        new.execute("insert into aside values (?, ?, ?, ?)", (seq, ROTTEN, readings, parcel))
        _put_gap(new, seq, dev, t0, t1, day)


def _put_gap(new: sqlite3.Connection, seq: int, dev: str, t0: int, t1: int, day: int) -> None:
    gap = pack(Parcel([], [Span(dev, t0, max(t1, t0 + 1), Cause.CORRUPT)]))
    values = (seq, dev, t0, max(t1, t0 + 1), day, 0, TOLD, zlib.crc32(gap), gap)
    new.execute(f"insert into row(seq, dev, t0, t1, day, readings, weight, crc, parcel) values ({_marks(9)})", values)


def _balance(new: sqlite3.Connection) -> None:
    """What was accepted, and is neither answered, nor thinned, nor there, is lost."""
    lost: Counter[tuple[str, int]] = Counter()
    for sign, sql in (
        (1, "select dev, day, n from accepted"),
        (-1, "select dev, day, n from answered"),
        (-1, "select dev, day, n from thinned"),
        (-1, "select dev, day, sum(readings) from row group by dev, day"),
    ):
        for dev, day, n in new.execute(sql):
            lost[dev, day] += sign * n
    count(new, "thinned", +lost)


def _places(db: sqlite3.Connection, lost: Sequence[int]) -> Iterator[tuple[int, str, int, int]]:
    """(row, band, time, end) of rows only an index knows: each lasts until the band's next, or until the band was last heard."""
    if not lost:
        return
    heard = dict(db.execute("select dev, heard_to from band"))
    known = db.execute("select seq, dev, t0 from row indexed by row_by_band order by dev, t0").fetchall()
    missing = set(lost)
    for (seq, dev, t0), after in zip(known, [*known[1:], None], strict=True):
        if seq in missing:
            yield seq, dev, t0, after[2] if after and after[1] == dev else heard.get(dev, t0)


def _marks(columns: int) -> str:
    return ",".join("?" * columns)
