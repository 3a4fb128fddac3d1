"""What of a planned session a band can see, and how much of it some bouts are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from detectors.plan import dose as dosage
from detectors.plan.plan import Item, Session
from ingest.batch import MINUTE
from ingest.bout import Bout


@dataclass(frozen=True, slots=True)
class Part:
    """The items of a session that one kind of bout shows; they share its minutes."""

    kind: str
    """Of the bouts, "walk" or "exercise"."""
    minutes: float
    """Expected of all of them together."""
    items: int


def expected(session: Session) -> bool:
    """Does it ask for anything? Passive and optional items never count against the patient."""
    return any(_counts(item) for item in session.items)


def parts(session: Session) -> tuple[Part, ...]:
    """By kind; empty where the band can see none of what is expected."""
    seen: dict[str, list[float]] = {}
    for item in session.items:
        kind = dosage.signal(item)
        if kind is not None and _counts(item):
            seen.setdefault(kind, []).append(dosage.minutes(item))
    return tuple(Part(kind, sum(minutes), len(minutes)) for kind, minutes in sorted(seen.items()))


def _counts(item: Item) -> bool:
    return dosage.active(item) and not item.optional


def kinds(wanted: Iterable[Part]) -> frozenset[str]:
    return frozenset(part.kind for part in wanted)


def length(wanted: Iterable[Part]) -> float:
    """Minutes expected of all of it."""
    return sum(part.minutes for part in wanted)


def minutes_of(bouts: Iterable[Bout], kind: str) -> float:
    return sum(bout.end - bout.start for bout in bouts if bout.kind == kind) / MINUTE


def dose(wanted: Sequence[Part], bouts: Sequence[Bout]) -> float:
    """0..1: mean over the items of seen ÷ expected minutes, none above 1; 0 where nothing can be seen."""
    items = sum(part.items for part in wanted)
    whole = sum(part.items * min(minutes_of(bouts, part.kind) / part.minutes, 1) for part in wanted if part.minutes > 0)
    return whole / items if items else 0.0


def stretches(bouts: Iterable[Bout]) -> list[Bout]:
    """By start; bouts of one kind that overlap, of two bands or twice the same, are one: what two bands saw is never added."""
    out: list[Bout] = []
    for bout in sorted(bouts, key=lambda bout: (bout.kind, bout.start, -bout.end, bout.dev)):
        if out and out[-1].kind == bout.kind and bout.start < out[-1].end:
            out[-1] = replace(out[-1], end=max(out[-1].end, bout.end))
        else:
            out.append(bout)
    return sorted(out, key=order)


def sittings(bouts: Iterable[Bout], pause: int) -> list[tuple[Bout, ...]]:
    """In groups with no more than `pause` µs between one bout and the next."""
    out: list[list[Bout]] = []
    for bout in sorted(bouts, key=order):
        if out and bout.start - max(one.end for one in out[-1]) <= pause:
            out[-1].append(bout)
        else:
            out.append([bout])
    return [tuple(group) for group in out]


def order(bout: Bout) -> tuple[int, str]:
    return bout.start, bout.kind
