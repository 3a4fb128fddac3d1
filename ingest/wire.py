"""Values ↔ bytes: CBOR (RFC 8949), versioned. Unknown keys are ignored, an unknown version is refused.

A *parcel* is what one spool row holds: the batches and spans of one band. A *message* carries rows with the spool's name and the claims
of their bands. A parcel is deflated, for its bodies are alike; one that is not, the older form, is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cbor2

from ingest.batch import Cause, Span
from ingest.body import EARLIEST, LATEST
from ingest.deflate import deflated, inflated
from ingest.forms import VERSION, AckForm, MessageForm, ParcelForm, Refused, loaded


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one spool row holds: (readings, body) of each batch, and spans, all of one band."""

    bodies: Sequence[tuple[int, bytes]]
    spans: Sequence[Span] = ()


def pack(parcel: Parcel) -> bytes:
    spans = [[s.dev, s.t0, s.t1, s.cause and str(s.cause), s.final] for s in parcel.spans]
    off = {i: span.off for i, span in enumerate(parcel.spans) if span.off is not None}
    return deflated(
        cbor2.dumps({"v": VERSION, "batches": [list(b) for b in parcel.bodies], "spans": spans} | ({"off": off} if off else {}))
    )


def unpack(row: bytes) -> Parcel:
    """Raises `Refused`."""
    got = loaded(inflated(row), ParcelForm, "parcel")
    try:
        spans = [Span(d, a, b, None if c is None else Cause(c), f, got.off.get(i)) for i, (d, a, b, c, f) in enumerate(got.spans)]
    except ValueError as error:
        raise Refused(f"unknown cause of a gap: {error}") from error
    if any(not EARLIEST <= s.t0 < s.t1 < LATEST for s in spans):
        raise Refused("a span of impossible time")
    return Parcel(got.batches, spans)


LIFE = 32


@dataclass(frozen=True, slots=True)
class Message:
    """One publication on a gateway's data topic (with rows) or status topic (without)."""

    spool: str
    """Id of the spool file; a replaced file has another."""
    turn: int
    """Rises with every message of the spool, also over restarts: the newest claim counts. From `LIFE` on its bits say in which life of
    the spool: a file brought back from a copy gives its rows' numbers anew."""
    claims: Mapping[str, int] = field(default_factory=dict)
    """Band → everything before this time (µs UTC) is stored, or recorded as a gap, as far as this spool knows."""
    rows: Sequence[tuple[int, bytes]] = field(default_factory=list)
    """Of the spool: number and parcel. Each stands alone, as if it had come in a message of its own."""
    books: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """Band → (UTC day's number since 1970, readings of batches that begin on it which this spool accepted), of the days told. Net of what
    it lost since for want of room or by its disk: the time of that is a gap."""
    v: int = VERSION

    @property
    def life(self) -> int:
        """Of the spool."""
        return self.turn >> LIFE


def seal(message: Message) -> bytes:
    out: dict[str, Any] = {"v": VERSION, "spool": message.spool, "turn": message.turn, "claims": dict(message.claims)}
    if message.books:
        out["books"] = {dev: [list(day) for day in days] for dev, days in message.books.items()}
    if message.rows:
        out["rows"] = [list(row) for row in message.rows]
    return cbor2.dumps(out)


def unseal(payload: bytes) -> Message:
    """Raises `Refused`."""
    got = loaded(payload, MessageForm, "message")
    if (got.seq is None) != (got.parcel is None):
        raise Refused("unreadable message: a parcel and its number go together")
    if any(len(day) != 2 for days in got.books.values() for day in days):
        raise Refused("unreadable message: a day in the books is a number and a count")
    books = {dev: [(day, n) for day, n in days] for dev, days in got.books.items()}
    rows = got.rows if got.seq is None or got.parcel is None else [(got.seq, got.parcel)]  # the older form holds one
    return Message(got.spool, got.turn, got.claims, rows, books)


@dataclass(frozen=True, slots=True)
class Ack:
    """What an ingester has just committed of one life of one spool."""

    spool: str
    stored: Sequence[tuple[int, int]]
    """Inclusive ranges of rows, ascending."""
    dead: Sequence[tuple[int, str]] = ()
    """Rows set aside whole or in part, with the reason."""
    life: int | None = None
    """`None`: not told, or the message could not be read so far."""


def seal_ack(ack: Ack) -> bytes:
    stored, dead = [list(r) for r in ack.stored], [list(d) for d in ack.dead]
    life = {} if ack.life is None else {"life": ack.life}
    return cbor2.dumps({"v": VERSION, "spool": ack.spool, "stored": stored, "dead": dead} | life)


def unseal_ack(payload: bytes) -> Ack:
    """Raises `Refused`."""
    got = loaded(payload, AckForm, "ack")
    return Ack(got.spool, got.stored, got.dead, got.life)


def ranges(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers → inclusive ranges, ascending."""
    out: list[tuple[int, int]] = []
    for row in sorted(set(rows)):
        if out and row == out[-1][1] + 1:
            out[-1] = (out[-1][0], row)
        else:
            out.append((row, row))
    return out
