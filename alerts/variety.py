"""Many ways to say one thing, and which of them is said next. Pure."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from string import Formatter

FORTNIGHT = 14
"""Days in which nobody reads the same twice (research note `domain` §5.3); `recent` below holds the texts of so many days."""
Ways = tuple[str, ...]
Levels = tuple[Ways, Ways, Ways]
"""By detail: 0 for any lock screen, 1 "your set", 2 in full. Fields in braces are filled from facts."""


def each(openings: Ways, endings: Ways) -> Ways:
    """Every opening with every ending."""
    return tuple(f"{opening} {ending}" for opening in openings for ending in endings)


def choose(levels: Levels, detail: int, facts: Mapping[str, str], turn: int, recent: Sequence[str]) -> str:
    """A way of this detail whose every field is known, or of the next lower that has one; see `pick`."""
    for level in range(detail, -1, -1):
        if ways := tuple(way for way in levels[level] if fields(way) <= facts.keys()):
            return pick(ways, turn, recent).format(**facts)
    raise ValueError("the lowest level of detail may not ask for facts")


def pick(ways: Ways, turn: int, recent: Sequence[str]) -> str:
    """`turn` picks among those not said in `recent` (oldest first); if all were, the one said longest ago."""
    last = {way: max((n for n, text in enumerate(recent) if _said(way, text)), default=-1) for way in ways}
    fresh = [way for way in ways if last[way] < 0]
    return fresh[turn % len(fresh)] if fresh else min(ways, key=last.__getitem__)


def fields(way: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(way) if name is not None}


def _said(way: str, text: str) -> bool:
    """Whatever its fields were filled with, and whatever stands before it."""
    return _pattern(way).search(text) is not None


@cache
def _pattern(way: str) -> re.Pattern[str]:
    parts = [re.escape(literal) + ("" if name is None else ".+") for literal, name, _, _ in Formatter().parse(way)]
    return re.compile(rf"(?:^|: ){''.join(parts)}$")
