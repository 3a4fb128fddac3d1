"""What was recorded of a patient in a stretch of time, whichever bands they wore."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerts.chart import Wearing
from detectors.sleep import labelled
from ingest.batch import DAY, MINUTE, Span
from ingest.bout import Bout
from ingest.minute import Minutes, laid, merged
from ingest.store import Store

Gaps = Callable[[str, int, int], list[Span]]
"""(dev, start, end) in µs UTC → the gaps of the band that overlap the range."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    minutes: Minutes
    """Ascending, one row a minute, worn and asleep told; a minute of which nothing was heard is absent."""
    bouts: Sequence[Bout]
    gaps: Sequence[Span]

    @property
    def last_heard(self) -> int | None:
        """End of the newest minute of which anything was heard, µs UTC."""
        heard = self.minutes["t"][self.minutes["coverage"] > 0]
        return int(heard[-1]) + MINUTE if len(heard) else None


def record(store: Store, gaps: Gaps, wearings: Sequence[Wearing], zone: ZoneInfo, start: int, end: int) -> Record:
    """[start, end) in µs UTC, each band only while it was this patient's. Wear and sleep are told here, as the rules tell them: from all
    that is stored by now, led in by the day before."""
    rows: list[Minutes] = []
    bouts: list[Bout] = []
    spans: list[Span] = []
    for wearing in wearings:
        first, last = max(start, wearing.start), min(end, end if wearing.end is None else wearing.end)
        if first < last:
            seen = labelled(laid(store.minutes(wearing.dev, first - DAY, last), max(first - DAY, wearing.start), last), zone)
            rows.append(seen[(seen["t"] >= first) & (seen["coverage"] > 0)])
            bouts += [b for b in store.bouts(wearing.dev, first, last) if wearing.start <= b.start < last]
            spans += [s for s in gaps(wearing.dev, first, last) if s.cause is not None]
    return Record(merged(rows), sorted(bouts, key=lambda b: b.start), sorted(spans, key=lambda s: s.t0))
