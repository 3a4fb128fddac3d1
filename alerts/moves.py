"""Alerts and every move they make, each with its line in the audit: rows in the caller's transaction."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from uuid import uuid5

from sqlalchemy import BigInteger, Connection, Row, Select, and_, bindparam, func, or_, select, update

from alerts import audit, outbox, policy, tables
from alerts.alert import Alert, Audience, State
from alerts.database import insert_new
from alerts.people import Patient, patients
from alerts.policy import Telling
from alerts.suppression import silenced
from alerts.wording import AGAIN, FOUND
from detectors.finding import Finding

Reach = Callable[[str, bool], Sequence[str]]
"""Recipient (pseudonym), and whether they are asked something → names of the channels that reach them."""
WATCH = "watch"
DELIVERY = "delivery"


def _live(states: Collection[State]) -> Select[tuple[object, ...]]:
    return select(tables.alert).where(tables.alert.c.state.in_([state.value for state in states])).order_by(tables.alert.c.id)


def _suppressed() -> Select[tuple[object, ...]]:
    a, f = tables.alert.c, tables.finding.c
    same = and_(f.patient == a.patient, f.kind == a.kind, f.key == a.key)
    return _live([State.SUPPRESSED]).add_columns(f.version.label("version")).join(tables.finding, same).where(a.opened > _SINCE)


def _elsewhere() -> Select[tuple[object, ...]]:
    """Open alerts of which a therapist was last told who has the patient no more."""
    a, f, m, p = tables.alert.c, tables.finding.c, tables.message.c, tables.patient.c
    newest = select(func.max(m.written)).where(m.alert == a.id)
    own, others = (newest.where(who).scalar_subquery() for who in (m.recipient == p.therapist, m.recipient != p.therapist))
    rows = _live([State.OPEN]).add_columns(f.version.label("version"), p.therapist).join(tables.patient, p.id == a.patient)
    same = and_(f.patient == a.patient, f.kind == a.kind, f.key == a.key)
    return rows.join(tables.finding, same).where(a.audience == Audience.THERAPIST.value, others > func.coalesce(own, -1))


_SINCE, _NOW = (bindparam(name, type_=BigInteger) for name in ("since", "now"))
# put together once: each delivery asks these, and putting them together takes longer than asking
_FORGOTTEN = _live(policy.LIVE).where(tables.alert.c.opened <= _SINCE, tables.alert.c.kind.not_in(policy.LASTING))
_SLEPT = _live([State.SNOOZED]).where(
    tables.alert.c.until <= _NOW, or_(tables.alert.c.opened > _SINCE, tables.alert.c.kind.in_(policy.LASTING))
)
_SUPPRESSED = _suppressed()
_ELSEWHERE = _elsewhere()


def alerts(tx: Connection, therapist: str | None, patient: str | None, states: Sequence[State]) -> list[Alert]:
    a = tables.alert.c
    rows = select(tables.alert).order_by(a.opened.desc(), a.id)
    if therapist is not None:
        rows = rows.where(a.patient.in_(select(tables.patient.c.id).where(tables.patient.c.therapist == therapist)))
    if patient is not None:
        rows = rows.where(a.patient == patient)
    if states:
        rows = rows.where(a.state.in_([state.value for state in states]))
    return _read(tx, rows)


def of(tx: Connection, finding: Finding) -> dict[Audience, Alert]:
    """The finding's alerts."""
    a = tables.alert.c
    rows = select(tables.alert).where(a.patient == finding.patient, a.kind == finding.kind, a.key == finding.key).order_by(a.audience)
    return {alert.audience: alert for alert in _read(tx, rows)}


