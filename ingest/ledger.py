"""The books of readings: what gateways accepted beside what is stored, set aside, on its way or lost, per band and UTC day. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ingest.batch import DAY, MICROS, Cause, Span
from ingest.dead import SPANS, Dead
from ingest.deflate import legible
from ingest.gateways import Book, Gateway
from ingest.spans import left

Place = tuple[str, int]
"""A band, and a UTC day's number since 1970."""
GIVEN_UP = (
    "more is stored than is still accepted: some came here before their gateway, which did not hear so, gave them up for want of room"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One band and UTC day: accepted = stored + dead + waiting + lost + missing. Counts are of readings."""

    band: str | None
    """`None`: what was set aside and tells neither band nor day."""
    day: int | None
    """UTC day's number since 1970."""
    accepted: int | None
    """What the gateways' spools say they accepted; `None`: one of them does not say."""
    stored: int
    dead: int | None
    """Set aside with a reason; `None`: bytes of which nobody can say how many readings they hold."""
    waiting: int = 0
    """On the way: a gateway that holds them has not yet said that all of the day is delivered."""
    lost: int = 0
    """Lost with a gateway that was retired."""
    missing: int | None = 0
    """What no entry accounts for; below zero: more is stored than was accepted. `None`: unknown, as `accepted` is."""
    gaps: Mapping[str, float] = field(default_factory=dict)
    """Seconds of the day of which nothing is known of the band, or only its motion was given up, by cause."""
    note: str | None = None
    """Why more may be stored than was accepted."""


@dataclass(frozen=True, slots=True)
class Ledger:
    rows: Sequence[Row]
    """Ascending in day and band; last, if there is any, what tells neither."""

    @property
    def balanced(self) -> bool:
        """Every reading accepted is accounted for, and nobody's books are unknown. What is set aside without band and day accounts for as
        much that is missing elsewhere; what is stored though it was given up, for nothing."""
        undated = sum(row.dead or 0 for row in self.rows if row.band is None)
        if any(row.missing is None or row.dead is None or (row.missing < 0 and not row.note) for row in self.rows):
            return False
        return sum(max(row.missing or 0, 0) for row in self.rows) <= undated


def drawn(
    books: Sequence[Book],
    gateways: Sequence[Gateway],
    stored: Mapping[Place, int],
    dead: Mapping[Place | None, int | None],
    gaps: Mapping[Place, Mapping[str, float]],
    given_up: Collection[Place] = (),
) -> Ledger:
    """`stored`: as `Store.daily` gives it. `dead`: see `set_aside`. `gaps`: see `unheard`. `given_up`: see there. All of the same days."""
    known = {gateway.spool: gateway for gateway in gateways}
    told: dict[Place, list[Book]] = {}
    for book in books:
        told.setdefault((book.dev, book.day), []).append(book)
    places = sorted({*told, *stored, *gaps, *(place for place in dead if place)}, key=lambda place: (place[1], place[0]))
    rows = [_row(at, told.get(at, ()), known, stored.get(at, 0), dead.get(at, 0), gaps.get(at, {})) for at in places]
    rows = [replace(row, note=GIVEN_UP) if (row.missing or 0) < 0 and (row.band, row.day) in given_up else row for row in rows]
    if None in dead:
        rows.append(Row(None, None, 0, 0, dead[None]))
    return Ledger(rows)


def _row(at: Place, told: Sequence[Book], known: Mapping[str, Gateway], stored: int, dead: int | None, gaps: Mapping[str, float]) -> Row:
    accepted = _accepted(at, told, known, stored)
    if accepted is None or dead is None:
        return Row(*at, accepted, stored, dead, missing=None, gaps=gaps)
    short = accepted - stored - dead
    here = [book for book in told if not _closed(book, known.get(book.spool))]
    gone = [book for book in here if (held := known.get(book.spool)) and held.retired is not None]
    waiting = max(0, min(short, sum(book.accepted or 0 for book in here if book not in gone)))
    lost = max(0, min(short - waiting, sum(book.accepted or 0 for book in gone)))
    missing = short - waiting - lost
    if missing < 0 and any(book.behind for book in told):
        missing = 0  # what came since the day was told is not in the books yet
    return Row(*at, accepted, stored, dead, waiting, lost, missing, gaps)


def _accepted(at: Place, told: Sequence[Book], known: Mapping[str, Gateway], stored: int) -> int | None:
    """`None` where a spool that may hold readings of the place does not tell of it."""
    dumb = any(_dumb(at, gateway) for gateway in known.values())
    counts = [book.accepted for book in told]
    if dumb or None in counts or (stored and not told):
        return None
    return sum(n or 0 for n in counts)


def _dumb(at: Place, gateway: Gateway) -> bool:
    """Whether a spool that tells no books may still hold some of the day."""
    (dev, day), until = at, gateway.retired
    return not gateway.telling and gateway.claims.get(dev, day * DAY + DAY) < day * DAY + DAY and (until is None or until > day * DAY)


def _closed(book: Book, gateway: Gateway | None) -> bool:
    """Whether the spool says that all of the day is delivered."""
    return gateway is not None and gateway.claims.get(book.dev, 0) >= (book.day + 1) * DAY


def set_aside(letters: Sequence[Dead], holds: Callable[[str, str, int], bool] = lambda *_: False) -> dict[Place | None, int | None]:
    """Readings of dead letters by band and UTC day; under `None` those that tell neither; the count is `None` where that is unknown.

    `holds`: whether the batch of this band, stream and t0 is stored, as it came at another time. A message whose envelope cannot be read
    counts for nothing: nobody answered for it, so its gateway sends it again.
    """
    out: dict[Place | None, int | None] = {}
    for letter in letters:
        if letter.seq < 0 or letter.part == SPANS:
            continue
        for body, readings in _bodies(legible(letter.payload), None if letter.part < 0 and not letter.readings else letter.readings):
            match body:
                case {"d": str(dev), "s": str(stream), "t": int(t)}:
                    if holds(dev, stream, t):
                        continue
                    at: Place | None = (dev, t // DAY)
                case _:
                    at = None
            before = out.get(at, 0)
            out[at] = None if before is None or readings is None else before + readings
    return out


def _bodies(read: Any, readings: int | None) -> Iterator[tuple[Any, int | None]]:
    """What is no batch, no parcel or no message may still say what batches it holds, and of how many readings."""
    match read:
        case {"parcel": bytes(parcel)}:
            yield from _bodies(legible(parcel), readings)
        case {"rows": [*rows]}:
            for row in rows:
                match row:
                    case [int(), bytes(parcel)]:
                        yield from _bodies(legible(parcel), None)
                    case _:
                        yield None, None
        case {"batches": [*batches]}:
            for batch in batches:
                match batch:
                    case [int(n), bytes(body)]:
                        yield legible(body), n
                    case _:
                        yield None, None
        case _:
            yield read, readings


def given_up(spans: Sequence[Span]) -> set[Place]:
    """Bands and UTC days of which a gateway gave up readings for want of room: no longer in its books, they may have come all the same,
    where only the answer to them was lost."""
    lost = [span for span in spans if span.cause in (Cause.THINNED, Cause.OVERFLOW)]
    return {(span.dev, day) for span in lost for day in range(span.t0 // DAY, (span.t1 - 1) // DAY + 1)}


def unheard(dev: str, spans: Sequence[Span], first: int, last: int) -> Iterator[tuple[Place, dict[str, float]]]:
    """Seconds of each day from `first` to `last` (UTC day numbers, inclusive) of which nothing is known of the band, by cause; days
    without such are left out. Where spools differ, who heard it is right, and of causes the one that stands last in `Cause`. Seconds of
    which only the motion was given up count though the band was heard."""
    for day in range(first, last + 1):
        start, end = day * DAY, (day + 1) * DAY
        here = [span for span in spans if span.t0 < end and span.t1 > start]
        found: dict[str, float] = {}
        taken: list[Span] = []
        for cause in _ORDER:
            told = [span for span in here if span.cause == cause]
            over = [span for span in taken if span.cause] if cause is Cause.THINNED else taken
            seconds = sum(t1 - t0 for span in _joined(told) for t0, t1 in left(max(span.t0, start), min(span.t1, end), over)) / MICROS
            taken += told
            if seconds and cause:
                found[str(cause)] = seconds
        if found:
            yield (dev, day), found


def _joined(spans: Sequence[Span]) -> Iterator[Span]:
    """Of one kind, without overlaps."""
    reach = 0
    for span in sorted(spans, key=lambda one: one.t0):
        if span.t1 > reach:
            yield replace(span, t0=max(span.t0, reach))
            reach = span.t1


_ORDER = [Cause.CLOCK, None, *(cause for cause in reversed(Cause) if cause != Cause.CLOCK)]
"""A wrong clock first: what bears these times is of another time, even where the link was alive."""
