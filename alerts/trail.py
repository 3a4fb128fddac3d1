"""The messages about a patient, each with its attempts: what the audit page shows beside the events. Never what they said."""

from dataclasses import dataclass

from sqlalchemy import select

from alerts import tables
from alerts.alert import Audience, MessageState
from alerts.database import Database


@dataclass(frozen=True, slots=True)
class Attempt:
    """Times µs UTC."""

    started: int
    ended: int | None
    """`None`: it goes on, or whoever tried was stopped."""
    outcome: str | None
    code: str | None
    """What the receiver answered, e.g. "550"."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One message; times µs UTC."""

    id: str
    alert: str
    kind: str
    """Of its alert."""
    audience: Audience
    channel: str
    step: str
    state: MessageState
    written: int
    attempts: tuple[Attempt, ...]


class Trail:
    """Every method is one transaction, safe to call from any thread, and raises `ChartUnavailable` when the database cannot serve."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, patient: str, most: int) -> list[Sending]:
        """Newest first, no more than `most`. A digest is about many patients, so it is not among them: what it folded in is."""
        m, a, t = tables.message.c, tables.alert.c, tables.attempt.c
        rows = select(m.id, m.alert, a.kind, m.audience, m.channel, m.step, m.state, m.written).join_from(tables.message, tables.alert)
        rows = rows.where(a.patient == patient).order_by(m.written.desc(), m.id).limit(most)
        tries = select(tables.attempt).join_from(tables.attempt, tables.message).join(tables.alert).where(a.patient == patient)
        tried: dict[str, list[Attempt]] = {}
        with self._database.reading() as tx:
            found = tx.execute(rows).all()
            for row in tx.execute(tries.order_by(t.message, t.n)):
                tried.setdefault(row.message, []).append(Attempt(row.started, row.ended, row.outcome, row.code))
        return [
            Sending(
                row.id,
                row.alert,
                row.kind,
                Audience(row.audience),
                row.channel,
                row.step,
                MessageState(row.state),
                row.written,
                tuple(tried.get(row.id, ())),
            )
            for row in found
        ]