def raised(tx: Connection, site: str, patient: Patient, finding: Finding, telling: Telling, reach: Reach, now: int) -> None:
    """The finding's alert for one audience, for the first time: open with its messages, or held back without any."""
    pause = silenced(tx, patient.id, finding.kind, now)
    key = (finding.patient, finding.kind, telling.audience.value, finding.key)
    alert = Alert(
        id=str(uuid5(outbox.NAMES, "|".join(key))),
        patient=finding.patient,
        kind=finding.kind,
        audience=telling.audience,
        key=finding.key,
        state=State.OPEN if pause is None else State.SUPPRESSED,
        start=finding.start,
        end=finding.end,
        opened=now,
        changed=now,
        evidence=finding.evidence,
        rule_version=finding.version,
    )
    if not insert_new(tx, tables.alert, {"site": site, **{name: getattr(alert, name) for name in Alert.__slots__}}):
        return
    why = f"{finding.kind} found" if pause is None else f"{finding.kind} found, held back: {pause.why}"
    audit.moved(tx, site, (alert.id, alert.patient, 0), None, alert.state, WATCH, why, now)
    if pause is None:
        outbox.tell(tx, site, patient, alert, telling, _channels(patient, alert, reach, telling.asks), now)


def released(tx: Connection, site: str, patient: Patient, alert: Alert, telling: Telling, reach: Reach, now: int) -> None:
    """A suppressed alert that is still due, once nothing stands in its way: told as if it were new."""
    if silenced(tx, patient.id, alert.kind, now) is None and move(
        tx, site, alert, State.OPEN, WATCH, "no longer held back", now, opened=now
    ):
        outbox.tell(tx, site, patient, alert, telling, _channels(patient, alert, reach, telling.asks), now)


def follow(tx: Connection, site: str, patient: Patient, alert: Alert, finding: Finding, now: int) -> None:
    """The alert says what its finding says; where that is over or shows that it was wrong, it ends and what is not yet sent is not sent.
    Who is due to be told all the same was not told wrongly."""
    if alert.state is State.RETRACTED:
        return
    facts = {"start": finding.start, "end": finding.end, "evidence": finding.evidence}
    tx.execute(update(tables.alert).where(tables.alert.c.id == alert.id).values(**facts, changed=now))
    due = {telling.audience for telling in policy.due(finding, now)}
    if alert.audience not in due and policy.disproved(finding, alert.evidence):
        retract(tx, site, patient, alert, FOUND, now)
    elif finding.end is not None and alert.state in policy.LIVE:
        end(tx, site, alert, State.RESOLVED, WATCH, "over", now)


def reopened(tx: Connection, site: str, patient: Patient, alert: Alert, finding: Finding, telling: Telling, reach: Reach, now: int) -> None:
    """What was over, or taken back, is due after all: open again. Whoever was told lately, and not told otherwise, knows."""
    back = alert.state is State.RETRACTED
    facts = {"start": finding.start, "end": finding.end, "evidence": finding.evidence} | ({"opened": now} if back else {})
    if not move(tx, site, alert, State.OPEN, WATCH, f"{finding.kind} found again", now, **facts):
        return
    outbox.cancel(tx, alert.id, now)
    recipient = patient.id if alert.audience is Audience.PATIENT else patient.therapist
    since = now if back else now - policy.REMEMBERED
    places = [name for name in _channels(patient, alert, reach, telling.asks) if not outbox.reached(tx, alert.id, (recipient, name), since)]
    outbox.tell(tx, site, patient, replace(alert, evidence=finding.evidence), telling, places, now, AGAIN)


def retract(tx: Connection, site: str, patient: Patient, alert: Alert, said: str, now: int) -> None:
    """`said`: as what it is taken back, `wording.CORRECTION` or `FOUND`."""
    if alert.state in policy.RETRACTABLE and end(tx, site, alert, State.RETRACTED, WATCH, "later data show otherwise", now):
        outbox.correct(tx, site, patient, alert, said, now)


def end(tx: Connection, site: str, alert: Alert, state: State, by: str, why: str, now: int) -> bool:
    """Whoever was not told yet is not told."""
    if not move(tx, site, alert, state, by, why, now):
        return False
    outbox.cancel(tx, alert.id, now)
    return True


