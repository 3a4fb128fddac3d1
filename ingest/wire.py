"""Values ↔ bytes: CBOR (RFC 8949), versioned. Unknown keys are ignored, an unknown version is refused.

A *parcel* is what one spool row holds: the batches and spans of one band. A *message* carries one parcel with the spool's name, the
row's number and the band's claim. A batch's body stands alone, so one bad body never spoils its parcel.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cbor2
import numpy as np
from pydantic import ValidationError

from ingest.batch import CELL, COLUMNS, Batch, Cause, Clock, Quality, Span, Stream
from ingest.forms import VERSION, AckForm, BodyForm, MessageForm, ParcelForm, Refused, first_line, loaded

EARLIEST = 946_684_800_000_000  # 2000-01-01: a band's unset clock is older than any patient here
LATEST = 4_102_444_800_000_000  # 2100-01-01


def encode(batch: Batch) -> bytes:
    """A batch's body: a CBOR map whose numbers are little-endian blobs."""
    body: dict[str, Any] = {"d": batch.dev, "s": str(batch.stream), "t": batch.t0, "x": float(batch.scale)}
    if batch.offsets is None:
        body["dt"] = batch.dt
    else:
        body["o"] = batch.offsets.astype("<i4").tobytes()
    small = batch.values.dtype == np.int16
    body["f"], body["b"] = ("i2", batch.values.astype("<i2").tobytes()) if small else ("i4", batch.values.astype("<i4").tobytes())
    if batch.until is not None:
        body["u"] = batch.until
    if batch.clock is not None:
        body["c"] = [batch.clock.offset, str(batch.clock.quality)]
    return cbor2.dumps(body)


