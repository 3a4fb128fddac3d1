"""How much of an exercise is prescribed, and what a band can tell of it."""

from typing import Literal

from detectors.plan.exercises import EXERCISES, TELLING, Sight
from detectors.plan.plan import Fixed, Item, Kind, Quota, Session

REP = 4.0
"""s for a repetition without a tempo: two up, two down (as in `domain` §3.4's lint)."""
REST = 30.0
"""s between sets, and from one exercise to the next, where nothing is prescribed (as there)."""


def minutes(item: Item) -> float:
    """Expected minutes of an item, rests between its sets included: its own minutes, or those of its repetitions and holds."""
    if item.minutes is not None:
        return item.minutes * item.sets
    sides = 2 if item.side == "both" else 1
    work = item.sets * (item.reps or 1) * _rep(item) * sides
    return (work + (item.sets - 1) * _rest(item)) / 60


def _rep(item: Item) -> float:
    """Seconds of one repetition, its hold included."""
    moving = 0.0 if item.reps is None else float(sum(item.tempo)) if item.tempo else REP
    return moving + (item.hold or 0)


def _rest(item: Item) -> float:
    return REST if item.rest is None else item.rest


def session_minutes(session: Session) -> float:
    """Expected minutes of all that is not optional, the changes from one exercise to the next included."""
    items = [item for item in session.items if not item.optional]
    return sum(map(minutes, items)) + sum(map(_rest, items[:-1])) / 60


def weekly(session: Session) -> float:
    """Sessions a week."""
    match session.when:
        case Quota(per_week=count):
            return count
        case Fixed(days=days, every=every):
            return len(set(days)) * 7 / every


def active(item: Item) -> bool:
    """Whether the patient exercises: a massage stays passive, whatever kind the plan gives it."""
    known = EXERCISES.get(item.exercise)
    return item.kind is not Kind.PASSIVE and not (known and known.passive)


def sight(item: Item) -> Sight:
    """What a band on one wrist sees of it, hands and arms as prescribed. Nothing of what it does not know or cannot hear."""
    known = EXERCISES.get(item.exercise)
    if known is None or known.passive or not active(item) or item.expect_gap:
        return Sight.NOTHING
    return next((seen for how, seen in known.better.items() if how in {item.hands, item.arms}), known.sight)


def visible(item: Item) -> bool:
    """Whether a band can tell that it was done."""
    return sight(item) in TELLING


def signal(item: Item) -> Literal["walk", "exercise"] | None:
    """The kind of bout that shows it; `None`: no bout does."""
    if not visible(item):
        return None
    return "walk" if EXERCISES[item.exercise].walk else "exercise"
