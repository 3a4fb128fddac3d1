"""Messages on their way: claimed under the patient's budget (T2), settled once (T3), taken back from the dead (T4). Rows in the caller's
transaction; `alerts.outbox` wrote them."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, Select, and_, bindparam, func, select, update

from alerts import audit, digest, limits, moves, outbox, policy, tables
from alerts.alert import Audience, Message, MessageState, State
from alerts.database import insert_new
from alerts.hours import day, day_end, digest_time, quiet_end
from alerts.limits import Limits
from alerts.outbox import WAITING
from alerts.pauses import Pause
from alerts.people import patients
from alerts.suppression import silenced
from alerts.wording import CORRECTION
from ingest.batch import MICROS

_Row = Row[tuple[object, ...]]
_STALE = "stale"
_FOLDED = "folded"
_NOW = bindparam("now", type_=BigInteger)


def waiting(tx: Connection, now: int, channels: Collection[str] | None) -> _Row | None:
    """The message that is due longest."""
    return tx.execute(_due(_named(channels)), {"now": now}).first()


def claim(tx: Connection, site: str, now: int, channels: Collection[str] | None) -> Message | None:
    """The next message that may go out now, as `SENDING`, its attempt open.

    On the way what is stale is cancelled, what must wait is held, and what is for a digest folded into it.
    """
    while (row := waiting(tx, now, channels)) is not None:
        fate = _fate(tx, site, row, now)
        if fate is None and (words := _words(tx, row, now)) is not None:
            return _sending(tx, site, row, words, now)
        if fate in (None, _STALE):
            _set(tx, row.id, state=MessageState.CANCELLED.value, settled=now)
        elif fate != _FOLDED:
            _set(tx, row.id, state=MessageState.HELD.value, due=fate)
    return None


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended."""

    outcome: MessageState
    """`SENT`, `QUEUED` (failed), `UNKNOWN` (may have arrived) or `DEAD` (and will always fail)."""
    repeat: bool
    """The receiver tells a repeated id, so what is unknown may be sent again."""
    wait_s: float
    """The receiver asked for so long a wait, seconds; 0: it did not."""
    code: str

    @property
    def again(self) -> bool:
        return self.outcome is MessageState.QUEUED or (self.outcome is MessageState.UNKNOWN and self.repeat)


def settle(tx: Connection, message: str, ending: Ending, attempt: int | None, now: int) -> MessageState:
    """What becomes of the message once its attempt (`None`: the newest) ended.

    `SENT` holds whatever was thought before. Another try comes after `BACKOFF`, or when the receiver asked for it if that is later, until
    it was tried often enough and is `DEAD`. An attempt that was given up for lost changes nothing else.
    """
    m = tables.message.c
    row = tx.execute(select(m.attempts, m.state).where(m.id == message)).first()
    if row is None:
        return ending.outcome  # erased meanwhile
    n = row.attempts if attempt is None else attempt
    _close(tx, and_(tables.attempt.c.message == message, tables.attempt.c.n == n), ending.outcome, now, ending.code)
    if ending.outcome is not MessageState.SENT and (row.state != MessageState.SENDING.value or n != row.attempts):
        return MessageState(row.state)
    if ending.again and n <= len(policy.BACKOFF):
        asked = min(round(max(ending.wait_s, 0) * MICROS), policy.RETRY_AFTER_MOST)
        _set(tx, message, state=MessageState.QUEUED.value, due=now + max(policy.BACKOFF[n - 1], asked), lease=None)
        return MessageState.QUEUED
    settled = MessageState.DEAD if ending.again else ending.outcome
    _set(tx, message, state=settled.value, settled=now, lease=None)
    return settled


def lapsed(tx: Connection, now: int, channels: Collection[str] | None) -> int:
    """How many claims were never settled in time."""
    return int(tx.execute(_lapsed(_named(channels)), {"now": now}).scalar() or 0)


