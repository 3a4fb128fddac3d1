"""Messages → store and catalog → acks. Holds no state of its own: any ingester may answer any gateway."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ingest.batch import Batch, Span, Stream
from ingest.catalog import Catalog, Claim, Dead
from ingest.forms import Refused
from ingest.store import Store
from ingest.tile import Tiles, tiled
from ingest.wire import Ack, Message, Parcel, decode, ranges, unpack, unseal


@dataclass(slots=True)
class _Read:
    """What a handful of messages holds once read."""

    batches: list[Batch] = field(default_factory=list)
    spans: list[tuple[str, Span]] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    messages: int = 0
    stored: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    refused: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)


class Ingester:
    """`now()` gives µs UTC, the time at which batches count as arrived."""

    def __init__(self, store: Store, catalog: Catalog, now: Callable[[], int]) -> None:
        self._store = store
        self._catalog = catalog
        self._now = now

    def take(self, messages: Sequence[tuple[str, bytes]]) -> list[tuple[str, Ack]]:
        """(gateway, payload) in; (gateway, ack) out, only after store and catalog have committed.

        A body that cannot be read is set aside with its reason and its neighbours are stored. Raises `StoreUnavailable` with nothing
        acked; the same messages may then be given again.
        """
        read = _Read()
        for gateway, payload in messages:
            _read(gateway, payload, read)
        now = self._now()
        if read.batches:
            self._store.write(read.batches, _tiles(read.batches), now)
        self._catalog.record(read.batches, read.spans, read.dead, read.claims, now, read.messages)
        answered = dict.fromkeys([*read.stored, *read.refused])
        return [(at, Ack(spool, ranges(read.stored.get((at, spool), ())), read.refused.get((at, spool), ()))) for at, spool in answered]


def _read(gateway: str, payload: bytes, read: _Read) -> None:
    try:
        message = unseal(payload)
    except Refused as reason:
        read.dead.append(Dead("", -1, -1, str(reason), 0, payload))
        return
    read.claims += [Claim(message.spool, dev, upto, message.turn) for dev, upto in message.claims.items()]
    if message.parcel is None or message.seq is None:
        return
    read.messages += 1
    try:
        parcel = unpack(message.parcel)
    except Refused as reason:
        read.dead.append(Dead(message.spool, message.seq, -1, str(reason), 0, message.parcel))
        read.refused.setdefault((gateway, message.spool), []).append((message.seq, str(reason)))
        return
    reasons = _open(message, message.seq, parcel, read)
    if reasons:
        read.refused.setdefault((gateway, message.spool), []).append((message.seq, reasons[0]))
    else:
        read.stored.setdefault((gateway, message.spool), []).append(message.seq)


def _open(message: Message, seq: int, parcel: Parcel, read: _Read) -> list[str]:
    """The parcel's good parts into `read`, its bad ones set aside; returns the reasons."""
    read.spans += [(message.spool, span) for span in parcel.spans]
    reasons = []
    for part, (n, body) in enumerate(parcel.bodies):
        try:
            batch = decode(body)
            if batch.n != n:
                raise Refused(f"{batch.n} readings where the gateway counted {n}")
            read.batches.append(batch)
        except Refused as reason:
            read.dead.append(Dead(message.spool, seq, part, str(reason), n, body))
            reasons.append(str(reason))
    return reasons


def _tiles(batches: Sequence[Batch]) -> dict[str, Tiles]:
    moves = [b for b in batches if b.stream == Stream.ACC]
    return {dev: tiled([b for b in moves if b.dev == dev]) for dev in dict.fromkeys(b.dev for b in moves)}
