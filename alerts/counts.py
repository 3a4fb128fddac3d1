"""What the operator asks of the outbox: how many, how late, what failed for good; and which parts of KeepUp were last alive when."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from alerts import tables
from alerts.alert import MessageState
from alerts.database import upsert
from alerts.outbox import WAITING
from alerts.wording import CORRECTION


@dataclass(frozen=True, slots=True)
class Dead:
    """A message that was given up; times µs UTC."""

    id: str
    recipient: str
    """Pseudonym."""
    channel: str
    step: str
    attempts: int
    settled: int
    code: str | None
    """What the last attempt ended with, e.g. "550"."""


@dataclass(frozen=True, slots=True)
class Counts:
    messages: Mapping[str, int]
    """By state; states nobody is in are 0."""
    oldest_due: int | None
    """Since when the message has waited that could have gone out longest ago, µs UTC; `None`: none is late."""
    dead: tuple[Dead, ...]
    """Newest first."""
    corrected: int
    """Corrections that were sent."""

    @property
    def told(self) -> dict[str, int]:
        """How messages ended, or wait: sent, held, cancelled; and how many of those sent were corrections."""
        return {state: self.messages[state] for state in ("sent", "held", "cancelled")} | {"corrected": self.corrected}

    @property
    def unknown(self) -> int:
        """May have arrived, and are not sent again."""
        return self.messages[MessageState.UNKNOWN]


def counts(tx: Connection, now: int) -> Counts:
    m = tables.message.c
    by_state = {row.state: row.many for row in tx.execute(select(m.state, func.count().label("many")).group_by(m.state))}
    oldest = tx.execute(select(func.min(m.due)).where(m.state.in_(WAITING), m.due <= now)).scalar()
    sent = select(func.count()).select_from(tables.message).where(m.step.startswith(CORRECTION), m.state == MessageState.SENT.value)
    return Counts({state.value: by_state.get(state.value, 0) for state in MessageState}, oldest, _dead(tx), tx.execute(sent).scalar() or 0)


def _dead(tx: Connection) -> tuple[Dead, ...]:
    m, a = tables.message.c, tables.attempt.c
    rows = select(m.id, m.recipient, m.channel, m.step, m.attempts, m.settled, a.code)
    rows = rows.outerjoin(tables.attempt, (a.message == m.id) & (a.n == m.attempts)).where(m.state == MessageState.DEAD.value)
    return tuple(Dead(*row) for row in tx.execute(rows.order_by(m.settled.desc(), m.id)))


def beat(tx: Connection, site: str, component: str, now: int) -> None:
    upsert(tx, tables.heartbeat, {"site": site, "component": component, "at": now})


def heartbeats(tx: Connection) -> dict[str, int]:
    return {row.component: row.at for row in tx.execute(select(tables.heartbeat).order_by(tables.heartbeat.c.component))}
