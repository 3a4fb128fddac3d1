"""Messages as they are written, with the alert they tell of: rows in the caller's transaction (T1). `alerts.claims` sends them."""

from collections.abc import Iterable, Mapping
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, Connection, exists, or_, select, update

from alerts import limits, policy, tables
from alerts.alert import Alert, Audience, MessageState
from alerts.database import insert_new
from alerts.hours import day_end, digest_time, quiet_end
from alerts.people import Patient
from alerts.policy import Telling
from alerts.variety import FORTNIGHT
from alerts.wording import AGAIN, CORRECTION, FIRST, facts, notice
from ingest.batch import DAY

NAMES = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
WAITING = (MessageState.HELD.value, MessageState.QUEUED.value)
WAKE = "wake"
"""A snoozed alert is there again; its rev follows, for it may be snoozed twice."""
HANDED = "handed"
"""Somebody else has the patient now; when follows, for a patient may be handed back."""
Place = tuple[str, str]
"""Recipient (pseudonym) and channel."""


def tell(
    tx: Connection, site: str, patient: Patient, alert: Alert, telling: Telling, channels: Iterable[str], now: int, step: str = FIRST
) -> None:
    """The alert's messages of that step, one a channel, once; where it asks something, with what a link needs to take the answer."""
    recipient = patient.id if alert.audience is Audience.PATIENT else patient.therapist
    urgent = telling.urgent and not _urged(tx, patient.id, now)
    when = _when(tx, patient, alert.audience, now, nudge=telling.nudge, urgent=urgent) | {"nudge": telling.nudge, "urgent": urgent}
    link: dict[str, object] = {"site": site, "patient": patient.id, "occurrence": alert.key}
    if telling.asks:
        link["until"] = when["expires"] = policy.answerable_until(alert.evidence)
    for channel in channels:
        id = _write(tx, site, patient, alert, step, (recipient, channel), when, now)  # noqa: A001 — the message's
        if telling.asks and id is not None:
            tx.execute(tables.link.insert().values(id=id, **link))


def remind(tx: Connection, site: str, patient: Patient, alert: Alert, channels: Iterable[str], now: int) -> None:
    """The therapist's snoozed alert is there again."""
    when = _when(tx, patient, alert.audience, now)
    for channel in channels:
        _write(tx, site, patient, alert, f"{WAKE}-{alert.rev}", (patient.therapist, channel), when, now)


def correct(tx: Connection, site: str, patient: Patient, alert: Alert, said: str, now: int) -> None:
    """To every place which the alert reached lately, or may have, in the way it went there. `said`: `CORRECTION` or `FOUND`."""
    m = tables.message.c
    again = tx.execute(select(m.id).where(m.alert == alert.id, m.step == AGAIN).limit(1)).first() is not None
    step = f"{CORRECTION}-{AGAIN}" if again else CORRECTION
    for place, urgent in _reached(tx, alert.id, now - policy.CORRECT_WITHIN):
        when = _when(tx, patient, alert.audience, now, urgent=urgent) | {"urgent": urgent}
        _write(tx, site, patient, alert, step, place, when, now, said)


def cancel(tx: Connection, alert: str, now: int) -> None:
    """What of the alert is not yet under way is not sent."""
    m = tables.message.c
    waiting = update(tables.message).where(m.alert == alert, m.state.in_(WAITING))
    tx.execute(waiting.values(state=MessageState.CANCELLED.value, settled=now))


def arrived(since: int) -> ColumnElement[bool]:
    """Of a message: it, or the digest that holds it, was handed over since then, or may have been; whatever became of it afterwards."""
    m, a = tables.message.c, tables.attempt.c
    perhaps = or_(a.outcome.is_(None), a.outcome.in_([MessageState.SENT.value, MessageState.UNKNOWN.value]))
    return exists().where(or_(a.message == m.id, a.message == m.digest), a.started >= since, perhaps)


