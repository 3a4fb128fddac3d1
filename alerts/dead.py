"""Messages that were given up, taken up again or dropped by a person: rows in the caller's transaction, each in the audit."""

from sqlalchemy import Connection, Row, select, update

from alerts import audit, policy, tables
from alerts.alert import MessageState, State
from alerts.wording import CORRECTION

_Row = Row[tuple[object, ...]]


def retry(tx: Connection, site: str, message: str, by: str, now: int) -> bool:
    """It may go out again, for as long as a new one; its tries still count, so one that was tried often enough gets one more.

    False: it was not given up, or would be worth nothing any more: its alert or its day is over, or nobody could answer.
    """
    row = _given_up(tx, message)
    if row is None or not _worth_it(row) or (expires := _until(row, now)) <= now:
        return False
    _end(tx, site, row, {"state": MessageState.QUEUED.value, "due": now, "expires": expires, "settled": None}, (by, "tried again"), now)
    return True


def drop(tx: Connection, site: str, message: str, by: str, now: int) -> bool:
    """It is cancelled. False: it was not given up."""
    row = _given_up(tx, message)
    if row is not None:
        _end(tx, site, row, {"state": MessageState.CANCELLED.value, "settled": now}, (by, "dropped"), now)
    return row is not None


def _given_up(tx: Connection, message: str) -> _Row | None:
    m, a = tables.message.c, tables.alert.c
    rows = select(tables.message, a.state.label("alert_state"), tables.link.c.until)
    rows = rows.outerjoin(tables.alert, a.id == m.alert).outerjoin(tables.link, tables.link.c.id == m.id)
    return tx.execute(rows.where(m.id == message, m.state == MessageState.DEAD.value)).first()


def _worth_it(row: _Row) -> bool:
    return row.alert is None or row.alert_state == (State.RETRACTED if row.step.startswith(CORRECTION) else State.OPEN).value


def _until(row: _Row, now: int) -> int:
    """A nudge keeps its day, and a question ends with its link."""
    if row.nudge:
        return int(row.expires)
    return now + policy.MESSAGE_LASTS if row.until is None else min(now + policy.MESSAGE_LASTS, int(row.until))


def _end(tx: Connection, site: str, row: _Row, values: dict[str, object], what: tuple[str, str], now: int) -> None:
    by, done = what
    tx.execute(update(tables.message).where(tables.message.c.id == row.id).values(**values))
    for patient in _about(tx, row.id):
        audit.note(tx, site, patient, by, f"message {row.id} to {row.recipient} {done}", now)


def _about(tx: Connection, message: str) -> list[str]:
    """The patient it is about; of a digest, all of them."""
    m, a = tables.message.c, tables.alert.c
    rows = select(a.patient).join_from(tables.message, tables.alert, a.id == m.alert).where((m.id == message) | (m.digest == message))
    return list(tx.execute(rows.distinct().order_by(a.patient)).scalars())
