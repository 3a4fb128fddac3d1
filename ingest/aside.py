"""Time of which readings were set aside: no silence of it says that nothing was done. Until they are stored it is a gap.

In whole minutes, which is what is judged: where the word of a step counter is missing, the seconds around it tell of stillness no more.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from ingest.batch import MINUTE, Batch, Cause, Span
from ingest.dead import Letter
from ingest.index import Index
from ingest.thinning import joined


@dataclass(frozen=True, slots=True)
class Aside:
    """A stretch of one band, and the row of a spool with the readings that are missing from it."""

    spool: str
    seq: int
    dev: str
    t0: int
    t1: int
    """End, µs UTC, exclusive."""


def around(spool: str, seq: int, what: Iterable[Batch | Span]) -> list[Aside]:
    """The minutes that batches, or spans of readings that tell no time of their own, touch."""
    found = [(one.dev, one.t0, one.end if isinstance(one, Batch) else one.t1) for one in what]
    return [Aside(spool, seq, dev, t0 // MINUTE * MINUTE, -(-t1 // MINUTE) * MINUTE) for dev, t0, t1 in found]


def enter(db: sqlite3.Connection, aside: Iterable[Aside], tried: Iterable[Letter]) -> list[Span]:
    """After `ingest.dead.enter`: keeps these, and forgets those of letters that were `tried` where no body of their row is set aside any
    more. Gives the spans that changed; saying it twice changes nothing."""
    new = [one for one in aside if db.execute(_KEEP, (one.dev, one.t1, one.t0, one.spool, one.seq)).rowcount]
    changed = [_gap(one.dev, one.t0, one.t1) for one in new]
    for row in {(letter.dead.spool, letter.dead.seq) for letter in tried if letter.dead.part >= 0}:
        changed += [_gap(*stretch) for stretch in db.execute(f"select dev, t0, t1 {_STORED}", row).fetchall()]
        db.execute(f"delete {_STORED}", row)
    return changed


def unheard(index: Index, dev: str, start: int, end: int) -> list[Span]:
    """Gaps that overlap [start, end), ascending and apart."""
    return joined(_gap(dev, t0, t1) for t0, t1 in index.all(_OVERLAPPING, dev, start, end))


def forget(db: sqlite3.Connection, before: int) -> None:
    """Stretches that ended before a time. A letter is forgotten sooner: what it held is a gap for good then."""
    db.execute("delete from aside where t1 < ?", (before,))


def _gap(dev: str, t0: int, t1: int) -> Span:
    return Span(dev, t0, t1, Cause.CORRUPT, final=False)


_KEEP = "insert or ignore into aside values (?, ?, ?, ?, ?)"
_STORED = "from aside where spool = ?1 and seq = ?2 and not exists (select 1 from dead where spool = ?1 and seq = ?2 and part >= 0)"
_OVERLAPPING = "select t0, t1 from aside where dev = ? and t1 > ? and t0 < ?"
SCHEMA = """
create table if not exists aside(dev text, t1 integer, t0 integer, spool text, seq integer,
  primary key (dev, t1, t0, spool, seq)) without rowid;
create index if not exists aside_by_row on aside(spool, seq);
"""
