"""Batches for tests: drawn by hypothesis, or made plain."""

from dataclasses import replace
from typing import Any

import cbor2
import numpy as np
from hypothesis import strategies as st

from ingest.batch import CELL, COLUMNS, DAY, HOUR, MICROS, Batch, Clock, Quality, Stream

NOON = 1_795_348_800 * MICROS  # 2026-11-22T12:00Z


def plain(stream: Stream = Stream.HR, t0: int = NOON, n: int = 3, dev: str = "d1", value: int = 70) -> Batch:
    """`n` equal samples; acceleration at 10 Hz, all else once a minute."""
    step = MICROS // 10 if stream in COLUMNS else 60 * MICROS
    shape = (n, COLUMNS.get(stream, 1))
    values = np.full(shape, value, np.int16) if stream in COLUMNS else np.full(shape, value, np.int32)
    return Batch(dev, stream, t0, step, None, values, 1 / 1024 if stream in COLUMNS else 1.0)


def noise(stream: Stream = Stream.ACC, t0: int = NOON, n: int = 3, dev: str = "d1") -> Batch:
    """As `plain`, of 16 bits, but that nothing makes it smaller than its numbers."""
    like = plain(stream, t0, n, dev)
    numbers = np.random.default_rng(t0 // MICROS).integers(-(2**15), 2**15, like.values.shape, np.int16)
    return replace(like, values=numbers)


@st.composite
def drawn(draw: st.DrawFn) -> Batch:
    """Any batch a driver or a format may make."""
    stream = draw(st.sampled_from(list(Stream)))
    n = draw(st.integers(1, 40))
    cell = draw(st.integers(NOON // CELL - 100_000, NOON // CELL + 100_000)) * CELL
    length = CELL if stream in COLUMNS else HOUR
    size = n * COLUMNS.get(stream, 1)
    bits = draw(st.sampled_from([16, 32]))
    numbers = draw(st.lists(st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1), min_size=size, max_size=size))
    wide = np.array(numbers, np.int32).reshape(n, -1)
    values = wide.astype(np.int16) if bits == 16 else wide
    if draw(st.booleans()):
        dt = draw(st.integers(1, length // n))
        return Batch(draw(_names), stream, cell, dt, None, values, draw(_scales), clock=draw(_clocks))
    gaps = draw(st.lists(st.integers(1, length // n), min_size=n - 1, max_size=n - 1))
    offsets = np.concatenate([[0], np.cumsum(gaps)]).astype(np.int32)
    until = draw(st.none() | st.integers(cell + int(offsets[-1]), cell + length))
    return Batch(draw(_names), stream, cell, None, offsets, values, draw(_scales), until, draw(_clocks))


_names = st.text("abcdef0123456789-", min_size=1, max_size=12)
_clocks = st.none() | st.builds(Clock, st.integers(-400 * DAY, 400 * DAY), st.sampled_from(Quality))
_scales = st.sampled_from([1.0, 1 / 1024, 1 / 4096, 0.01])


def changed(body: bytes, change: dict[str, Any]) -> bytes:
    """A body whose map says this instead."""
    return cbor2.dumps(cbor2.loads(body) | change)


def same(a: Batch, b: Batch) -> bool:
    """Equal in every field, numbers and their type included."""
    plain_fields = (a.dev, a.stream, a.t0, a.dt, a.scale, a.until, a.clock) == (*(b.dev, b.stream, b.t0, b.dt, b.scale, b.until, b.clock),)
    offsets = np.array_equal(a.times, b.times) and (a.offsets is None) == (b.offsets is None)
    return plain_fields and offsets and a.values.dtype == b.values.dtype and np.array_equal(a.values, b.values)
