"""Messages → store and catalog → acks. Keeps nothing that an answer depends on: any ingester may answer any gateway."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ingest.aside import Aside, around
from ingest.batch import DAY, Batch, Span, Stream
from ingest.body import decode
from ingest.catalog import Catalog
from ingest.dead import MESSAGE, PARCEL, SPANS, Dead, Letter, address, counted
from ingest.doubt import Doubted, doubt
from ingest.forms import Refused
from ingest.gateways import Claim, Told
from ingest.poison import AHEAD, Ahead, Outlived, hold, kind, reason, timely
from ingest.store import Store
from ingest.tally import Tally
from ingest.tile import Tiles, tiled
from ingest.wire import Ack, ranges, unpack, unseal

Answered = tuple[str, str, int | None]
"""Gateway, spool, and the life of the spool: who is answered."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where bytes came from, and they themselves; as in `Dead`."""

    gateway: str
    spool: str
    life: int | None
    seq: int
    part: int
    readings: int
    payload: bytes
    alive: Sequence[Span] = ()
    """Of a body: when the link was alive that it came over."""


@dataclass(slots=True)
class _Read:
    """What a handful of messages holds once read."""

    pieces: list[tuple[_Place, Batch]] = field(default_factory=list)
    spans: list[tuple[str, Span]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    messages: int = 0
    rows: dict[Answered, set[int]] = field(default_factory=dict)
    dead: list[Dead] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    """Of `dead`, one by one."""
    aside: list[Aside] = field(default_factory=list)
    """When what is in `dead` was read from a band."""
    refused: dict[Answered, dict[int, str]] = field(default_factory=dict)

    def set_aside(self, at: _Place, error: Exception, of: Iterable[Batch | Span] = ()) -> None:
        """`of`: what tells when it was read from a band."""
        if at.part == MESSAGE:
            spool, life, rows = address(at.payload)
            at = replace(at, spool=spool, life=life, seq=rows[0] if rows else -1)
        else:
            rows = [at.seq]
        if at.part in (MESSAGE, PARCEL):
            at = replace(at, readings=counted(at.payload))
        self.dead.append(Dead(at.spool, at.seq, at.part, why := reason(error), at.readings, at.payload))
        self.kinds.append(kind(error))
        self.aside += around(at.spool, at.seq, of)
        for seq in rows:
            self.refused.setdefault((at.gateway, at.spool, at.life), {}).setdefault(seq, why)

    def acks(self) -> list[tuple[str, Ack]]:
        out = []
        for to in dict.fromkeys([*self.rows, *self.refused]):
            (gateway, spool, life), dead = to, self.refused.get(to, {})
            out.append((gateway, Ack(spool, ranges(self.rows.get(to, set()) - dead.keys()), sorted(dead.items()), life)))
        return out


class Ingester:
    """`now()` gives µs UTC, the time at which batches count as arrived. `past`: a history is told, a recording or one made up, and its
    times are neither too old nor too new. `unset()`: whether nobody has set this machine's clock yet."""

    def __init__(
        self, store: Store, catalog: Catalog, now: Callable[[], int], past: bool = False, unset: Callable[[], bool] = lambda: False
    ) -> None:
        self._store, self._catalog, self._past, self._unset = store, catalog, past, unset
        self.now = now
        self.tally = Tally()

    def take(self, messages: Sequence[tuple[str, bytes]]) -> list[tuple[str, Ack]]:
        """(gateway, payload) in; (gateway, ack) out, only after store and catalog have committed.

        What cannot be stored is set aside with its reason and its neighbours are stored; what is of a time to come by a clock that is in
        doubt is not answered. Raises `StoreUnavailable` with nothing acked; the same messages may then be given again.
        """
        try:
            return self._take(messages)
        except Doubted as error:
            half = len(messages) // 2
            if half:
                return [*self.take(messages[:half]), *self.take(messages[half:])]
            self.tally.doubted(self.now(), str(error))
            return []
        except Exception as error:  # noqa: BLE001 — whatever it is, one of them may bring it out, and the others are not to wait for it
            hold(error)
            if len(messages) > 1:
                return [ack for message in messages for ack in self.take([message])]
            read, now = _Read(), self.now()
            [(gateway, payload)] = messages
            read.set_aside(_unread(gateway, payload), error)
            self._keep(read, now)
            return read.acks()

    def retry(self, letters: Sequence[Letter]) -> list[Dead]:
        """Tries once more to store what was set aside; what can be stored is, and is set aside no longer. Gives what still cannot be.

        Raises `StoreUnavailable`: they all stay as they were.
        """
        read, now = _Read(), self.now()
        for letter in letters:
            dead = letter.dead
            if dead.seq < 0 or dead.part == MESSAGE:
                self._open(_unread("", dead.payload), read, now)
            else:
                self._open(_Place("", dead.spool, None, dead.seq, dead.part, dead.readings, dead.payload), read, now)
        read.told.clear()  # it was said long ago: nobody was heard just now
        self._keep(read, now, letters)
        return read.dead

    def _take(self, messages: Sequence[tuple[str, bytes]]) -> list[tuple[str, Ack]]:
        read, now = _Read(), self.now()
        for gateway, payload in messages:
            self._open(_unread(gateway, payload), read, now)
        self._keep(read, now)
        return read.acks()

    def _open(self, at: _Place, read: _Read, now: int) -> None:
        """What is at a place into `read`: what is good, and what is not with the reason."""
        opened = {MESSAGE: self._message, PARCEL: self._parcel, SPANS: self._spans}.get(at.part, self._body)
        try:
            opened(at, read, now)
        except (Ahead, Outlived) as error:  # its time is not that of the link it came over, and nobody waits for it
            read.set_aside(at, error)
        except Exception as error:  # noqa: BLE001 — whatever it is, it may strike this one only and not its neighbours
            hold(error)
            read.set_aside(at, error, at.alive)

    def _message(self, at: _Place, read: _Read, now: int) -> None:
        message = unseal(at.payload)
        # a clock that is ahead would call complete what is yet to come
        claims = {dev: upto for dev, upto in message.claims.items() if self._past or upto <= now + AHEAD}
        read.claims += [Claim(message.spool, dev, upto, message.turn) for dev, upto in claims.items()]
        first = len(read.pieces)
        read.messages += bool(message.rows)
        for seq, parcel in message.rows:
            read.rows.setdefault((at.gateway, message.spool, message.life), set()).add(seq)
            self._open(_Place(at.gateway, message.spool, message.life, seq, PARCEL, 0, parcel), read, now)
        days = {(batch.dev, batch.t0 // DAY) for _, batch in read.pieces[first:]}
        read.told.append(Told(at.gateway.rpartition("/")[2], message.spool, message.turn, message.books, days))

    def _parcel(self, at: _Place, read: _Read, now: int) -> None:
        parcel = unpack(at.payload)
        alive = [span for span in parcel.spans if span.cause is None and self._timely(span, now)]
        for part, (readings, body) in enumerate(parcel.bodies):
            self._open(_Place(at.gateway, at.spool, at.life, at.seq, part, readings, body, alive), read, now)
        self._lay(replace(at, part=SPANS), parcel.spans, read, now)

    def _spans(self, at: _Place, read: _Read, now: int) -> None:
        self._lay(at, unpack(at.payload).spans, read, now)

    def _lay(self, at: _Place, spans: Sequence[Span], read: _Read, now: int) -> None:
        if all(self._timely(span, now) for span in spans):
            read.spans += [(at.spool, span) for span in spans]
        else:
            self._sure(now)
            read.set_aside(at, Ahead("it tells of a time in the future: the gateway's clock is wrong; set it"))

    def _timely(self, span: Span, now: int) -> bool:
        return self._past or span.t1 <= now + AHEAD

    def _sure(self, now: int) -> None:
        """Raises `Doubted`."""
        if why := self._doubt(now):
            raise Doubted(why)

    def _doubt(self, now: int) -> str | None:
        return doubt(now, self._catalog.reached(), self._unset())

    def _body(self, at: _Place, read: _Read, now: int) -> None:
        batch = decode(at.payload)
        if batch.n != at.readings:
            raise Refused(f"{batch.n} readings where the gateway counted {at.readings}")
        if not self._past and batch.end > now + AHEAD:
            self._sure(now)
        read.pieces.append((at, batch if self._past else timely(batch, now)))

    def _keep(self, read: _Read, now: int, tried: Sequence[Letter] = ()) -> None:
        begun = time.perf_counter()
        stored = self._write(read.pieces, read, now)
        batches = [batch for _, batch in stored]
        self._catalog.record(batches, read.spans, read.dead, read.claims, now, read.messages, read.told, tried, read.aside)
        self.tally.committed(time.perf_counter() - begun, now)
        self.tally.messages += read.messages
        self.tally.batches += len(batches)
        self.tally.readings += sum(batch.n for batch in batches)
        for name in read.kinds:
            self.tally.dead[name] += 1
        if stored:
            self.tally.struck_since = None
        elif "defect" in read.kinds:
            self.tally.struck(now)
        if self.tally.doubted_since is not None and not self._doubt(now):
            self.tally.doubted_since = None

    def _write(self, pieces: Sequence[tuple[_Place, Batch]], read: _Read, now: int) -> list[tuple[_Place, Batch]]:
        """What the store took. What it will never take is told apart by halves: a culprit among n costs 2 log₂ n writes.

        A defect of ours sets aside what it strikes even where that is all there is, and nothing is held. Gateways have a budget and thin
        their spools once it is used up; a drawer is only as small as the disk, its minutes count as gaps, and `keepup ingest dead retry
        --all` stores them after the update that a held line would wait for as well. To hold is to trust a guess that everybody is struck:
        were it wrong, one band's readings would keep all the others' from being stored. So it is told instead: `Tally.struck_since`.
        """
        if not pieces:
            return []
        try:
            batches = [batch for _, batch in pieces]
            self._store.write(batches, _tiles(batches), now)
        except Exception as error:  # noqa: BLE001 — `Rejected`, or a defect that one of them brings out
            hold(error)
            if len(pieces) == 1:
                read.set_aside(pieces[0][0], error, batches)
                return []
            half = len(pieces) // 2
            return [*self._write(pieces[:half], read, now), *self._write(pieces[half:], read, now)]
        return list(pieces)


def _unread(gateway: str, payload: bytes) -> _Place:
    return _Place(gateway, "", None, -1, MESSAGE, 0, payload)


def _tiles(batches: Sequence[Batch]) -> dict[str, Tiles]:
    moves = [b for b in batches if b.stream == Stream.ACC]
    made, rows = tiled(moves), dict[str, list[int]]()  # of all bands at once: a call costs more than a tile
    for row, batch in enumerate(moves):
        rows.setdefault(batch.dev, []).append(row)
    return {dev: made[found] for dev, found in rows.items()}
