"""Pauses a therapist sets: nobody is told of anything, or of one kind, for a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection, Row, delete, select, update

from alerts import audit, tables
from alerts.database import Database
from alerts.people import known


@dataclass(frozen=True, slots=True)
class Pause:
    """[start, end), µs UTC."""

    id: str
    patient: str
    kind: str | None
    """Of finding that is silenced; `None`: every kind, a pause of all."""
    start: int
    end: int
    by: str
    """Pseudonym."""
    why: str


class Pauses:
    """Every method is one transaction, safe to call from any thread, and raises `ChartUnavailable` when the database cannot serve."""

    def __init__(self, database: Database, site: str) -> None:
        self._database, self._site = database, site

    def set(self, patient: str, kind: str | None, start: int, end: int, by: str, why: str, now: int) -> Pause:
        """Raises `ValueError` when the patient is unknown or it would end before it begins."""
        if end <= start:
            raise ValueError("a pause ends after it begins; give a later end")
        pause = Pause(uuid4().hex, patient, kind, start, end, by, why)
        with self._database.writing() as tx:
            known(tx, patient)
            row = {name: getattr(pause, name) for name in Pause.__slots__}
            tx.execute(tables.suppression.insert().values(site=self._site, **row))
            audit.note(tx, self._site, patient, by, f"{kind or 'everything'} paused", now)
        return pause

    def of(self, patient: str) -> list[Pause]:
        """Those that are over, too; ascending in start."""
        s = tables.suppression.c
        with self._database.reading() as tx:
            return [_pause(row) for row in tx.execute(select(tables.suppression).where(s.patient == patient).order_by(s.start, s.id))]

    def end(self, id: str, by: str, now: int) -> bool:  # noqa: A002 — the pause's
        """It ends now, and what it has covered stays covered; one that has not begun is gone. False: it is over, or there is none."""
        s = tables.suppression.c
        with self._database.writing() as tx:
            row = tx.execute(select(tables.suppression).where(s.id == id, s.end > now)).first()
            if row is None:
                return False
            _cut(tx, id, now)
            audit.note(tx, self._site, row.patient, by, f"pause of {row.kind or 'everything'} ended", now)
            return True


def paused(pauses: Iterable[Pause], kind: str, at: int) -> Pause | None:
    """The first of them by which findings of the kind are silent at the instant."""
    return next((one for one in pauses if one.kind in (None, kind) and one.start <= at < one.end), None)


def _cut(tx: Connection, id: str, now: int) -> None:  # noqa: A002 — the pause's
    s = tables.suppression.c
    tx.execute(delete(tables.suppression).where(s.id == id, s.start >= now))
    tx.execute(update(tables.suppression).where(s.id == id).values(end=now))


def _pause(row: Row[tuple[object, ...]]) -> Pause:
    return Pause(**{name: getattr(row, name) for name in Pause.__slots__})
