"""What is left of readings for which there is no room: first the raw motion goes, for it takes the most room by far and steps and heart
rate still tell of the day; then the rest. A gap says what and when."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ingest.batch import Batch, Cause, Span, Stream
from ingest.body import decode
from ingest.forms import Refused
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
    return Parcel(kept, [*parcel.spans, *(span for span in gaps(lost) if span.dev == dev)]), gone


def gaps(batches: Iterable[Batch]) -> list[Span]:
    """The time of these batches as lost for want of room."""
    return joined(Span(batch.dev, batch.t0, batch.end, Cause.OVERFLOW) for batch in batches)


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
