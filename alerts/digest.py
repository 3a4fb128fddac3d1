"""The therapist's digest: one message a channel and working day, in the stead of all that can wait. Rows of the caller's T2."""

from collections.abc import Collection
from uuid import uuid5

from sqlalchemy import Connection, Row, and_, func, select, update

from alerts import limits, outbox, policy, tables
from alerts.alert import Audience, MessageState, State
from alerts.database import insert_new
from alerts.hours import day, day_end, digest_time, working
from alerts.wording import CORRECTION
from ingest.batch import DAY

STEP = "digest"


def fold(tx: Connection, site: str, row: Row[tuple[object, ...]], now: int) -> int | None:
    """Folds the therapist's message into today's digest; where there is none today, or none any more, gives when to look again."""
    reader = limits.therapist(tx, row.recipient)
    if not working(now, reader.zone):
        return digest_time(now, reader.zone, reader.digest_at)
    id = str(uuid5(outbox.NAMES, f"{row.recipient}|{row.channel}|{day(now, reader.zone)}"))  # noqa: A001 — the digest's
    about = {"alert": None, "recipient": row.recipient, "audience": Audience.THERAPIST.value, "channel": row.channel, "step": STEP}
    marks = {"virtual": False, "nudge": False, "urgent": False, "text": "", "state": MessageState.QUEUED.value}
    when = {"written": now, "due": now, "expires": now + policy.MESSAGE_LASTS}
    m = tables.message.c
    if not insert_new(tx, tables.message, {"site": site, "id": id, **about, **marks, **when}):
        untried = select(m.id).where(m.id == id, m.state == MessageState.QUEUED.value, m.attempts == 0)
        if tx.execute(untried).first() is None:
            return digest_time(day_end(now, reader.zone), reader.zone, reader.digest_at)
    tx.execute(update(tables.message).where(m.id == row.id).values(state=MessageState.DIGEST.value, digest=id, settled=now))
    return None


def words(tx: Connection, id: str, recipient: str, channel: str, now: int) -> tuple[str, bool] | None:  # noqa: A002 — the digest's
    """What the digest says, and whether it is about simulated patients alone; `None`: of what it holds nothing is so any more."""
    m, a = tables.message.c, tables.alert.c
    rows = select(m.step, m.virtual, a.id, a.state).join_from(tables.message, tables.alert, a.id == m.alert).where(m.digest == id)
    theirs = rows.join(tables.patient, and_(tables.patient.c.id == a.patient, tables.patient.c.therapist == recipient))
    held = tx.execute(theirs.where(m.state == MessageState.DIGEST.value)).all()
    fresh = {one.id: one.virtual for one in held if not one.step.startswith(CORRECTION) and one.state == State.OPEN.value}
    aside = {one.id: one.virtual for one in held if one.step.startswith(CORRECTION) and one.state == State.RETRACTED.value}
    if not fresh and not aside:
        return None
    virtual = [*fresh.values(), *aside.values()]
    said = text(len(fresh), len(aside), _waiting(tx, recipient, fresh, now), _unsure(tx, id, recipient, channel), sum(virtual))
    return said, all(virtual)


def text(fresh: int, aside: int, waiting: int, unsure: int, virtual: int) -> str:
    """Counts alone, for others may read a lock screen. `virtual`: how many of `fresh` and `aside` are about simulated patients."""
    parts = [
        (fresh, f"{_notes(fresh, 'new ')} on your list."),
        (aside, f"Please set {_notes(aside)} aside."),
        (waiting, f"{_notes(waiting)} {'has' if waiting == 1 else 'have'} waited for {policy.UNANSWERED // DAY} days."),
        (unsure, f"{_notes(unsure)} may have reached you already."),
    ]
    said = " ".join(part for count, part in parts if count)
    if virtual == fresh + aside:
        return f"Virtual: {said}"
    return f"{said} {virtual} of them virtual." if virtual else said


def _notes(count: int, which: str = "") -> str:
    return f"{count} {which}{'note' if count == 1 else 'notes'}"


def _waiting(tx: Connection, recipient: str, fresh: Collection[str], now: int) -> int:
    """Alerts that nobody answered for too long, beside the new ones."""
    a = tables.alert.c
    theirs = select(tables.patient.c.id).where(tables.patient.c.therapist == recipient)
    rows = select(a.id).where(a.patient.in_(theirs), a.audience == Audience.THERAPIST.value, a.state == State.OPEN.value)
    return len({row.id for row in tx.execute(rows.where(a.opened <= now - policy.UNANSWERED))} - set(fresh))


def _unsure(tx: Connection, id: str, recipient: str, channel: str) -> int:  # noqa: A002 — the digest's
    """Messages that may have arrived and are not sent again: told once, here."""
    m = tables.message.c
    doubtful = and_(m.recipient == recipient, m.channel == channel, m.state == MessageState.UNKNOWN.value)
    tx.execute(update(tables.message).where(doubtful, m.digest.is_(None), m.id != id).values(digest=id))
    return tx.execute(select(func.count()).select_from(tables.message).where(doubtful, m.digest == id)).scalar() or 0
