"""Messages on their way: written with their alert, claimed under the patient's budget, settled once. Rows in the caller's transaction."""

from collections.abc import Collection, Iterable
from uuid import UUID, uuid5

from sqlalchemy import Connection, Row, Select, and_, func, or_, select, update

from alerts import policy, tables
from alerts.alert import Alert, Audience, Message, MessageState, State
from alerts.database import insert_new
from alerts.hours import day_end, local, quiet, quiet_end
from alerts.people import Patient, patients
from alerts.wording import FIRST, notice

_NAMES = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
_WAITING = (MessageState.HELD.value, MessageState.QUEUED.value)
Place = tuple[str, str]
"""Recipient (pseudonym) and channel."""
_ARRIVED = (MessageState.SENT.value, MessageState.UNKNOWN.value)


def tell(
    tx: Connection, site: str, patient: Patient, alert: Alert, step: str, now: int, to: Iterable[Place], *, nudge: bool = False
) -> None:
    """One message a place. A nudge in the quiet hours is written as cancelled: the books show that there was one, and nobody gets it."""
    hush = alert.audience is Audience.PATIENT and quiet(now, patient.zone)
    state = MessageState.QUEUED if not hush else MessageState.CANCELLED if nudge else MessageState.HELD
    when = {"due": quiet_end(now, patient.zone) if hush else now, "settled": now if state is MessageState.CANCELLED else None}
    when["expires"] = day_end(now, patient.zone) if nudge else now + policy.MESSAGE_LASTS
    about = {"site": site, "alert": alert.id, "audience": alert.audience.value, "virtual": patient.virtual, "nudge": nudge, "step": step}
    for recipient, channel in to:
        id = uuid5(_NAMES, f"{alert.id}|{recipient}|{channel}|{step}")  # noqa: A001 — the message's
        text = notice(alert.audience, patient.id, alert.kind, step, patient.virtual, id.int)
        row = {"id": str(id), "recipient": recipient, "channel": channel, "text": text, "state": state.value}
        insert_new(tx, tables.message, {**about, **when, **row})


def places(patient: Patient, alert: Alert, channels: Iterable[str]) -> list[Place]:
    recipient = patient.id if alert.audience is Audience.PATIENT else patient.therapist
    return [(recipient, channel) for channel in channels]


def cancel(tx: Connection, alert: str, now: int) -> None:
    """What of the alert is not yet under way is not sent."""
    m = tables.message.c
    waiting = update(tables.message).where(m.alert == alert, m.state.in_(_WAITING))
    tx.execute(waiting.values(state=MessageState.CANCELLED.value, settled=now))


def told(tx: Connection, alert: str, since: int) -> list[Place]:
    """Where the alert arrived since then, or may have."""
    m = tables.message.c
    reached = or_(m.state == MessageState.SENDING.value, and_(m.state.in_(_ARRIVED), m.settled >= since))
    rows = tx.execute(select(m.recipient, m.channel).where(m.alert == alert, m.step == FIRST, reached).order_by(m.id))
    return [(row.recipient, row.channel) for row in rows]


def waiting(tx: Connection, now: int, channels: Collection[str] | None) -> Row[tuple[object, ...]] | None:
    """The message that is due longest."""
    return tx.execute(_due(now, channels)).first()


def claim(tx: Connection, site: str, now: int, channels: Collection[str] | None) -> Message | None:
    """The next message that may go out now, as `SENDING`; on the way, stale nudges are cancelled and what must wait is held."""
    while (row := waiting(tx, now, channels)) is not None:
        fate = _fate(tx, site, row, now)
        change = {"state": MessageState.SENDING.value, "lease": now + policy.LEASE, "attempts": row.attempts + 1}
        if fate is _STALE:
            change = {"state": MessageState.CANCELLED.value, "settled": now}
        elif isinstance(fate, int):
            change = {"state": MessageState.HELD.value, "due": fate}
        tx.execute(update(tables.message).where(tables.message.c.id == row.id).values(**change))
        if fate is None:
            return _message(row, attempts=row.attempts + 1)
    return None