def decode(body: bytes) -> Batch:
    """Back to the batch. Raises `Refused`."""
    try:
        got = BodyForm.model_validate(cbor2.loads(body))
        stream = Stream(got.s)
    except (cbor2.CBORDecodeError, ValidationError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(f"unreadable batch: {first_line(error)}") from error
    columns = COLUMNS.get(stream, 1)
    if got.f not in ("i2", "i4"):
        raise Refused(f"number format {got.f!r} is not known")
    width = int(got.f[1]) * columns
    if not got.b or len(got.b) % width:
        raise Refused(f"{len(got.b)} bytes are not whole samples of {width}")
    values = np.frombuffer(got.b, f"<{got.f}").reshape(-1, columns)
    offsets = _offsets(got, len(values))
    batch = Batch(got.d, stream, got.t, got.dt if offsets is None else None, offsets, values, got.x, got.u, _clock(got.c))
    return _sane(batch)


def _clock(told: Any) -> Clock | None:
    """What cannot be read was not told: no reading is refused for it."""
    match told:
        case [int(offset), str(quality)] if quality in list(Quality) and abs(offset) < LATEST:
            return Clock(offset, Quality(quality))
    return None


def _offsets(got: BodyForm, n: int) -> Any:
    if got.o is None:
        if got.dt is None or (got.dt <= 0):
            raise Refused("neither a sampling interval nor offsets")
        return None
    if len(got.o) != 4 * n:
        raise Refused(f"{len(got.o)} bytes of offsets for {n} samples")
    offsets = np.frombuffer(got.o, "<i4")
    if offsets[0] != 0 or (offsets[1:] <= offsets[:-1]).any():
        raise Refused("offsets do not ascend from 0")
    return offsets


def _sane(batch: Batch) -> Batch:
    last = batch.last
    if not (batch.t0 >= EARLIEST and last < LATEST):
        raise Refused("impossible time")
    if batch.until is not None and not last <= batch.until < LATEST:
        raise Refused("ends before its last sample")
    if not 0 < batch.scale < float("inf"):
        raise Refused("impossible scale")
    if batch.stream == Stream.ACC and batch.t0 // CELL != last // CELL:
        raise Refused("an acceleration batch crosses a cell")
    return batch


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one spool row holds: (readings, body) of each batch, and spans, all of one band."""

    bodies: Sequence[tuple[int, bytes]]
    spans: Sequence[Span] = ()


def pack(parcel: Parcel) -> bytes:
    spans = [[s.dev, s.t0, s.t1, s.cause and str(s.cause), s.final] for s in parcel.spans]
    off = {i: span.off for i, span in enumerate(parcel.spans) if span.off is not None}
    return cbor2.dumps({"v": VERSION, "batches": [list(b) for b in parcel.bodies], "spans": spans} | ({"off": off} if off else {}))


def unpack(row: bytes) -> Parcel:
    """Raises `Refused`."""
    got = loaded(row, ParcelForm, "parcel")
    try:
        spans = [Span(d, a, b, None if c is None else Cause(c), f, got.off.get(i)) for i, (d, a, b, c, f) in enumerate(got.spans)]
    except ValueError as error:
        raise Refused(f"unknown cause of a gap: {error}") from error
    if any(not EARLIEST <= s.t0 < s.t1 < LATEST for s in spans):
        raise Refused("a span of impossible time")
    return Parcel(got.batches, spans)


@dataclass(frozen=True, slots=True)
class Message:
    """One publication on a gateway's data topic (with a parcel) or status topic (without)."""

    spool: str
    """Id of the spool file; a replaced file has another."""
    turn: int
    """Rises with every message of the spool, also over restarts: the newest claim counts."""
    claims: Mapping[str, int] = field(default_factory=dict)
    """Band → everything before this time (µs UTC) is stored, or recorded as a gap, as far as this spool knows."""
    seq: int | None = None
    parcel: bytes | None = None
    books: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """Band → (UTC day's number since 1970, readings of batches that begin on it which this spool accepted), of the days told. Net of what
    it lost since for want of room or by its disk: the time of that is a gap."""
    v: int = VERSION


def seal(message: Message) -> bytes:
    out: dict[str, Any] = {"v": VERSION, "spool": message.spool, "turn": message.turn, "claims": dict(message.claims)}
    if message.books:
        out["books"] = {dev: [list(day) for day in days] for dev, days in message.books.items()}
    if message.parcel is not None:
        out |= {"seq": message.seq, "parcel": message.parcel}
    return cbor2.dumps(out)


def unseal(payload: bytes) -> Message:
    """Raises `Refused`."""
    got = loaded(payload, MessageForm, "message")
    if (got.seq is None) != (got.parcel is None):
        raise Refused("unreadable message: a parcel and its number go together")
    if any(len(day) != 2 for days in got.books.values() for day in days):
        raise Refused("unreadable message: a day in the books is a number and a count")
    books = {dev: [(day, n) for day, n in days] for dev, days in got.books.items()}
    return Message(got.spool, got.turn, got.claims, got.seq, got.parcel, books)


@dataclass(frozen=True, slots=True)
class Ack:
    """What an ingester has just committed of one spool."""

    spool: str
    stored: Sequence[tuple[int, int]]
    """Inclusive ranges of rows, ascending."""
    dead: Sequence[tuple[int, str]] = ()
    """Rows set aside whole or in part, with the reason."""


def seal_ack(ack: Ack) -> bytes:
    stored, dead = [list(r) for r in ack.stored], [list(d) for d in ack.dead]
    return cbor2.dumps({"v": VERSION, "spool": ack.spool, "stored": stored, "dead": dead})


def unseal_ack(payload: bytes) -> Ack:
    """Raises `Refused`."""
    got = loaded(payload, AckForm, "ack")
    return Ack(got.spool, got.stored, got.dead)


def ranges(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers → inclusive ranges, ascending."""
    out: list[tuple[int, int]] = []
    for row in sorted(set(rows)):
        if out and row == out[-1][1] + 1:
            out[-1] = (out[-1][0], row)
        else:
            out.append((row, row))
    return out
