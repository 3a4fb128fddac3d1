"""Findings as judged, the alerts that follow from them, and the audit: rows in one transaction of the caller's."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from alerts import audit, outbox, policy, tables
from alerts.alert import Alert, Audience, State
from alerts.database import insert_new, upsert
from alerts.people import Patient
from alerts.policy import Telling
from alerts.reconcile import Change, Judgement, Turn, Verdict
from alerts.wording import CORRECTION, FIRST
from detectors.finding import Finding

_NAMES = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
WATCH = "watch"
DELIVERY = "delivery"

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


def alerts(tx: Connection, therapist: str | None, patient: str | None, states: Sequence[State]) -> list[Alert]:
    a = tables.alert.c
    rows = select(tables.alert).order_by(a.opened.desc(), a.id)
    if therapist is not None:
        rows = rows.where(a.patient.in_(select(tables.patient.c.id).where(tables.patient.c.therapist == therapist)))
    if patient is not None:
        rows = rows.where(a.patient == patient)
    if states:
        rows = rows.where(a.state.in_([state.value for state in states]))
    return [_alert(row) for row in tx.execute(rows)]


def write(tx: Connection, site: str, patient: Patient, change: Change, now: int, channels: Sequence[str]) -> None:
    """One change: the finding's row, its alerts, their events and messages."""
    finding = change.finding
    values = {"start": finding.start, "end": finding.end, "evidence": finding.evidence, "version": finding.version}
    row = {
        "site": site,
        "patient": patient.id,
        "kind": finding.kind,
        "key": finding.key,
        **values,
        "state": change.state.value,
        "judged": now,
    }
    upsert(tx, tables.finding, row)
    known = _alerts_of(tx, finding)
    if change.kind is Turn.RETRACTED:
        _retract(tx, site, patient, known, now)
        return
    _follow(tx, site, known, finding, now)
    if change.state is Verdict.OPEN:
        told = {alert.audience for alert in known}
        for telling in policy.due(finding, now):
            if telling.audience not in told:
                _open(tx, site, patient, finding, telling, now, channels)


def move(tx: Connection, site: str, alert: Alert, new: State, by: str, why: str, now: int) -> bool:
    """The alert's next state and the line in the audit; False when somebody else moved it first."""
    a = tables.alert.c
    here = update(tables.alert).where(a.id == alert.id, a.state == alert.state.value, a.rev == alert.rev)
    if tx.execute(here.values(state=new.value, rev=alert.rev + 1, changed=now)).rowcount != 1:
        return False
    audit.moved(tx, site, (alert.id, alert.patient, alert.rev + 1), alert.state, new, by, why, now)
    return True


def acknowledge(tx: Connection, site: str, alert: str, by: str, now: int) -> bool:
    mine = [a for a in alerts(tx, by, None, ()) if a.id == alert and a.audience is Audience.THERAPIST]
    if not mine or mine[0].state not in policy.LIVE:
        return False
    if mine[0].state is State.OPEN:
        move(tx, site, mine[0], State.ACKED, by, "acknowledged", now)
        outbox.cancel(tx, alert, now)
    return True


def expire(tx: Connection, site: str, now: int) -> int:
    """Alerts that nobody answered and nothing ended for too long."""
    old = forgotten(tx, now)
    for alert in old:
        move(tx, site, alert, State.EXPIRED, DELIVERY, "open for 30 days", now)
        outbox.cancel(tx, alert.id, now)
    return len(old)


def forgotten(tx: Connection, now: int) -> list[Alert]:
    return [alert for alert in alerts(tx, None, None, policy.LIVE) if alert.opened <= now - policy.FORGOTTEN]


def _alerts_of(tx: Connection, finding: Finding) -> list[Alert]:
    a = tables.alert.c
    rows = select(tables.alert).where(a.patient == finding.patient, a.kind == finding.kind, a.key == finding.key).order_by(a.audience)
    return [_alert(row) for row in tx.execute(rows)]


def _open(tx: Connection, site: str, patient: Patient, finding: Finding, telling: Telling, now: int, channels: Sequence[str]) -> None:
    key = (finding.patient, finding.kind, telling.audience.value, finding.key)
    alert = Alert(
        id=str(uuid5(_NAMES, "|".join(key))),
        patient=finding.patient,
        kind=finding.kind,
        audience=telling.audience,
        key=finding.key,
        state=State.OPEN,
        start=finding.start,
        end=finding.end,
        opened=now,
        changed=now,
        evidence=finding.evidence,
        rule_version=finding.version,
    )
    row = {name: getattr(alert, name) for name in Alert.__slots__}
    if insert_new(tx, tables.alert, {"site": site, **row}):
        audit.moved(tx, site, (alert.id, alert.patient, 0), None, State.OPEN, WATCH, f"{finding.kind} found", now)
        outbox.tell(tx, site, patient, alert, FIRST, now, outbox.places(patient, alert, channels), nudge=telling.nudge)


def _follow(tx: Connection, site: str, known: Sequence[Alert], finding: Finding, now: int) -> None:
    """Alerts say what their finding says; where it is over they are resolved and what is not yet sent is not sent."""
    facts = {"start": finding.start, "end": finding.end, "evidence": finding.evidence, "changed": now}
    for alert in known:
        if alert.state is not State.RETRACTED:
            tx.execute(update(tables.alert).where(tables.alert.c.id == alert.id).values(**facts))
        if finding.end is not None and alert.state in policy.LIVE:
            move(tx, site, alert, State.RESOLVED, WATCH, "over", now)
            outbox.cancel(tx, alert.id, now)


def _retract(tx: Connection, site: str, patient: Patient, known: Sequence[Alert], now: int) -> None:
    for alert in known:
        if alert.state in policy.RETRACTABLE and move(tx, site, alert, State.RETRACTED, WATCH, "later data show otherwise", now):
            outbox.cancel(tx, alert.id, now)
            outbox.tell(tx, site, patient, alert, CORRECTION, now, outbox.told(tx, alert.id, now - policy.CORRECT_WITHIN))


def _finding(row: Row[tuple[object, ...]]) -> Finding:
    return Finding(row.patient, row.kind, row.key, row.start, row.end, row.evidence, row.version)


def _judgement(row: Row[tuple[object, ...]]) -> Judgement:
    return Judgement(_finding(row), Verdict(row.state), row.judged)


def _alert(row: Row[tuple[object, ...]]) -> Alert:
    values = {name: getattr(row, name) for name in Alert.__slots__}
    return Alert(**{**values, "audience": Audience(row.audience), "state": State(row.state)})
