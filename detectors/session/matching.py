"""Which bouts are which planned session. Each bout serves one; arrival order is irrelevant."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from detectors import dates
from detectors.outcome import SEEN, Judged
from detectors.plan.occurrence import Occurrence, Zones
from detectors.plan.plan import Quota
from detectors.session.evidence import dose, kinds, minutes_of, order, parts, sittings, stretches
from detectors.session.measures import Params
from ingest.batch import DAY, MICROS, MINUTE
from ingest.bout import Bout

ROUNDING = 0.05
"""Minutes by which those told of a session may be off."""
Given = dict[str, tuple[Bout, ...]]
"""Occurrence id → its bouts, ascending."""


@dataclass(frozen=True, slots=True)
class Matched:
    sessions: Mapping[str, tuple[Bout, ...]]
    """Occurrence id → its bouts, ascending; none: not among them."""
    rest: tuple[Bout, ...]
    """What served none, ascending."""


def matched(
    planned: Sequence[Occurrence], bouts: Sequence[Bout], earlier: Sequence[Judged], zones: Zones, end: int, params: Params
) -> Matched:
    """`planned` ascending; those excused are given what falls into their window, but nothing is made up for them.

    In time comes first, whatever else the bout might serve; then a week's quota; then what is made up, the longest owed first.
    `earlier`: sessions judged before, whose bouts are not given again. `end`: up to when everything is known, µs UTC.
    """
    rest = set(stretches(bouts))
    given = _in_time([one for one in planned if not one.quota], rest)
    rest -= _served(rest, earlier)
    given |= _in_weeks([one for one in planned if one.quota], rest, zones, params)
    for one in planned:
        if not one.quota and one.excused is None and one.end <= end and dose(parts(one.session), given.get(one.id, ())) < params.partial:
            _make_up(one, given, rest, params)
    return Matched(given, tuple(sorted(rest, key=order)))


def _in_time(fixed: Sequence[Occurrence], rest: set[Bout]) -> Given:
    """To each session what begins in its window, the nearest to its planned time first, until it is whole."""
    pairs = sorted(
        ((abs(bout.start - (one.planned or one.start)), one.start, one.id, order(bout), one, bout) for one in fixed for bout in rest
         if one.start <= bout.start < one.end),
        key=lambda pair: pair[:4],
    )  # fmt: skip
    given: dict[str, list[Bout]] = defaultdict(list)
    for *_, one, bout in pairs:
        wanted = next((part.minutes for part in parts(one.session) if part.kind == bout.kind), 0)
        if bout in rest and minutes_of(given[one.id], bout.kind) < wanted:
            given[one.id].append(bout)
            rest.remove(bout)
    return {id_: tuple(sorted(bouts, key=order)) for id_, bouts in given.items() if bouts}


def _served(rest: set[Bout], earlier: Sequence[Judged]) -> set[Bout]:
    """What was taken for a session that began before what is looked at, e.g. a walk of that week's quota: of each kind as much as it had,
    for between its bouts there may be some of another session."""
    since = dates.minute(min((bout.start for bout in rest), default=0))
    taken: set[Bout] = set()
    for one in earlier:
        began, ended = str(one.facts.get("began", "")), str(one.facts.get("ended", ""))
        if one.outcome not in SEEN or not ended > since:  # written alike, instants are in the order of their letters
            continue
        here = sorted((bout for bout in rest - taken if began <= dates.minute(bout.start) < ended), key=order)
        for kind in ("exercise", "walk"):
            left = float(one.facts.get(f"{kind}_min", 0))
            for bout in here:
                if bout.kind == kind and left > ROUNDING:
                    taken.add(bout)
                    left -= minutes_of([bout], kind)
    return taken


def _in_weeks(quotas: Sequence[Occurrence], rest: set[Bout], zones: Zones, params: Params) -> Given:
    given: Given = {}
    for group in by_week(quotas):
        best = _best(group, list(_chances(group, rest, zones, params)), params)
        for one, (_, bouts) in zip(group, best, strict=False):
            given[one.id] = bouts
            rest -= set(bouts)
    return given


def by_week(quotas: Sequence[Occurrence]) -> Iterator[list[Occurrence]]:
    """The occurrences of one session and one week, in the order of their numbers; those excused come last."""

    def of(one: Occurrence) -> tuple[str, int, int]:
        return one.id.rpartition("/")[0], one.start, one.end

    for _, group in groupby(sorted(quotas, key=of), key=of):
        yield sorted(group, key=lambda one: (one.excused is not None, int(one.id.rpartition("/")[2])))


def _chances(group: Sequence[Occurrence], rest: set[Bout], zones: Zones, params: Params) -> Iterator[tuple[int, tuple[Bout, ...]]]:
    """Day and bouts of what would do for one of them: all of a day, or a sitting where more are asked for than there are days."""
    first = group[0]
    wanted = kinds(parts(first.session))
    inside = [bout for bout in sorted(rest, key=order) if bout.kind in wanted and first.start <= bout.start < first.end]
    for day, bouts in groupby(inside, key=lambda bout: dates.day(bout.start, zones).toordinal()):
        whole = tuple(bouts)
        for one in sittings(whole, params.sitting_min * MINUTE) if len(group) > 7 else [whole]:
            yield day, one


def _best(
    group: Sequence[Occurrence], chances: Sequence[tuple[int, tuple[Bout, ...]]], params: Params
) -> list[tuple[int, tuple[Bout, ...]]]:
    """As many as are asked for, the largest doses first, no two closer than the plan says."""
    when, wanted = group[0].session.when, parts(group[0].session)
    gap = (when.min_gap or 0) * MICROS if isinstance(when, Quota) else 0
    best: list[tuple[int, tuple[Bout, ...]]] = []
    for day, bouts in sorted(chances, key=lambda chance: (-dose(wanted, chance[1]), order(chance[1][0]))):
        if dose(wanted, bouts) >= params.partial and all(abs(day - other) * DAY >= gap for other, _ in best) and len(best) < len(group):
            best.append((day, bouts))
    return best


def _make_up(one: Occurrence, given: Given, rest: set[Bout], params: Params) -> None:
    """The best sitting after the window."""
    wanted = parts(one.session)
    late = [bout for bout in rest if bout.kind in kinds(wanted) and one.end <= bout.start < one.grace]
    chances = [sitting for sitting in sittings(late, params.sitting_min * MINUTE) if dose(wanted, sitting) >= params.partial]
    if chances:
        best = min(chances, key=lambda sitting: (-dose(wanted, sitting), order(sitting[0])))
        given[one.id] = best
        rest -= set(best)