def reached(tx: Connection, alert: str, place: Place, since: int) -> bool:
    """Whether the alert got there since then, or may have."""
    m = tables.message.c
    there = select(m.id).where(
        m.alert == alert, ~m.step.startswith(CORRECTION), m.recipient == place[0], m.channel == place[1], arrived(since)
    )
    return tx.execute(there.limit(1)).first() is not None


def _when(
    tx: Connection, patient: Patient, audience: Audience, now: int, *, nudge: bool = False, urgent: bool = False
) -> dict[str, object]:
    """A nudge that cannot be sent at once is written as cancelled: the books show that there was one, and nobody gets it."""
    if audience is Audience.PATIENT:
        kept = limits.of_patient(tx, patient, now)
    else:
        reader = limits.therapist(tx, patient.therapist)
        if not urgent:
            return {"state": MessageState.HELD.value, "due": digest_time(now, reader.zone, reader.digest_at), "expires": None}
        kept = limits.of_therapist(reader)
    due = quiet_end(now, kept.zone, kept.quiet)
    expires = day_end(now, kept.zone) if nudge else now + policy.MESSAGE_LASTS
    if nudge and (due > now or not kept.nudges):
        return {"state": MessageState.CANCELLED.value, "due": now, "expires": expires, "settled": now}
    return {"state": (MessageState.HELD if due > now else MessageState.QUEUED).value, "due": due, "expires": expires}


def _write(
    tx: Connection,
    site: str,
    patient: Patient,
    alert: Alert,
    step: str,
    place: Place,
    when: Mapping[str, object],
    now: int,
    said: str = FIRST,
) -> str | None:
    """The id of the message, unless it was written before."""
    recipient, channel = place
    id = uuid5(NAMES, f"{alert.id}|{recipient}|{channel}|{step}")  # noqa: A001 — the message's
    about = {"alert": alert.id, "audience": alert.audience.value, "virtual": patient.virtual, "step": step, "written": now}
    recent, known = _recent(tx, recipient, now), facts(alert, limits.clock(tx, patient, now))
    text = notice(alert.audience, patient.id, alert.kind, said, patient.virtual, id.int, patient.detail, recent, known)
    row = {"site": site, "id": str(id), "recipient": recipient, "channel": channel, "text": text, **about, "nudge": False, "urgent": False}
    return str(id) if insert_new(tx, tables.message, {**row, **when}) else None


def _recent(tx: Connection, recipient: str, now: int) -> list[str]:
    """What they were lately sent, or may yet be, oldest first: nobody reads the same twice in a fortnight."""
    m, since = tables.message.c, now - FORTNIGHT * DAY
    rows = select(m.text).where(m.recipient == recipient, m.written > since - policy.MESSAGE_LASTS, m.state != MessageState.CANCELLED.value)
    rows = rows.where(or_(m.settled.is_(None), m.settled > since))
    return [row.text for row in tx.execute(rows.order_by(m.written, m.id))]


def _reached(tx: Connection, alert: str, since: int) -> list[tuple[Place, bool]]:
    """Where it went, and whether it was urgent there."""
    m = tables.message.c
    rows = select(m.recipient, m.channel, m.urgent).where(m.alert == alert, ~m.step.startswith(CORRECTION), arrived(since))
    return [((row.recipient, row.channel), row.urgent) for row in tx.execute(rows.order_by(m.recipient, m.channel, m.urgent.desc()))]


def _urged(tx: Connection, patient: str, now: int) -> bool:
    """Whether somebody was told something urgent about the patient lately, or is about to be."""
    m, a = tables.message.c, tables.alert.c
    rows = (
        select(m.id)
        .join_from(tables.message, tables.alert, a.id == m.alert)
        .where(a.patient == patient, m.urgent, ~m.step.startswith(CORRECTION))
    )
    lately = rows.where(m.written > now - policy.URGENT_EVERY, m.state != MessageState.CANCELLED.value)
    return tx.execute(lately.limit(1)).first() is not None
