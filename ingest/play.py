"""A recording → the spool, in slices of data time, with what it holds nothing of told as gaps."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ingest.batch import HOUR, MINUTE, Batch, Cause, Span
from ingest.spool import Spool

HOLE = MINUTE
"""A silence of a recording shorter than this is not told as a gap."""


@dataclass(slots=True)
class Recording:
    """Batches in order of time, and what they span."""

    batches: Sequence[Batch]
    start: int
    """µs UTC of the first sample of any band."""
    end: int
    """µs UTC, just after the last sample of any band."""
    first: dict[str, int] = field(default_factory=dict)
    """Band → µs UTC of its first sample."""


def recorded(batches: Iterable[Batch]) -> Recording | None:
    """`None`: it holds nothing."""
    found = sorted(batches, key=lambda batch: (batch.t0, batch.dev, batch.stream))
    if not found:
        return None
    first: dict[str, int] = {}
    for batch in found:
        first.setdefault(batch.dev, batch.t0)
    return Recording(found, found[0].t0, max(batch.end for batch in found), first)


def play(recording: Recording, spool: Spool, beyond: int, slice_: int = HOUR) -> Iterator[int]:
    """Commit slice by slice (`slice_`: µs of data time in each), giving the data time reached after each.

    At the end every band is told to `beyond` µs after the recording, so that its last minutes can be judged.
    """
    told = dict(recording.first)
    at, index = recording.start, 0
    while index < len(recording.batches) or at == recording.start:
        upto = (at // slice_ + 1) * slice_
        first = index
        while index < len(recording.batches) and recording.batches[index].t0 < upto:
            index += 1
        part = recording.batches[first:index]
        spans = list(_holes(part, told))
        done = index == len(recording.batches)
        if done:
            spans += [Span(dev, told[dev], recording.end, Cause.RECORD) for dev in told if recording.end - told[dev] >= HOLE]
        reach = recording.end + beyond if done else upto
        spool.commit(part, spans, {}, {dev: reach for dev, start in recording.first.items() if start < upto})
        at = upto
        yield min(at, recording.end)


def _holes(part: Sequence[Batch], told: dict[str, int]) -> Iterator[Span]:
    for batch in part:
        if batch.t0 - told[batch.dev] >= HOLE:
            yield Span(batch.dev, told[batch.dev], batch.t0, Cause.RECORD)
        told[batch.dev] = max(told[batch.dev], batch.end)
