"""The independent reader: what the store holds of one band, beside what was heard, committed and claimed of it."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.batch import DAY, MICROS, Batch, Span, Stream
from ingest.frames import REPEAT
from ingest.store import Store
from lab.chaos.witness import Evidence, Values, fingerprint

LATE = MICROS // 10
"""µs by which a sample may be stamped later than it was heard: where two would have one time, the later gives way."""
Sample = tuple[int, Values]


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the catalog said during the storm."""

    at: int
    """When it had been asked, µs UTC."""
    dev: str
    upto: int
    """Everything of the band before this is stored, or a gap."""


@dataclass(slots=True)
class Account:
    """Readings of one band, or of all together."""

    accepted: int = 0
    stored: int = 0
    stored_in_storm: int = 0
    lost: int = 0
    duplicated: int = 0
    altered: int = 0
    gaps: Counter[str] = field(default_factory=Counter)
    """Cause → µs."""
    unexplained: int = 0
    """µs neither heard nor a gap."""
    claims: int = 0
    claims_wrong: int = 0

    def __add__(self, other: "Account") -> "Account":
        return Account(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one band apart from the store. Times µs UTC."""

    dev: str
    start: int
    end: int
    """Up to where its spool has heard of it."""
    accepted: int
    """By the spool's own count."""
    evidence: Evidence
    spans: Sequence[Span]
    claims: Sequence[Claimed]


def account(store: Store, told: Told, healed: int) -> Account:
    """`healed`: when the storm was over. Raises `StoreUnavailable`."""
    whole = told.start - DAY, told.end + DAY  # wide enough for times that are wrong
    found = {stream: store.batches(told.dev, stream, *whole) for stream in Stream}
    batches = [batch for some in found.values() for batch in some]
    out = Account(accepted=told.accepted, stored=sum(b.n for b in batches))
    out.stored_in_storm = sum(b.n for stream in Stream for b in store.batches(told.dev, stream, *whole, healed))
    missing, out.altered = _against_commits(batches, told.evidence)
    mute = unheard = 0
    for stream, some in found.items():
        samples = _samples(some)
        silent, invented = _against_ears(samples, told.evidence.heard.get(stream, []), told)
        mute, unheard = mute + silent, unheard + invented
        out.duplicated += len(samples) - len({at for at, _ in samples})
    moves, featured = sum(b.n for b in found[Stream.ACC]), int(store.tiles(told.dev, *whole)["n"].sum())
    # several views of the same readings: none is counted twice
    out.lost = max(out.accepted - out.stored, missing, mute, moves - featured)
    out.duplicated = max(out.duplicated, out.stored - out.accepted, featured - moves)
    out.altered = max(out.altered, unheard)
    out.gaps, out.unexplained = _gaps(told)
    out.claims = len(told.claims)
    out.claims_wrong = sum(not _true(store, claim, batches, told) for claim in told.claims)
    return out


def _against_commits(batches: Iterable[Batch], evidence: Evidence) -> tuple[int, int]:
    """Readings (missing, altered) of batches whose commit was witnessed."""
    held = {(batch.stream, batch.t0): fingerprint(batch) for batch in batches}
    missing = altered = 0
    for key, (n, print_) in evidence.committed.items():
        if key not in held:
            missing += n
        elif held[key] != print_:
            altered += n
    return missing, altered


def _against_ears(samples: Sequence[Sample], heard: Sequence[Sample], told: Told) -> tuple[int, int]:
    """Readings heard while the link is said to have been alive that are not stored; readings stored that nobody said."""
    heard = sorted(heard, key=lambda said: said[0])
    times = [at for at, _ in heard]
    used = [False] * len(heard)
    invented = 0
    for at, values in samples:
        near = range(bisect_left(times, at - LATE), bisect_right(times, at))
        # the last that fits: of two alike that were heard in a row, the first may have fallen into a gap
        match = next((i for i in reversed(near) if not used[i] and heard[i][1] == values), None)
        if match is None:
            invented += 1
        else:
            used[match] = True
    gaps = [(span.t0, span.t1) for span in told.spans if span.cause]
    begins = _begins(told)
    silent = sum(begins <= at <= told.end and not (used[i] or _repeated(heard, i) or _within(at, gaps)) for i, at in enumerate(times))
    return silent, invented


def _repeated(heard: Sequence[Sample], i: int) -> bool:
    """Whether it is told twice, of which one counts; whichever was taken."""
    return any(heard[j][1] == heard[i][1] and abs(heard[j][0] - heard[i][0]) < REPEAT for j in (i - 1, i + 1) if 0 <= j < len(heard))


def _within(at: int, gaps: Iterable[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in gaps)


def _samples(batches: Iterable[Batch]) -> list[Sample]:
    """Ascending."""
    return sorted((at, tuple(row)) for batch in batches for at, row in zip(batch.times.tolist(), batch.values.tolist(), strict=True))


def _gaps(told: Told) -> tuple[Counter[str], int]:
    """µs by cause, and µs of which nothing is said."""
    causes: Counter[str] = Counter()
    unexplained, upto = 0, _begins(told)
    for span in sorted(told.spans, key=lambda span: span.t0):
        if span.cause:
            causes[str(span.cause)] += span.t1 - span.t0
        unexplained += max(0, span.t0 - upto)
        upto = max(upto, span.t1)
    return causes, unexplained + max(0, told.end - upto)


def _begins(told: Told) -> int:
    """The band's first commit: nothing is promised of what was heard before, for until then nobody knows of the band."""
    return min([*(span.t0 for span in told.spans), *(t0 for _, t0 in told.evidence.committed)], default=told.end)


def _true(store: Store, claim: Claimed, batches: Iterable[Batch], told: Told) -> bool:
    """Whether everything before the claimed time had arrived when it was claimed."""
    asked = told.dev, told.start - DAY, claim.upto
    had = {(stream, batch.t0) for stream in Stream for batch in store.batches(asked[0], stream, *asked[1:], arrived_by=claim.at)}
    return all((batch.stream, batch.t0) in had for batch in batches if batch.t0 < claim.upto)
