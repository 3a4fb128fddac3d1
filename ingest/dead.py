"""What could not be stored: kept byte for byte with the reason, to be looked at and tried again."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.deflate import legible
from ingest.index import Index
from ingest.wire import LIFE

PARCEL, MESSAGE, SPANS = -1, -2, -3
"""Parts that are not one body: the row as a whole; the message it came in; and the row for its spans' sake, its bodies being elsewhere."""
PAGE = 100
"""Letters read at once: each may be large."""
LOST = 1_000
"""Messages kept of which not even the row can be read. No answer can name them, so their gateways send them again and still hold them."""
SHOWN, DEEP = 20, 5
"""Entries of a list or map that are shown, and how far into each other."""


@dataclass(frozen=True, slots=True)
class Dead:
    """Bytes that could not be stored, kept with the reason."""

    spool: str
    seq: int
    """Row of the spool; -1 where even that could not be read."""
    part: int
    """Which body of the row; or `PARCEL`, `MESSAGE`, `SPANS`."""
    reason: str
    readings: int
    """How many readings the gateway says these bytes hold; 0 where that cannot be read."""
    payload: bytes

    @property
    def key(self) -> tuple[str, int, int, bytes]:
        return self.spool, self.seq, self.part, self.payload


@dataclass(frozen=True, slots=True)
class Letter:
    """One that was set aside, as it is kept."""

    id: int
    at: int
    """When it was set aside, µs UTC by the ingester's clock."""
    dead: Dead


class Letters:
    """Every method raises `StoreUnavailable`."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def all(self) -> Iterator[Letter]:
        """Ascending in id, read little by little; one that comes meanwhile may be among them."""
        last = 0
        while page := self._index.all(f"{_LETTERS} where rowid > ? order by rowid limit ?", last, PAGE):
            yield from map(_letter, page)
            last = page[-1][0]

    def one(self, id: int) -> Letter | None:  # noqa: A002 — the letter's
        return next(map(_letter, self._index.all(f"{_LETTERS} where rowid = ?", id)), None)

    def count(self) -> int:
        return int(self._index.all("select count(*) from dead")[0][0])


def enter(db: sqlite3.Connection, dead: Sequence[Dead], now: int, tried: Sequence[Letter] = ()) -> None:
    """Keep what was set aside. Letters that were `tried` again go if they are not among it; else they stay, with their new reason."""
    still = {one.key for one in dead}
    db.executemany(_GONE, [(letter.id, *letter.dead.key) for letter in tried if letter.dead.key not in still])
    db.executemany(_KEEP, [(d.spool, d.seq, d.part, d.reason, d.readings, d.payload, now) for d in dead])
    if any(one.seq < 0 for one in dead):
        db.execute(_FORGET, (LOST,))


def address(payload: bytes) -> tuple[str, int | None, list[int]]:
    """(spool, its life, rows) of a message that cannot be read otherwise, so that it can be answered; ("", None, []) where that cannot be
    read either."""
    match legible(payload):
        case {"spool": str(spool), **more}:
            turn, held = more.get("turn"), more.get("rows", [[more.get("seq")]])
            seqs = [row[0] for row in held if isinstance(row, list) and row] if isinstance(held, list) else []
            life = turn >> LIFE if type(turn) is int and 0 <= turn < 2**63 else None
            if found := [seq for seq in seqs if type(seq) is int and 0 <= seq < 2**63]:
                return spool, life, found
    return "", None, []


def counted(payload: bytes) -> int:
    """Readings that a parcel, or the one in a message, says it holds, though it cannot be read otherwise; 0 where that cannot be read."""
    match legible(payload):
        case {"parcel": bytes(parcel)}:
            return counted(parcel)
        case {"rows": [*rows]}:
            return sum(counted(row[1]) for row in rows if isinstance(row, list) and len(row) > 1 and isinstance(row[1], bytes))
        case {"batches": [*batches]}:
            counts = [batch[0] for batch in batches if isinstance(batch, list) and batch]
            return sum(n for n in counts if type(n) is int and 0 < n < 2**32)
    return 0


def glimpse(payload: bytes) -> Any:
    """What can be read of bytes as CBOR, for a person: JSON values, with what is long cut short; `None` where nothing can."""
    found = legible(payload)
    return _shown(found, DEEP) if isinstance(found, dict) else None


def _shown(value: Any, deep: int) -> Any:
    if isinstance(value, bytes):
        inner = legible(value) if deep else None
        return _shown(inner, deep - 1) if isinstance(inner, dict) else f"{len(value)} bytes"
    if isinstance(value, (list, tuple, dict)) and not deep:
        return "…"
    if isinstance(value, dict):
        return {str(key)[:80]: _shown(entry, deep - 1) for key, entry in list(value.items())[:SHOWN]}
    if isinstance(value, (list, tuple)):
        rest = [f"… {len(value) - SHOWN} more"] if len(value) > SHOWN else []
        return [_shown(entry, deep - 1) for entry in value[:SHOWN]] + rest
    return value if isinstance(value, (bool, int, float, type(None))) else str(value)[:80]


def _letter(row: tuple[Any, ...]) -> Letter:
    return Letter(row[0], row[1], Dead(*row[2:]))


_LETTERS = "select rowid, at, spool, seq, part, reason, readings, payload from dead"
_KEEP = "insert into dead values (?, ?, ?, ?, ?, ?, ?) on conflict do update set reason = excluded.reason"
_GONE = "delete from dead where rowid = ? and spool = ? and seq = ? and part = ? and payload = ?"
"""Once a letter is gone, by another who tried it too, SQLite may give its number to the next."""
_FORGET = "delete from dead where seq < 0 and rowid not in (select rowid from dead where seq < 0 order by rowid desc limit ?)"
SCHEMA = """
create table if not exists dead(spool text, seq integer, part integer, reason text not null, readings integer not null,
  payload blob not null, at integer not null, primary key (spool, seq, part, payload));
"""
