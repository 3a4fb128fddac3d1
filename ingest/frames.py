"""Notifications of one feed → batches: decoded, freed of repeats, with times that ascend, cut where batches must be cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingest.batch import CELL, MINUTE, Batch, Clock, Stream
from ingest.driver import BadFrame, Driver, Feed

CUTS = {Stream.ACC: CELL, Stream.GYR: CELL}
SLOW_CUT = 30 * MINUTE
"""Where the other streams are cut: half-hours, because offsets of 32 bits reach no further than 35 minutes."""

REPEAT = 5_000
"""µs within which the same bytes of one characteristic are one notification told twice (bleak issue 2002)."""

Frame = tuple[int, bytes]
"""(arrival, µs UTC; payload)."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """One frame the driver could not read, set aside."""

    dev: str
    stream: Stream
    at: int
    """µs UTC."""
    payload: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Cut:
    """What became of n frames: n = readings in `batches` + `repeats` + len(`aside`)."""

    batches: list[Batch]
    repeats: int
    aside: list[Malformed]


def cut(
    dev: str,
    driver: Driver,
    feed: Feed,
    frames: Sequence[Frame],
    after: int | None = None,
    held_to: int | None = None,
    clock: Clock | None = None,
) -> Cut:
    """Frames of one feed, heard over one uninterrupted subscription, as batches ascending in time.

    `after` is the time of the stream's last committed sample (µs UTC): every sample gets a later one. `held_to`: up to where
    the link is known to have been alive (µs UTC); an on-change batch says that its last value held until there, at most to its cut.
    `clock`: how far the times of arrival are to be trusted.
    """
    at = np.fromiter((frame[0] for frame in frames), np.int64, len(frames))
    payloads = [frame[1] for frame in frames]
    if (at[1:] < at[:-1]).any():
        order = np.argsort(at, kind="stable")
        at, payloads = at[order], [payloads[i] for i in order]
    once = ~_repeats(at, payloads, REPEAT if feed.period is None else min(REPEAT, feed.period))
    if repeats := int((~once).sum()):
        at, payloads = at[once], [payload for payload, new in zip(payloads, once, strict=True) if new]
    at, values, aside = _decoded(dev, driver, feed, at, payloads)
    return Cut(_batches(dev, feed, _ascending(at, after), values, held_to, clock), repeats, aside)


def _repeats(at: NDArray[np.int64], payloads: Sequence[bytes], within: int) -> NDArray[np.bool_]:
    """Which frames say what the one before them said, and so soon that nobody said it again."""
    repeats = np.zeros(len(at), np.bool_)
    soon = (np.flatnonzero(np.diff(at) < within) + 1).tolist()
    repeats[soon] = [payloads[i] == payloads[i - 1] for i in soon]
    return repeats


def _decoded(
    dev: str, driver: Driver, feed: Feed, at: NDArray[np.int64], payloads: Sequence[bytes]
) -> tuple[NDArray[np.int64], NDArray[np.int16] | NDArray[np.int32], list[Malformed]]:
    try:
        return at, driver.decode(feed, payloads), []
    except BadFrame:
        readable = np.ones(len(at), np.bool_)
    aside = []
    for i, payload in enumerate(payloads):
        try:
            driver.decode(feed, [payload])
        except BadFrame as error:
            readable[i] = False
            aside.append(Malformed(dev, feed.stream, int(at[i]), payload, str(error)))
    return at[readable], driver.decode(feed, [payload for payload, good in zip(payloads, readable, strict=True) if good]), aside


def _ascending(at: NDArray[np.int64], after: int | None) -> NDArray[np.int64]:
    """Each time at least 1 µs after the one before it, the first after `after`."""
    steps = np.arange(len(at), dtype=np.int64)
    level = at - steps if after is None else np.maximum(at - steps, after + 1)
    return np.maximum.accumulate(level) + steps


def _batches(
    dev: str,
    feed: Feed,
    at: NDArray[np.int64],
    values: NDArray[np.int16] | NDArray[np.int32],
    held_to: int | None,
    clock: Clock | None,
) -> list[Batch]:
    length = CUTS.get(feed.stream, SLOW_CUT)
    slots = at // length
    bounds = [0, *(np.flatnonzero(np.diff(slots)) + 1).tolist(), len(at)] if len(at) else []
    batches = []
    for first, last in pairwise(bounds):
        t0, end = int(at[first]), (int(slots[first]) + 1) * length
        until = min(end, held_to) if feed.on_change and held_to is not None else 0
        offsets = (at[first:last] - t0).astype(np.int32)
        holds = until if until > t0 + int(offsets[-1]) else None
        batches.append(Batch(dev, feed.stream, t0, None, offsets, values[first:last], feed.scale, holds, clock))
    return batches
