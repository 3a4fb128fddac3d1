"""Sessions nobody had planned, seen all the same."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from detectors import dates
from detectors.plan.occurrence import Zones
from detectors.plan.plan import Quota, Session
from detectors.plan.term import Term
from detectors.session.evidence import Part, dose, kinds, order, parts, sittings
from detectors.session.measures import Params
from ingest.batch import MINUTE
from ingest.bout import Bout


@dataclass(frozen=True, slots=True)
class Extra:
    bouts: tuple[Bout, ...]
    wanted: tuple[Part, ...]
    """Of the planned kind of session that it would have been."""

    @property
    def id(self) -> str:
        return f"extra@{dates.minute(self.bouts[0].start)}"


def extras(rest: Iterable[Bout], terms: Sequence[Term], zones: Zones, end: int, params: Params) -> Iterator[Extra]:
    """What would be a whole session of some kind in the plan then in force. `rest`: bouts that served no planned session.

    Told once it is over at `end` (µs UTC); where a week's quota may still take it, once the week is.
    """
    free, pause = set(rest), params.sitting_min * MINUTE
    every = {parts(session) for term in terms for phase in term.plan.phases for session in phase.sessions}
    for wanted in sorted(every, key=lambda wanted: (-sum(part.minutes for part in wanted), wanted_order(wanted))):
        for sitting in sittings((bout for bout in free if bout.kind in kinds(wanted)), pause):
            if dose(wanted, sitting) < params.done:
                continue
            sessions = _in_force(terms, sitting[0].start, zones)
            if wanted in map(parts, sessions):
                free -= set(sitting)
                if _over(sitting, sessions, zones, pause) <= end:
                    yield Extra(sitting, wanted)


def wanted_order(wanted: tuple[Part, ...]) -> tuple[tuple[str, float, int], ...]:
    return tuple((part.kind, part.minutes, part.items) for part in wanted)


def _in_force(terms: Sequence[Term], instant: int, zones: Zones) -> list[Session]:
    here = dates.day(instant, zones)
    phases = [phase for term in terms if term.holds(instant) for phase in term.plan.phases if phase.start <= here <= phase.end]
    return [session for phase in phases for session in phase.sessions]


def _over(sitting: Sequence[Bout], sessions: Iterable[Session], zones: Zones, pause: int) -> int:
    seen = {bout.kind for bout in sitting}
    for session in sessions:
        if isinstance(session.when, Quota) and seen & kinds(parts(session)):
            return dates.monday(max(sitting, key=order).start, zones, 1)
    return max(bout.end for bout in sitting) + pause
