"""What happens in the chart, for those who follow it: by number, resumed from the database without gaps or repeats."""

from dataclasses import dataclass

from sqlalchemy import Select, and_, func, or_, select

from alerts import tables
from alerts.alert import Audience, Event, MessageState, State
from alerts.database import Database

MOST = 200
"""Events read at once."""


@dataclass(frozen=True, slots=True)
class News:
    """What became of alerts since a number."""

    events: tuple[Event, ...]
    """Ascending in seq."""
    to: int
    """Everything up to this number is in here, or concerns somebody else's patients: where to go on."""
    whole: bool
    """False: something among these was erased, or the chart is not the one the number came from. Read everything again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message to a patient that arrived, or may have."""

    at: int
    """µs UTC."""
    kind: str
    """Of its alert."""
    step: str
    channel: str
    sure: bool


class Feed:
    """Every method is one transaction, safe to call from any thread, and raises `ChartUnavailable` when the database cannot serve."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self) -> int:
        """The highest number; 0 while nothing has happened."""
        with self._database.reading() as tx:
            return tx.execute(_NEWEST).scalar() or 0

    def since(self, after: int, therapist: str, most: int = MOST) -> News:
        """What became of alerts about this therapist's patients after that number; what is read stays cheap however much others have."""
        with self._database.reading() as tx:
            newest = tx.execute(_NEWEST).scalar() or 0
            if after >= newest:
                return News((), newest, after == newest)
            rows = tx.execute(_between(after, newest, therapist, most)).all()
        events = tuple(
            Event(row.seq, row.at, row.patient, row.alert, row.by, State(row.old) if row.old else None, State(row.new), row.why)
            for row in rows
            if row.kept is not None
        )
        return News(events, rows[-1].seq if len(rows) == most else newest, len(events) == len(rows))

    def sent(self, patient: str, start: int, end: int) -> list[Sent]:
        """What reached the patient in [start, end), µs UTC, or may have; ascending."""
        m, a = tables.message.c, tables.alert.c
        rows = select(m.settled, a.kind, m.step, m.channel, m.state).join_from(tables.message, tables.alert, m.alert == a.id)
        rows = rows.where(a.patient == patient, m.audience == Audience.PATIENT.value, m.settled >= start, m.settled < end)
        rows = rows.where(m.state.in_([MessageState.SENT.value, MessageState.UNKNOWN.value])).order_by(m.settled, m.id)
        with self._database.reading() as tx:
            found = tx.execute(rows).all()
        return [Sent(row.settled, row.kind, row.step, row.channel, row.state == MessageState.SENT.value) for row in found]


_NEWEST = select(func.max(tables.event.c.seq))


def _between(after: int, newest: int, therapist: str, most: int) -> Select[tuple[object, ...]]:
    """Moves of alerts of the therapist's patients, and what was erased, of whomever: nobody can tell any more."""
    e, d = tables.event.c, tables.deed.c
    theirs = select(tables.patient.c.id).where(tables.patient.c.therapist == therapist)
    rows = select(e.seq, e.at, e.old, e.new, d.alert, d.patient, d.by, d.why, d.seq.label("kept"))
    rows = rows.select_from(tables.event.outerjoin(tables.deed, d.seq == e.seq)).where(e.seq > after, e.seq <= newest)
    return rows.where(or_(d.seq.is_(None), and_(d.alert.is_not(None), d.patient.in_(theirs)))).order_by(e.seq).limit(most)
