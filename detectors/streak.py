"""Planned sessions in the order in which they were to happen, and runs of those not seen. Pure."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from detectors import dates
from detectors.finding import Finding
from detectors.history import History
from detectors.outcome import SEEN, Judged, Outcome
from detectors.outcomes import Params, outcomes
from detectors.report import Answer, pain

QUOTA = re.compile(r"/\d{4}-W\d\d/\d+$")
"""How the id of a quota's occurrence ends: its window is the week, so it begins nowhere in particular."""


@dataclass(frozen=True, slots=True)
class Run:
    """Sessions not seen, one after the other; what is unknown, excused or not yet answered lies between them and says nothing."""

    missed: tuple[Judged, ...]
    end: int | None
    """When the session that ended it began, µs UTC; `None`: none did."""


@lru_cache(maxsize=2)
def sessions(history: History, now: int) -> tuple[tuple[int, Judged], ...]:
    """(when it happened or was to happen, µs UTC; the session), ascending: those judged before the history and those in it.

    A quota's session that was not seen was to happen by the end of its week. Where two are at once the one that was seen comes first.
    """
    # Half a dozen rules ask the same of the same history.
    said = {one.occurrence: one.at for one in history.told.reports if isinstance(one, Answer) and one.at <= now}
    placed = [(_moment(one, said), one) for one in (*history.told.earlier, *outcomes(history, now, Params()))]
    return tuple(sorted(placed, key=lambda at: (at[0], at[1].outcome not in SEEN, at[1].occurrence)))


def runs(history: History, now: int) -> Iterator[Run]:
    """All of them, however short and however long ago, ascending.

    Of a week's quota at most one is missed, and none in a week in which any session was seen: they were to happen side by side and share
    one moment, so that one week would be a run by itself.
    """
    missed: list[Judged] = []
    those = sessions(history, now)
    seen, weeks = [moment for moment, one in those if one.outcome in SEEN], set[str]()
    for moment, one in those:
        if one.outcome is Outcome.NOT_SEEN and QUOTA.search(one.occurrence):
            week = one.occurrence.rpartition("/")[0]
            if week not in weeks and not _any_in(seen, one.start, one.end):
                missed.append(one)
            weeks.add(week)
        elif one.outcome is Outcome.NOT_SEEN:
            missed.append(one)
        elif one.outcome in SEEN and missed:
            yield Run(tuple(missed), moment)
            missed = []
    if missed:
        yield Run(tuple(missed), None)


def findings(kind: str, history: History, now: int, least: int) -> Iterator[Finding]:
    """One for each run of at least so many, from the first one's window on; open until a session is seen."""
    for run in runs(history, now):
        if len(run.missed) >= least:
            names = ", ".join(dict.fromkeys(one.session for one in run.missed))
            evidence: dict[str, float | int | str] = {"count": len(run.missed), "sessions": names}
            score = pain(history.told.reports, now if run.end is None else run.end)
            evidence |= {} if score is None else {"pain": score}
            yield from claim(kind, history, run.missed[0], run.end, evidence)


def claim(kind: str, history: History, first: Judged, end: int | None, evidence: dict[str, float | int | str]) -> Iterator[Finding]:
    """The finding from the window of `first` to `end` (µs UTC; `None`: it goes on); none where it was over before the history began."""
    if end is None or end > history.start:
        # People are believed before their band is complete: what they say may lie after the history, and so may all of a run.
        until = None if end is None else min(end, max(history.end, first.start))
        yield Finding(history.patient, kind, f"{kind}@{first.occurrence}", first.start, until, evidence)


def told_at(one: Judged, fact: str) -> int | None:
    """The instant (µs UTC) of a fact, e.g. "began"; `None` where it is not told."""
    written = one.facts.get(fact)
    return dates.instant(written) if isinstance(written, str) else None


def over_time(history: History, now: int, wanted: Callable[[Judged], bool]) -> dict[str, list[tuple[int, Judged]]]:
    """By the session's name in the plan, ascending."""
    found: dict[str, list[tuple[int, Judged]]] = {}
    for moment, one in sessions(history, now):
        if wanted(one):
            found.setdefault(one.session, []).append((moment, one))
    return found


def _any_in(moments: Sequence[int], start: int, end: int) -> bool:
    """`moments` ascending."""
    return bisect_left(moments, start) < bisect_left(moments, end)


def _moment(one: Judged, said: dict[str, int]) -> int:
    began = told_at(one, "began") if one.outcome in SEEN else None
    if began is not None:
        return began
    if not QUOTA.search(one.occurrence):
        return one.start
    return said.get(one.occurrence, one.end) if one.outcome in SEEN else one.end
