"""Sessions done before their day, where the plan lets the week decide."""

from collections.abc import Iterator, Mapping, Sequence

from detectors import dates
from detectors.outcome import Judged, Outcome
from detectors.plan.occurrence import Occurrence, Zones
from detectors.session.evidence import dose, parts
from detectors.session.extras import Extra
from detectors.session.matching import Matched
from detectors.session.measures import Params
from ingest.batch import MINUTE
from ingest.bout import Bout

FOR = "stands_for"
"""Fact of an extra session: the occurrence it is counted for."""


def brought_forward(
    planned: Sequence[Occurrence],
    found: Matched,
    extra: Sequence[Extra],
    earlier: Sequence[Judged],
    zones: Zones,
    end: int,
    params: Params,
) -> Mapping[str, Extra]:
    """Occurrence id → the extra session of the same ISO week that was done before its window, and would be all of it.

    It stays an extra one, told on its own day, so that this can be seen when that day is out of sight: then `earlier` has it.
    """
    free = [*_remembered(planned, earlier), *extra]
    out: dict[str, Extra] = {}
    for one in planned:
        if one.session.make_up != "same_week" or one.quota or one.excused is not None or one.end > end:
            continue
        wanted, monday = parts(one.session), dates.monday(one.planned or one.start, zones)
        if dose(wanted, found.sessions.get(one.id, ())) >= params.partial:
            continue
        fits = (e for e in free if monday <= e.bouts[0].start < one.start and dose(wanted, e.bouts) >= params.done)
        first = min(fits, key=lambda e: (e.bouts[0].start, e.id), default=None)
        if first is not None:
            out[one.id] = first
            free.remove(first)
    return out


def _remembered(planned: Sequence[Occurrence], earlier: Sequence[Judged]) -> Iterator[Extra]:
    """Extra sessions of days out of sight that nothing out of sight was counted for."""
    seen = {one.id for one in planned}
    for one in earlier:
        if one.outcome is Outcome.EXTRA and ("began" in one.facts) and str(one.facts.get(FOR, "")) in seen | {""}:
            minutes = {kind: float(one.facts.get(f"{kind}_min", 0)) for kind in ("exercise", "walk")}
            yield Extra(tuple(_bout(kind, one.start, of) for kind, of in minutes.items() if of), ())


def _bout(kind: str, start: int, minutes: float) -> Bout:
    return Bout("", "walk" if kind == "walk" else "exercise", start, start + round(minutes * MINUTE))
