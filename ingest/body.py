"""A batch ↔ its body: a CBOR map (RFC 8949). A body stands alone, so one bad body never spoils its parcel.

The numbers in it are planes: differences from row to row, column after column, their sign in the lowest bit, all low bytes before all
high ones. Deflated, a second of a wrist so takes little more than what moved in it. Bare little-endian numbers, the older form, are read.
"""

from typing import Any

import cbor2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from ingest.batch import CELL, COLUMNS, Batch, Clock, Quality, Stream
from ingest.forms import BodyForm, Refused, first_line

EARLIEST = 946_684_800_000_000  # 2000-01-01: a band's unset clock is older than any patient here
LATEST = 4_102_444_800_000_000  # 2100-01-01
QUALITIES = {str(quality) for quality in Quality}
Numbers = NDArray[np.int16] | NDArray[np.int32]


def encode(batch: Batch) -> bytes:
    body: dict[str, Any] = {"d": batch.dev, "s": str(batch.stream), "t": batch.t0, "x": float(batch.scale)}
    if batch.offsets is None:
        body["dt"] = batch.dt
    else:
        body["o"] = _planes(batch.offsets.astype(np.int32).reshape(-1, 1))
    small = batch.values.dtype == np.int16
    body["f"] = "p2" if small else "p4"
    if batch.until is not None:
        body["u"] = batch.until
    if batch.clock is not None:
        body["c"] = [batch.clock.offset, str(batch.clock.quality)]
    body["b"] = _planes(batch.values if small else batch.values.astype(np.int32))
    return cbor2.dumps(body)


def decode(body: bytes) -> Batch:
    """Back to the batch. Raises `Refused`."""
    try:
        got = BodyForm.model_validate(cbor2.loads(body))
        stream = Stream(got.s)
    except (cbor2.CBORDecodeError, ValidationError, ValueError, RecursionError) as error:
        raise Refused(f"unreadable batch: {first_line(error)}") from error
    columns = COLUMNS.get(stream, 1)
    if got.f not in ("p2", "p4", "i2", "i4"):
        raise Refused(f"number format {got.f!r} is not known")
    width = int(got.f[1]) * columns
    if not got.b or len(got.b) % width:
        raise Refused(f"{len(got.b)} bytes are not whole samples of {width}")
    read = _numbers if got.f[0] == "p" else _bare
    values = read(got.b, f"i{got.f[1]}", columns)
    offsets = None if _regular(got, len(values)) else _ascending(read(got.o or b"", "i4", 1)[:, 0])
    batch = Batch(got.d, stream, got.t, got.dt if offsets is None else None, offsets, values, got.x, got.u, _clock(got.c))
    return _sane(batch)


def _planes(values: Numbers) -> bytes:
    """Of values of shape (n, columns)."""
    width = values.itemsize
    steps = values.T.copy()
    steps[:, 1:] -= values.T[:, :-1]
    signed = (steps << 1 ^ steps >> 8 * width - 1).astype(f"<i{width}", copy=False)
    return signed.view(np.uint8).reshape(-1, width).T.tobytes()


def _numbers(planes: bytes, form: str, columns: int) -> Numbers:
    """Shape (n, columns), from `_planes`."""
    width = int(form[1])
    signed = np.ascontiguousarray(np.frombuffer(planes, np.uint8).reshape(width, -1).T).view(f"<u{width}").reshape(columns, -1)
    steps = (signed >> 1 ^ -(signed & 1)).view(f"<{form}")
    return np.cumsum(steps, 1, dtype=steps.dtype).T


def _bare(blob: bytes, form: str, columns: int) -> Numbers:
    return np.frombuffer(blob, f"<{form}").reshape(-1, columns)


def _clock(told: Any) -> Clock | None:
    """What cannot be read was not told: no reading is refused for it."""
    match told:
        case [int(offset), str(quality)] if quality in QUALITIES and abs(offset) < LATEST:
            return Clock(offset, Quality(quality))
    return None


def _regular(got: BodyForm, n: int) -> bool:
    if got.o is None:
        if got.dt is None or (got.dt <= 0):
            raise Refused("neither a sampling interval nor offsets")
        return True
    if len(got.o) != 4 * n:
        raise Refused(f"{len(got.o)} bytes of offsets for {n} samples")
    return False


def _ascending(offsets: Any) -> Any:
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