def recover(tx: Connection, now: int, idempotent: Collection[str], channels: Collection[str] | None) -> int:
    """Whoever claimed these is gone: they may have arrived. Repeated only where the receiver tells a repeated id."""
    m, a = tables.message.c, tables.attempt.c
    gone = _gone(now, channels)
    _close(tx, and_(a.ended.is_(None), a.message.in_(select(m.id).where(gone))), MessageState.UNKNOWN, now, "lost")
    again = update(tables.message).where(gone, m.channel.in_(list(idempotent)))
    count = tx.execute(again.values(state=MessageState.QUEUED.value, due=now, lease=None)).rowcount
    return count + tx.execute(update(tables.message).where(gone).values(state=MessageState.UNKNOWN.value, settled=now, lease=None)).rowcount


# put together once: each pass of a delivery asks these, and putting them together takes longer than asking
@lru_cache(maxsize=64)
def _due(channels: frozenset[str] | None) -> Select[tuple[object, ...]]:
    m = tables.message.c
    rows = select(tables.message, tables.alert.c.state.label("alert_state"), tables.alert.c.patient, tables.alert.c.kind)
    rows = rows.add_columns(tables.patient.c.therapist.label("reader")).outerjoin(tables.alert, tables.alert.c.id == m.alert)
    rows = rows.outerjoin(tables.patient, tables.patient.c.id == tables.alert.c.patient).where(m.state.in_(WAITING), m.due <= _NOW)
    if channels is not None:
        rows = rows.where(m.channel.in_(sorted(channels)))
    return rows.order_by(m.due, m.alert.is_(None), m.id).limit(1)  # a digest after all it can hold


@lru_cache(maxsize=64)
def _lapsed(channels: frozenset[str] | None) -> Select[Any]:
    return select(func.count()).select_from(tables.message).where(_gone(_NOW, channels))


def _named(channels: Collection[str] | None) -> frozenset[str] | None:
    return None if channels is None else frozenset(channels)


def _fate(tx: Connection, site: str, row: _Row, now: int) -> int | str | None:
    """`None`: it goes out; an instant: not before then; `_STALE`: never; `_FOLDED`: another one goes out in its stead."""
    if row.expires is not None and now >= row.expires:
        _say_why(tx, site, row, now)
        return _STALE
    if row.alert is None:
        return None
    if row.audience == Audience.THERAPIST.value and row.recipient != row.reader:
        audit.note(tx, site, row.patient, moves.DELIVERY, f"message of alert {row.alert} not sent: {row.recipient} has them no more", now)
        return _STALE
    if row.step.startswith(CORRECTION):
        if row.alert_state != State.RETRACTED.value:
            return _STALE
        if (lease := _still_out(tx, row, now)) is not None:
            return lease
        if not outbox.reached(tx, row.alert, (row.recipient, row.channel), 0):
            return _STALE
    elif row.alert_state != State.OPEN.value:
        return _STALE
    elif (pause := silenced(tx, row.patient, row.kind, now)) is not None:
        return _paused(tx, row, pause, now)
    if row.audience == Audience.THERAPIST.value:
        return _by_day(tx, row, now) if row.urgent else digest.fold(tx, site, row, now) or _FOLDED
    return _turn(tx, site, row, limits.of_patient(tx, patients(tx, None, row.patient)[0], now), now)


def _paused(tx: Connection, row: _Row, pause: Pause, now: int) -> int:
    """When to look again at what a pause holds: before it can expire unseen; what is for a digest, when there is one."""
    if row.audience == Audience.THERAPIST.value and not row.urgent:
        reader = limits.therapist(tx, row.recipient)
        return digest_time(now + 1, reader.zone, reader.digest_at)
    return min(pause.end, now + policy.LOOK_AGAIN, *(() if row.expires is None else (row.expires,)))


