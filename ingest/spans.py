"""Spans as the catalog lays them: neighbours of the same kind are one row, so a month of a quiet link is not 43,000 of them."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ingest.batch import Cause, Span
from ingest.index import Index


def lay(db: sqlite3.Connection, spool: str, span: Span) -> None:
    """Saying it twice changes nothing. A correction of the clock stands by itself."""
    if span.off is not None:
        db.execute("insert or ignore into correction values (?, ?, ?, ?, ?, ?)", (spool, span.dev, span.t0, span.t1, span.off, span.final))
        return
    key = (spool, span.dev, str(span.cause or ""), int(span.final))
    same = "spool = ? and dev = ? and cause = ? and final = ?"
    # laid spans of a key are apart, so of those that begin before only the nearest can reach here
    nearest = db.execute(f"select t0, t1 from span where {same} and t0 < ? order by t0 desc limit 1", (*key, span.t0))
    inside = db.execute(f"select t0, t1 from span where {same} and t0 between ? and ?", (*key, span.t0, span.t1))
    found = [(t0, t1) for t0, t1 in nearest if t1 >= span.t0] + inside.fetchall()
    if any(t0 <= span.t0 and t1 >= span.t1 for t0, t1 in found):
        return
    db.executemany(f"delete from span where {same} and t0 = ?", [(*key, t0) for t0, _ in found])
    first, last = min([span.t0, *(t0 for t0, _ in found)]), max([span.t1, *(t1 for _, t1 in found)])
    db.execute("insert into span values (?, ?, ?, ?, ?, ?)", (*key, first, last))


def laid(index: Index, dev: str, start: int, end: int) -> list[Span]:
    """Of all spools, those that overlap [start, end), ascending."""
    found = [span for spool in _spools(index, dev) for span in _said(index, dev, spool, start, end)]
    corrected = index.all("select t0, t1, final, off from correction where dev = ? and t0 < ? and t1 > ?", dev, end, start)
    found += [Span(dev, t0, t1, Cause.CLOCK, bool(final), off) for t0, t1, final, off in corrected]
    return sorted(found, key=lambda span: span.t0)


def forget(db: sqlite3.Connection, before: int) -> None:
    """Spans that ended before a time."""
    db.execute("delete from span where t1 < ?", (before,))
    db.execute("delete from correction where t1 < ?", (before,))


def left(start: int, end: int, taken: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """What of [start, end) none of these spans covers, as (start, end), ascending."""
    for span in sorted(taken, key=lambda one: one.t0):
        if span.t0 >= end:
            break
        if span.t0 > start:
            yield start, span.t0
        start = max(start, span.t1)
    if start < end:
        yield start, end


def cut(told: Iterable[Span], taken: Sequence[Span]) -> Iterator[Span]:
    """The spans as they were, but heard only where none of the band's `taken` is."""
    for span in told:
        mine = [one for one in taken if one.dev == span.dev] if span.cause is None else []
        if mine:
            yield from (replace(span, t0=t0, t1=t1) for t0, t1 in left(span.t0, span.t1, mine))
        else:
            yield span


def _said(index: Index, dev: str, spool: str, start: int, end: int) -> list[Span]:
    """By one spool; heard only where it has not given up what was said, for rows beside such a one know nothing of that."""
    found = [span for cause, final in _KINDS for span in _rows(index, dev, spool, cause, final, start, end)]
    first, last = min([start, *(span.t0 for span in found)]), max([end, *(span.t1 for span in found)])
    gone = [span for final in (0, 1) for span in _rows(index, dev, spool, str(Cause.OVERFLOW), final, first, last)]
    return [span for span in cut(found, gone) if span.t0 < end and span.t1 > start]


def _rows(index: Index, dev: str, spool: str, cause: str, final: int, start: int, end: int) -> list[Span]:
    rows = index.all(_OVERLAPPING, dev, spool, cause, final, start, end)
    return [Span(dev, t0, t1, Cause(cause) if cause else None, bool(final)) for t0, t1 in rows if t1 > start]


def _spools(index: Index, dev: str) -> list[str]:
    """Spools that said a span of the band, by one leap through the index for each."""
    found: list[str] = []
    while more := index.all("select spool from span where dev = ? and spool > ? order by spool limit 1", dev, found[-1] if found else ""):
        found.append(more[0][0])
    return found


_KINDS = [(cause, final) for cause in ("", *map(str, Cause)) for final in (0, 1)]
_OVERLAPPING = """
select t0, t1 from (
  select t0, t1 from span where dev = ?1 and spool = ?2 and cause = ?3 and final = ?4 and t0 < ?5 order by t0 desc limit 1)
union all select t0, t1 from span where dev = ?1 and spool = ?2 and cause = ?3 and final = ?4 and t0 >= ?5 and t0 < ?6
"""
"""The nearest before a start, and those that begin between it and an end: laid spans of a key are apart."""
SCHEMA = """
create table if not exists span(spool text, dev text, cause text, final integer, t0 integer, t1 integer not null,
  primary key (dev, spool, cause, final, t0)) without rowid;
create table if not exists correction(spool text, dev text, t0 integer, t1 integer, off integer, final integer not null,
  primary key (dev, spool, t0, t1, off)) without rowid;
"""
