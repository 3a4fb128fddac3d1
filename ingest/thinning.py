"""What is left of readings for which there is no room: first the raw motion goes, for it takes the most room by far and steps and heart
rate still tell of the day; then the rest. A gap says what and when.

Of motion in whole cells, for features of a part of one are none, and so neighbours join. Of the rest in whole minutes, which is what is
judged, and in place of the time the link was alive: where the word of a step counter is gone, its silence tells of stillness no more.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ingest.batch import CELL, MINUTE, Batch, Cause, Span, Stream
from ingest.body import decode
from ingest.forms import Refused
from ingest.spans import cut
from ingest.store import RAW
from ingest.wire import Parcel

WHOLE, SLOW, TOLD = 2, 1, 0
"""What a row holds: raw motion; other readings only; no readings, only spans."""


def thinned(parcel: Parcel, dev: str, raw_only: bool) -> tuple[Parcel, int]:
    """The parcel without its raw motion, or without all that can be read, with gaps in their place; and how many readings went."""
    kept: list[tuple[int, bytes]] = []
    lost: list[Batch] = []
    gone = 0
    for n, body in parcel.bodies:
        try:
            batch = decode(body)
        except Refused:  # it is set aside, with its reason, where it arrives
            kept.append((n, body))
            continue
        if raw_only and batch.stream not in RAW:
            kept.append((n, body))
        else:
            lost.append(batch)
            gone += n
    return Parcel(kept, told([*parcel.spans, *gaps(batch for batch in lost if batch.dev == dev)])), gone


def gaps(batches: Iterable[Batch]) -> Iterator[Span]:
    """The time of these batches as lost for want of room."""
    for batch in batches:
        cause, grain = (Cause.THINNED, CELL) if batch.stream in RAW else (Cause.OVERFLOW, MINUTE)
        yield Span(batch.dev, batch.t0 // grain * grain, -(-batch.end // grain) * grain, cause)


def told(spans: Sequence[Span]) -> list[Span]:
    """As few as say the same, and heard only where no more than motion was given up."""
    return joined(cut(spans, [span for span in spans if span.cause is Cause.OVERFLOW]))


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans of one kind that touch or overlap as one, in the order of band and time."""
    out: list[Span] = []
    for span in sorted(spans, key=lambda s: (*_kind(s), s.t0)):
        last = out[-1] if out else None
        if last and _kind(last) == _kind(span) and span.t0 <= last.t1:
            out[-1] = replace(last, t1=max(last.t1, span.t1))
        else:
            out.append(span)
    return sorted(out, key=lambda s: (s.dev, s.t0))


def _kind(span: Span) -> tuple[str, str, bool, int]:
    return span.dev, span.cause or "", span.final, span.off or 0


def weight(streams: Sequence[Stream]) -> int:
    """Of a row with batches of these streams."""
    if RAW & set(streams):
        return WHOLE
    return SLOW if streams else TOLD
