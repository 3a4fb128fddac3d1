"""The audit: what became of each alert and what was done to a chart, one hash chain a patient. Rows in the caller's transaction.

An event holds only digests; what was done, by whom and why is its deed. Erasing a patient removes the deeds and the salt of their
digests: what stays names nobody, and the chain still verifies. The database refuses to change an event and any move `legal` does not hold.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes, token_hex

from sqlalchemy import Connection, Row, Select, delete, func, select

from alerts import tables
from alerts.alert import Event, State
from alerts.database import insert_new

NOTED = "noted"
"""Something that moved no alert: a plan assigned, a pause set, a page looked at."""
ERASED = "erased"
"""The last event of a patient."""
_FIRST = bytes(32)


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a chain does not hold."""

    chain: str
    seq: int
    what: str


def moved(tx: Connection, site: str, alert: tuple[str, str, int], old: State | None, new: State, by: str, why: str, now: int) -> None:
    """The alert (id, patient, rev after the move) went from `old`, `None` before there was one, to `new`."""
    id, patient, rev = alert  # noqa: A001 — the alert's
    _append(tx, site, patient, {"alert": id, "rev": rev, "by": by, "why": why}, "" if old is None else old.value, new.value, now)


def note(tx: Connection, site: str, patient: str, by: str, what: str, now: int) -> None:
    """Something done to a patient's chart that moved no alert, e.g. "plan rx-0002 assigned"."""
    _append(tx, site, patient, {"alert": None, "rev": 0, "by": by, "why": what}, "", NOTED, now)


def forget(tx: Connection, site: str, patient: str, by: str, now: int) -> None:
    """The chain's last event; then salt and deeds are gone, and nothing leads from the chain to the patient."""
    _append(tx, site, patient, {"alert": None, "rev": 0, "by": by, "why": ERASED}, "", ERASED, now)
    for table in (tables.deed, tables.chain):
        tx.execute(delete(table).where(table.c.patient == patient))


def events(tx: Connection, alert: str) -> list[Event]:
    return [_event(row) for row in tx.execute(_lines().where(tables.deed.c.alert == alert))]


def lines(tx: Connection, patient: str | None, therapist: str | None, after: int, most: int) -> list[Event]:
    """Up to `most` events with a higher seq than `after`, ascending; of a patient, or of a therapist's patients."""
    rows = _lines().where(tables.event.c.seq > after).limit(most)
    if patient is not None:
        rows = rows.where(tables.deed.c.patient == patient)
    if therapist is not None:
        theirs = select(tables.patient.c.id).where(tables.patient.c.therapist == therapist)
        rows = rows.where(tables.deed.c.patient.in_(theirs))
    return [_event(row) for row in tx.execute(rows)]


