"""What a therapist does with an alert: acknowledge it, put it off, say what it was. Rows in the caller's transaction."""

from sqlalchemy import Connection, update

from alerts import audit, moves, outbox, policy, tables
from alerts.alert import Alert, Audience, State


def acknowledge(tx: Connection, site: str, alert: str, by: str, now: int, why: str = "acknowledged") -> bool:
    mine = _mine(tx, alert, by)
    if mine is None or mine.audience is not Audience.THERAPIST:
        return False
    if mine.state in (State.OPEN, State.SNOOZED):
        moves.end(tx, site, mine, State.ACKED, by, why, now)
    return mine.state in (State.OPEN, State.SNOOZED, State.ACKED)


def snooze(tx: Connection, site: str, alert: str, by: str, until: int, now: int) -> bool:
    mine = _mine(tx, alert, by)
    if mine is None or mine.audience is not Audience.THERAPIST or mine.state not in (State.OPEN, State.SNOOZED):
        return False
    if mine.state is State.SNOOZED:
        audit.note(tx, site, mine.patient, by, f"alert {alert} snoozed anew", now)
        tx.execute(update(tables.alert).where(tables.alert.c.id == alert).values(until=until, changed=now))
    elif moves.move(tx, site, mine, State.SNOOZED, by, "snoozed", now, until=until):
        outbox.cancel(tx, alert, now)
    return True


def label(tx: Connection, site: str, alert: str, by: str, what: str, now: int) -> bool:
    mine = _mine(tx, alert, by)
    if mine is None:
        return False
    tx.execute(update(tables.alert).where(tables.alert.c.id == alert).values(label=what, changed=now))
    audit.note(tx, site, mine.patient, by, f"alert {alert} labelled: {what}", now)
    acknowledge(tx, site, alert, by, now)
    return True


def checked(until: int, now: int) -> None:
    """Raises `ValueError` for a time to wake that is over, or too far away."""
    if not now < until <= now + policy.SNOOZE_MOST:
        raise ValueError("an alert is snoozed for 14 days at most, and until later than now; give another time")


def _mine(tx: Connection, alert: str, by: str) -> Alert | None:
    return next((one for one in moves.alerts(tx, by, None, ()) if one.id == alert), None)
