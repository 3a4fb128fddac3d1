"""What each gateway's spool said of itself: how much it accepted, how far it is complete, when it was last heard; and that it is gone."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.batch import DAY, Cause, Span
from ingest.index import Index
from ingest.spans import left


@dataclass(frozen=True, slots=True)
class Claim:
    """What one spool says of one band: everything before `upto` (µs UTC) is stored or a gap."""

    spool: str
    dev: str
    upto: int
    turn: int


@dataclass(frozen=True, slots=True)
class Told:
    """What one message says beside its readings."""

    gateway: str
    """Its name, the last part of its topics."""
    spool: str
    turn: int
    books: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """As in `ingest.wire.Message`."""
    days: Collection[tuple[str, int]] = ()
    """(band, UTC day's number since 1970) on which readings of its parcel begin."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """One spool, which is one gateway's until its card is replaced."""

    spool: str
    name: str
    heard: int
    """When it was last heard, µs UTC by the ingester's clock."""
    telling: bool
    """Whether it ever told how much it accepted; one of an older KeepUp does not."""
    retired: int | None
    """Since when it counts no more, µs UTC."""
    claims: Mapping[str, int]
    """Band → everything before this is stored or a gap, µs UTC."""


@dataclass(frozen=True, slots=True)
class Book:
    """What one spool told of one band and UTC day."""

    spool: str
    dev: str
    day: int
    accepted: int | None
    """Readings of batches that begin on the day, ever accepted and not given up; `None`: it never told."""
    behind: bool
    """Readings of the day came after it was last told, so that more may be stored than was told."""


class Gateways:
    """Every method raises `StoreUnavailable`."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def all(self) -> list[Gateway]:
        """Those ever heard, ascending in name and then in when they were heard."""
        claims: dict[str, dict[str, int]] = {}
        for spool, dev, upto in self._index.all("select spool, dev, upto from claim order by dev"):
            claims.setdefault(spool, {})[dev] = upto
        return [
            Gateway(s, name, heard, bool(telling), retired, claims.get(s, {})) for s, name, heard, telling, retired in self._index.all(_ALL)
        ]

    def books(self, first: int, last: int) -> list[Book]:
        """Of the days from `first` to `last`, both UTC day numbers and inclusive."""
        return [Book(s, dev, day, n, bool(behind)) for s, dev, day, n, behind in self._index.all(_BOOKS, first, last)]

    def complete_to(self, dev: str) -> int | None:
        """The earliest claim of the spools that hold the band. One that is retired counts no more; if all are, what they said and the gaps
        after it reach to when the last was."""
        found: int | None = self._index.all(_COMPLETE, dev)[0][0]
        return found

    def told_to(self) -> int | None:
        """The newest time that a gateway claims something up to; `None`: none does. An ingester takes no claim of a time to come."""
        found: int | None = self._index.all("select max(upto) from claim")[0][0]
        return found

    def completeness(self) -> dict[str, int]:
        """Band → `complete_to`, of all bands that somebody claims something of."""
        return dict(self._index.all(_COMPLETENESS))

    def gaps(self, dev: str, start: int, end: int, known: Sequence[Span]) -> list[Span]:
        """What of [start, end) went with a retired spool, and is not `known` from elsewhere. A spool that is heard again takes it back."""
        rows = self._index.all("select upto, retired from claim join spool using (spool) where dev = ? and retired > upto", dev)
        out: list[Span] = []
        for upto, retired in sorted(rows):
            for t0, t1 in left(max(upto, start), min(retired, end), [*known, *out]):
                out.append(Span(dev, t0, t1, Cause.GATEWAY))
        return out

    def retire(self, spool: str, now: int) -> bool:
        """From `now` on the spool is gone for good, until a message comes from it. False: nobody knows such a spool."""
        with self._index.writing() as db:
            return db.execute("update spool set retired = ? where spool = ?", (now, spool)).rowcount > 0


def enter(db: sqlite3.Connection, claims: Sequence[Claim], told: Sequence[Told], now: int) -> None:
    """Saying it twice, or late, changes nothing but when a spool was last heard."""
    db.executemany(_CLAIM, [(c.spool, c.dev, c.upto, c.turn) for c in claims])
    db.executemany(_HEARD, [(one.spool, one.gateway, now) for one in told])
    db.executemany(_HELD, [(one.spool, dev, day, one.turn) for one in told for dev, day in one.days])
    entries = [(t.spool, dev, day, n, t.turn) for t in told for dev, days in t.books.items() for day, n in days]
    db.executemany(_ENTRY, entries)


def forget(db: sqlite3.Connection, before: int) -> None:
    """Books of days that ended before a time, and spools not heard since."""
    db.execute("delete from book where day < ?", (before // DAY,))
    db.execute("delete from claim where spool in (select spool from spool where heard < ?)", (before,))
    db.execute("delete from spool where heard < ?", (before,))


_ALL = """
select spool, gateway, heard, exists (select 1 from book where book.spool = spool.spool and n is not null), retired from spool
order by gateway, heard, spool
"""
_CLAIM = (
    "insert into claim values (?, ?, ?, ?) on conflict do update set upto = excluded.upto, turn = excluded.turn where excluded.turn > turn"
)
_HEARD = """
insert into spool values (?, ?, ?, null)
on conflict do update set gateway = excluded.gateway, heard = max(heard, excluded.heard), retired = null
"""
_HELD = "insert into book values (?, ?, ?, null, -1, ?) on conflict do update set held = max(held, excluded.held)"
_ENTRY = """
insert into book values (?, ?, ?, ?, ?, -1) on conflict do update set n = excluded.n, turn = excluded.turn where excluded.turn > turn
"""
_BOOKS = """
select spool, dev, day, n, held > turn from book where day between ? and ? order by day, dev, spool
"""
_COMPLETENESS = """
select dev, coalesce(min(case when retired is null then upto end), max(max(retired, upto))) from claim left join spool using (spool)
group by dev
"""
_COMPLETE = """
select coalesce(min(case when retired is null then upto end), max(max(retired, upto))) from claim left join spool using (spool)
where dev = ?
"""
SCHEMA = """
create table if not exists claim(spool text, dev text, upto integer not null, turn integer not null,
  primary key (spool, dev)) without rowid;
create table if not exists spool(spool text primary key, gateway text not null, heard integer not null, retired integer) without rowid;
create table if not exists book(spool text, dev text, day integer, n integer, turn integer not null, held integer not null,
  primary key (spool, dev, day)) without rowid;
"""
"""`book.turn`: turn of the message that told `n`; `book.held`: of the newest with readings of the day."""