@dataclass(slots=True)
class Walk:
    """How far the audit was verified, what was found, and what is needed to go on from there."""

    seq: int = 0
    faults: list[Fault] = field(default_factory=list)
    heads: dict[str, bytes] = field(default_factory=dict)
    """Chain → its last hash."""
    unsalted: dict[str, Fault] = field(default_factory=dict)
    moves: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Alert → its state and rev."""


def verify(tx: Connection, walk: Walk) -> list[Fault]:
    """Where the audit does not hold: a link, a digest, a deed, a number or a move that is not what it was. None: it is whole.

    What `walk` has been past is not read again.
    """
    for row in tx.execute(_rows().where(tables.event.c.seq > walk.seq)):
        if row.seq != walk.seq + 1:
            walk.faults.append(Fault(row.chain, row.seq, "events before it are missing"))
        walk.seq = row.seq
        walk.faults += _faults(row, walk)
    return [*walk.faults, *walk.unsalted.values()]


def verify_of(tx: Connection, patient: str) -> list[Fault]:
    """As `verify`, of one patient: whether events of theirs are gone from the end of the audit shows in the whole alone."""
    d, c, walk = tables.deed.c, tables.chain.c, Walk()
    own = select(c.id).where(c.patient == patient)
    told = select(tables.event.c.chain).join_from(tables.event, tables.deed).where(d.patient == patient)
    for row in tx.execute(_rows().where(tables.event.c.chain.in_(own.union(told)))):
        walk.faults += _faults(row, walk)
    return [*walk.faults, *walk.unsalted.values()]


def _rows() -> Select[tuple[object, ...]]:
    e = tables.event.c
    rows = select(tables.event, tables.deed.c.alert, tables.deed.c.patient, tables.deed.c.rev, tables.deed.c.by, tables.deed.c.why)
    rows = rows.add_columns(tables.deed.c.seq.label("told"), tables.chain.c.salt).order_by(e.seq)
    whole = tables.event.outerjoin(tables.deed, tables.deed.c.seq == e.seq).outerjoin(tables.chain, tables.chain.c.id == e.chain)
    return rows.select_from(whole)


def replayed(tx: Connection) -> dict[str, State]:
    """Alert → its state, as the events alone say."""
    moves = select(tables.deed.c.alert, tables.event.c.new).join_from(tables.event, tables.deed).where(tables.deed.c.alert.is_not(None))
    return {row.alert: State(row.new) for row in tx.execute(moves.order_by(tables.event.c.seq))}


def _faults(row: Row[tuple[object, ...]], walk: Walk) -> Iterable[Fault]:
    if row.prev != walk.heads.get(row.chain, _FIRST):
        yield Fault(row.chain, row.seq, "it does not follow the event before it")
    if row.hash != _hash(row.prev, row.chain, row.at, row.old, row.new, row.digest):
        yield Fault(row.chain, row.seq, "it was changed")
    walk.heads[row.chain] = row.hash
    walk.unsalted.pop(row.chain, None)
    if row.salt is None:
        if row.new != ERASED:
            walk.unsalted[row.chain] = Fault(row.chain, row.seq, "its salt is gone, though nobody was erased")
    elif row.told is None:
        yield Fault(row.chain, row.seq, "what was done is missing")
    elif row.digest != _digest(row.salt, row.patient, {name: getattr(row, name) for name in _DEED}, row.old, row.new, row.at):
        yield Fault(row.chain, row.seq, "what was done was changed")
    if row.alert is not None:
        if walk.moves.get(row.alert, ("", -1)) != (row.old, row.rev - 1):
            yield Fault(row.chain, row.seq, "the alert was not there to move")
        walk.moves[row.alert] = row.new, row.rev


_DEED = ("alert", "rev", "by", "why")


def _append(tx: Connection, site: str, patient: str, deed: dict[str, object], old: str, new: str, now: int) -> None:
    chain, salt = _chain(tx, site, patient)
    e = tables.event.c
    prev = tx.execute(select(e.hash).where(e.chain == chain).order_by(e.seq.desc()).limit(1)).scalar() or _FIRST
    seq = (tx.execute(select(func.max(e.seq))).scalar() or 0) + 1  # writers come in turn, so numbers have no holes and none is seen late
    digest = _digest(salt, patient, deed, old, new, now)
    link = {"digest": digest, "prev": prev, "hash": _hash(prev, chain, now, old, new, digest)}
    tx.execute(tables.event.insert().values(site=site, seq=seq, at=now, chain=chain, old=old, new=new, **link))
    tx.execute(tables.deed.insert().values(site=site, seq=seq, patient=patient, **deed))


def _chain(tx: Connection, site: str, patient: str) -> tuple[str, bytes]:
    c = tables.chain.c
    asked = select(c.id, c.salt).where(c.patient == patient)
    if (row := tx.execute(asked).first()) is None:
        insert_new(tx, tables.chain, {"site": site, "patient": patient, "id": token_hex(16), "salt": token_bytes(32)})
        row = tx.execute(asked).one()
    return row.id, row.salt


def _digest(salt: bytes, patient: str, deed: dict[str, object], old: str, new: str, at: int) -> bytes:
    return sha256(salt + _canonical({**deed, "patient": patient, "old": old, "new": new, "at": at})).digest()


def _hash(prev: bytes, chain: str, at: int, old: str, new: str, digest: bytes) -> bytes:
    return sha256(prev + _canonical([chain, at, old, new]) + digest).digest()


def _canonical(what: object) -> bytes:
    return json.dumps(what, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _lines() -> Select[tuple[object, ...]]:
    e, d = tables.event.c, tables.deed.c
    return select(e.seq, e.at, e.old, e.new, d.alert, d.patient, d.by, d.why).join_from(tables.event, tables.deed).order_by(e.seq)


def _event(row: Row[tuple[object, ...]]) -> Event:
    old, new = State(row.old) if row.old else None, None if row.alert is None else State(row.new)
    return Event(row.seq, row.at, row.patient, row.alert, row.by, old, new, row.why)
