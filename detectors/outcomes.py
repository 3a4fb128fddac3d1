"""What became of each planned session (research note `domain` §1.2): asked before counted, and unknown is not missed."""

from detectors import dates
from detectors.history import History
from detectors.outcome import Judged, Outcome, Source
from detectors.plan.occurrence import Occurrence, Zones
from detectors.plan.schedule import WAITED, occurrences
from detectors.plan.term import FOREVER, terms
from detectors.session.case import Case, cases, seen
from detectors.session.early import FOR, brought_forward
from detectors.session.evidence import dose, expected
from detectors.session.extras import Extra, extras
from detectors.session.leave import excused
from detectors.session.matching import matched
from detectors.session.measures import Params as Params
from detectors.session.verdict import Bench, verdict

DAYS = 15
"""Whole local days before the one that is judged: outcomes are judged again for 14 days (design)."""


def outcomes(history: History, now: int, params: Params) -> list[Judged]:
    """Of every session whose window begins inside the history, as far as it can be told; ascending in start, id.

    And of those after it whose data are waited for no more: while nothing becomes complete, they are what was said of them, or unknown.
    It rests on what the history holds and on what was said. `now` (µs UTC) matters only where a deadline passes: the window's end, the
    grace end, `ANSWER` and `WAITED` after it. Nothing in it says when it was judged.
    """
    told, end = history.told, history.end
    zones = told.zones or ((-FOREVER, history.zone),)
    due = [one for one in _due(history, zones, now) if expected(one.session)]
    planned = excused(due, told.reports, zones)
    bouts = [bout for bout in history.bouts if history.start <= bout.start < end]
    found = matched([one for one, _ in planned], bouts, told.earlier, zones, end, params)
    extra = list(extras(found.rest, terms(told.plans, zones), zones, end, params))
    early = brought_forward([one for one, _ in planned], found, extra, told.earlier, zones, end, params)
    sessions = {**found.sessions, **{id_: one.bouts for id_, one in early.items()}}
    bench = Bench(end, now, told.reports, params)
    out = {case.occurrence.id: _judged(case, bench, zones) for case in cases(planned, sessions, history, now, params)}
    stands_for = {one.id: id_ for id_, one in early.items()}
    for one in extra:
        out.setdefault(one.id, _extra(one, zones, stands_for.get(one.id)))
    return sorted((one for one in out.values() if one is not None), key=lambda one: (one.start, one.occurrence))


def _due(history: History, zones: Zones, now: int) -> list[Occurrence]:
    given_up = now - WAITED
    planned = occurrences(history.told.plans, zones, history.start, max(history.end, given_up))
    return [one for one in planned if one.start < history.end or one.grace <= given_up]


def _judged(case: Case, bench: Bench, zones: Zones) -> Judged | None:
    one, said = case.occurrence, verdict(case, bench)
    if said is None:
        return None
    facts = case.facts(dates.week(one.start if one.planned is None else one.planned, zones))
    facts |= {} if said.ask is None else {"ask": said.ask, "tell_from": one.shown}
    facts |= {"why": one.excused} if said.outcome is Outcome.EXCUSED and one.excused is not None else {}
    aside = said.outcome in (Outcome.EXCUSED, Outcome.UNVERIFIABLE) or case.coverage is None
    coverage = None if aside or case.coverage is None else round(case.coverage, 3)
    return Judged(one.id, one.session.name, one.start, one.grace, said.outcome, said.credit, said.source, coverage, facts)


def _extra(extra: Extra, zones: Zones, stands_for: str | None) -> Judged:
    first, last = extra.bouts[0].start, max(bout.end for bout in extra.bouts)
    kind = "exercise" if any(part.kind == "exercise" for part in extra.wanted) else "walk"
    facts = {"week": dates.week(first, zones), "dose": round(dose(extra.wanted, extra.bouts), 2), **seen(extra.wanted, extra.bouts)}
    facts |= {} if stands_for is None else {FOR: stands_for}
    return Judged(extra.id, kind, first, last, Outcome.EXTRA, None, Source.SENSOR, None, facts)