def _say_why(tx: Connection, site: str, row: _Row, now: int) -> None:
    """Where a pause kept the message until it was worth nothing any more, the audit has it."""
    if row.alert is None or row.step.startswith(CORRECTION) or row.alert_state != State.OPEN.value:
        return
    if silenced(tx, row.patient, row.kind, row.expires - 1) is not None:
        audit.note(tx, site, row.patient, moves.DELIVERY, f"message of alert {row.alert} not sent: its time ran out in a pause", now)


def _by_day(tx: Connection, row: _Row, now: int) -> int | None:
    """`None`: the therapist is not asleep; else when that is over."""
    kept = limits.of_therapist(limits.therapist(tx, row.recipient))
    awake = quiet_end(now, kept.zone, kept.quiet)
    return awake if awake > now else None


def _still_out(tx: Connection, correction: _Row, now: int) -> int | None:
    """A correction never overtakes what it corrects: until when that is somebody's claim."""
    m = tables.message.c
    rows = select(func.max(m.lease)).where(
        m.alert == correction.alert, m.recipient == correction.recipient, m.channel == correction.channel
    )
    lease = tx.execute(rows.where(m.state == MessageState.SENDING.value, m.lease > now)).scalar()
    return None if lease is None else int(lease)


def _words(tx: Connection, row: _Row, now: int) -> tuple[str, bool] | None:
    """What it says, and whether of somebody simulated; of a digest what is still so, `None`: nothing."""
    return digest.words(tx, row.id, row.recipient, row.channel, now) if row.alert is None else (row.text, row.virtual)


def _turn(tx: Connection, site: str, row: _Row, kept: Limits, now: int) -> int | None:
    """`None`: it is neither night nor is the day's budget spent; else when to look again, where a nudge finds that it has expired."""
    awake = quiet_end(now, kept.zone, kept.quiet)
    if awake > now:
        return awake
    return None if _slot(tx, site, row, kept.nudges, day(now, kept.zone)) else quiet_end(day_end(now, kept.zone), kept.zone, kept.quiet)


def _slot(tx: Connection, site: str, row: _Row, most: int, local_day: str) -> bool:
    """Takes one of the day's places for the message, `most` nudges among them; a retry on the same day keeps the one it has."""
    b = tables.budget_slot.c
    taken = tx.execute(select(b.slot, b.nudge, b.message).where(b.recipient == row.recipient, b.local_day == local_day)).all()
    if any(one.message == row.id for one in taken):
        return True
    nudges = sum(one.nudge is not None for one in taken)
    if len(taken) >= tables.SLOTS or (row.nudge and nudges >= most):
        return False
    place = {"slot": len(taken) + 1, "nudge": nudges + 1 if row.nudge else None}
    tx.execute(tables.budget_slot.insert().values(site=site, recipient=row.recipient, local_day=local_day, message=row.id, **place))
    return True


def _sending(tx: Connection, site: str, row: _Row, words: tuple[str, bool], now: int) -> Message:
    n = row.attempts + 1
    _set(tx, row.id, state=MessageState.SENDING.value, text=words[0], virtual=words[1], lease=now + policy.LEASE, attempts=n)
    insert_new(tx, tables.attempt, {"site": site, "message": row.id, "n": n, "started": now})
    kept = {name: getattr(row, name) for name in Message.__slots__ if name in tables.message.c}
    now_so = {"state": MessageState.SENDING, "attempts": n, "text": words[0], "virtual": words[1]}
    return Message(**{**kept, **now_so, "audience": Audience(row.audience)})


def _set(tx: Connection, message: str, **values: object) -> None:
    tx.execute(update(tables.message).where(tables.message.c.id == message).values(**values))


def _close(tx: Connection, which: ColumnElement[bool], outcome: MessageState, now: int, code: str) -> None:
    tx.execute(update(tables.attempt).where(which).values(ended=now, outcome=outcome.value, code=code or None))


def _gone(now: int | ColumnElement[int], channels: Collection[str] | None) -> ColumnElement[bool]:
    m = tables.message.c
    gone = and_(m.state == MessageState.SENDING.value, m.lease <= now)
    return gone if channels is None else and_(gone, m.channel.in_(list(channels)))