def settle(tx: Connection, message: str, outcome: MessageState, now: int) -> MessageState:
    """`SENT` holds whatever was thought before; `QUEUED` asks for another try, after a longer wait each time, until it is `DEAD`."""
    m = tables.message.c
    here = update(tables.message).where(m.id == message)
    if outcome is MessageState.QUEUED:
        tries = tx.execute(select(m.attempts).where(m.id == message)).scalar() or 0
        if tries <= len(policy.BACKOFF):
            again = {"state": outcome.value, "due": now + policy.BACKOFF[tries - 1], "lease": None}
            tx.execute(here.where(m.state == MessageState.SENDING.value).values(**again))
            return outcome
        outcome = MessageState.DEAD
    if outcome is not MessageState.SENT:
        here = here.where(m.state == MessageState.SENDING.value)
    tx.execute(here.values(state=outcome.value, settled=now, lease=None))
    return outcome


def lapsed(tx: Connection, now: int) -> int:
    """How many claims were never settled in time."""
    m = tables.message.c
    return tx.execute(select(func.count()).where(m.state == MessageState.SENDING.value, m.lease <= now)).scalar() or 0


def recover(tx: Connection, now: int, idempotent: Collection[str]) -> int:
    """Whoever claimed these is gone: they may have arrived. Repeated only where the receiver tells a repeated id."""
    m = tables.message.c
    gone = and_(m.state == MessageState.SENDING.value, m.lease <= now)
    again = update(tables.message).where(gone, m.channel.in_(list(idempotent)))
    count = tx.execute(again.values(state=MessageState.QUEUED.value, due=now, lease=None)).rowcount
    return count + tx.execute(update(tables.message).where(gone).values(state=MessageState.UNKNOWN.value, settled=now, lease=None)).rowcount


_STALE = "stale"


def _due(now: int, channels: Collection[str] | None) -> Select[tuple[object, ...]]:
    m = tables.message.c
    rows = select(tables.message, tables.alert.c.state.label("alert_state"), tables.alert.c.patient)
    rows = rows.join(tables.alert, tables.alert.c.id == m.alert).where(m.state.in_(_WAITING), m.due <= now)
    if channels is not None:
        rows = rows.where(m.channel.in_(list(channels)))
    return rows.order_by(m.due, m.id).limit(1)


def _fate(tx: Connection, site: str, row: Row[tuple[object, ...]], now: int) -> int | str | None:
    """`None`: it goes out; an instant: not before then; `_STALE`: never."""
    if row.expires is not None and now >= row.expires:
        return _STALE
    if row.step == FIRST and row.alert_state != State.OPEN.value:
        return _STALE
    if row.audience == Audience.THERAPIST.value:
        return None
    zone = patients(tx, None, row.patient)[0].zone
    if not quiet(now, zone) and _slot(tx, site, row, local(now, zone).date().isoformat()):
        return None
    tomorrow = now if quiet(now, zone) else day_end(now, zone)
    return quiet_end(tomorrow, zone)  # where a nudge finds that it has expired


def _slot(tx: Connection, site: str, row: Row[tuple[object, ...]], day: str) -> bool:
    """Takes one of the day's places for the message; a retry on the same day keeps the one it has."""
    b = tables.budget_slot.c
    taken = tx.execute(select(b.slot, b.nudge, b.message).where(b.recipient == row.recipient, b.local_day == day)).all()
    if any(one.message == row.id for one in taken):
        return True
    nudges = sum(one.nudge is not None for one in taken)
    if len(taken) >= tables.SLOTS or (row.nudge and nudges >= tables.NUDGES):
        return False
    place = {"slot": len(taken) + 1, "nudge": nudges + 1 if row.nudge else None}
    tx.execute(tables.budget_slot.insert().values(site=site, recipient=row.recipient, local_day=day, message=row.id, **place))
    return True


def _message(row: Row[tuple[object, ...]], attempts: int) -> Message:
    kept = {name: getattr(row, name) for name in Message.__slots__ if name in tables.message.c}
    return Message(**{**kept, "state": MessageState.SENDING, "audience": Audience(row.audience), "attempts": attempts})
