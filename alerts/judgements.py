"""Findings as judged, and what follows from each change: rows in the caller's transaction (T1)."""

from dataclasses import replace

from sqlalchemy import Connection, Row, bindparam, or_, select

from alerts import moves, policy, tables
from alerts.alert import State
from alerts.database import upsert
from alerts.moves import Reach
from alerts.people import Patient
from alerts.reconcile import Change, Judgement, Turn, Verdict
from alerts.wording import CORRECTION
from detectors.finding import Finding

# Built once: the watch asks this at every step, and building costs more than asking.
_f = tables.finding.c
_TOUCHING = (
    select(tables.finding)
    .where(_f.patient == bindparam("of"), _f.start < bindparam("until"), or_(_f.end.is_(None), _f.end > bindparam("since")))
    .order_by(_f.start, _f.kind, _f.key)
)


def judgements(tx: Connection, patient: str, start: int, end: int) -> list[Judgement]:
    return [_judgement(row) for row in tx.execute(_TOUCHING, {"of": patient, "since": start, "until": end})]


def findings(tx: Connection, patient: str | None) -> list[tuple[Finding, str]]:
    f = tables.finding.c
    rows = select(tables.finding).order_by(f.patient, f.start, f.kind, f.key)
    return [(_finding(row), row.state) for row in tx.execute(rows if patient is None else rows.where(f.patient == patient))]


def write(tx: Connection, site: str, patient: Patient, change: Change, reach: Reach, now: int) -> None:
    """One change: the finding's row, its alerts, their events and messages."""
    finding = change.finding
    claim = {"start": finding.start, "end": finding.end, "evidence": finding.evidence, "version": finding.version}
    about = {"site": site, "patient": patient.id, "kind": finding.kind, "key": finding.key}
    upsert(tx, tables.finding, {**about, **claim, "state": change.state.value, "judged": now})
    known = moves.of(tx, finding)
    for alert in known.values():
        if change.kind is Turn.RETRACTED:
            moves.retract(tx, site, patient, alert, CORRECTION, now)
        else:
            moves.follow(tx, site, patient, alert, finding, now)
    if change.state is Verdict.RETRACTED:
        return
    for telling in policy.due(finding, now):
        if (told := known.get(telling.audience)) is None:
            moves.raised(tx, site, patient, finding, telling, reach, now)
        elif told.state is State.SUPPRESSED:
            moves.released(tx, site, patient, replace(told, evidence=finding.evidence), telling, reach, now)
        elif told.state in (State.RESOLVED, State.RETRACTED):
            moves.reopened(tx, site, patient, told, finding, telling, reach, now)


def _finding(row: Row[tuple[object, ...]]) -> Finding:
    return Finding(row.patient, row.kind, row.key, row.start, row.end, row.evidence, row.version)


def _judgement(row: Row[tuple[object, ...]]) -> Judgement:
    return Judgement(_finding(row), Verdict(row.state), row.judged)