def move(tx: Connection, site: str, alert: Alert, new: State, by: str, why: str, now: int, **values: object) -> bool:
    """The alert's next state and the line in the audit; False when somebody else moved it first."""
    a = tables.alert.c
    here = update(tables.alert).where(a.id == alert.id, a.state == alert.state.value, a.rev == alert.rev)
    row = {"until": None, **values, "state": new.value, "rev": alert.rev + 1, "changed": now}
    if tx.execute(here.values(**row)).rowcount != 1:
        return False
    audit.moved(tx, site, (alert.id, alert.patient, alert.rev + 1), alert.state, new, by, why, now)
    return True


def awaited(tx: Connection, reach: Reach, now: int) -> bool:
    """Whether `tend` has something to do."""
    return bool(_forgotten(tx, now) or _slept(tx, now) or _freed(tx, now) or _handed(tx, reach, now))


def tend(tx: Connection, site: str, reach: Reach, now: int) -> int:
    """What time does to alerts: snoozed ones wake, suppressed ones are told, forgotten ones expire, and whoever has the patient now is
    told of open ones. How many."""
    forgotten, slept, freed = _forgotten(tx, now), _slept(tx, now), _freed(tx, now)
    for alert in forgotten:
        end(tx, site, alert, State.EXPIRED, DELIVERY, "open for 30 days", now)
    for alert in slept:
        patient = patients(tx, None, alert.patient)[0]
        if move(tx, site, alert, State.OPEN, DELIVERY, "snoozed until now", now):
            outbox.remind(tx, site, patient, replace(alert, rev=alert.rev + 1), _channels(patient, alert, reach), now)
    for alert, telling in freed:
        released(tx, site, patients(tx, None, alert.patient)[0], alert, telling, reach, now)
    handed = _handed(tx, reach, now)
    for alert, telling in handed:
        who = patients(tx, None, alert.patient)[0]
        outbox.cancel(tx, alert.id, now)
        audit.note(tx, site, who.id, DELIVERY, f"alert {alert.id} is for {who.therapist} now, and for nobody before", now)
        outbox.tell(tx, site, who, alert, telling, _channels(who, alert, reach, telling.asks), now, f"{outbox.HANDED}-{now}")
    return len(forgotten) + len(slept) + len(freed) + len(handed)


def _forgotten(tx: Connection, now: int) -> list[Alert]:
    return _read(tx, _FORGOTTEN, since=now - policy.FORGOTTEN)


def _slept(tx: Connection, now: int) -> list[Alert]:
    return _read(tx, _SLEPT, since=now - policy.FORGOTTEN, now=now)


def _freed(tx: Connection, now: int) -> list[tuple[Alert, Telling]]:
    """Suppressed ones that may be told."""
    return _tellable(tx, tx.execute(_SUPPRESSED, {"since": now - policy.FORGOTTEN}).all(), now)


def _handed(tx: Connection, reach: Reach, now: int) -> list[tuple[Alert, Telling]]:
    """Open ones that may be told to the therapist who has the patient now, and was not told yet."""
    return _tellable(tx, [row for row in tx.execute(_ELSEWHERE).all() if reach(row.therapist, False)], now)


def _tellable(tx: Connection, rows: Sequence[Row[tuple[object, ...]]], now: int) -> list[tuple[Alert, Telling]]:
    """Those that nothing stands in the way of, and that are still due."""
    free = [row for row in rows if silenced(tx, row.patient, row.kind, now) is None]
    found = [(_alert(row), Finding(row.patient, row.kind, row.key, row.start, row.end, row.evidence, row.version)) for row in free]
    return [(alert, telling) for alert, finding in found for telling in policy.due(finding, now) if telling.audience is alert.audience]


def _channels(patient: Patient, alert: Alert, reach: Reach, asks: bool = False) -> Sequence[str]:
    return reach(patient.id if alert.audience is Audience.PATIENT else patient.therapist, asks)


def _read(tx: Connection, rows: Select[tuple[object, ...]], **bound: int) -> list[Alert]:
    return [_alert(row) for row in tx.execute(rows, bound)]


def _alert(row: Row[tuple[object, ...]]) -> Alert:
    values = {name: getattr(row, name) for name in Alert.__slots__}
    return Alert(**{**values, "audience": Audience(row.audience), "state": State(row.state)})
