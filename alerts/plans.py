"""The plans in the chart: each revision as the therapist wrote it, in force from its instant until the next one's."""

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, select

from alerts import audit, tables
from alerts.database import Database
from alerts.people import known
from detectors.outcome import KIND
from detectors.plan.occurrence import Revision
from detectors.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class Assigned:
    """One revision as it was handed in; times µs UTC."""

    patient: str
    since: int
    plan: str
    """Id the therapist gave it, e.g. "rx-0002"."""
    text: str
    by: str
    at: int


class Plans:
    """Every method is one transaction, safe to call from any thread, and raises `ChartUnavailable` when the database cannot serve."""

    def __init__(self, database: Database, site: str) -> None:
        self._database, self._site = database, site

    def assign(self, patient: str, text: str, plan: Plan, since: int, by: str, now: int) -> bool:
        """`text`, of which `plan` was read, is in force from `since` (µs UTC); False: it is already, and nothing was changed.

        Raises `ValueError` where that cannot be or would rewrite what was judged by an older revision.
        """
        with self._database.writing() as tx:
            if not _is_new(tx, patient, text, plan, since):
                return False
            row = {"patient": patient, "since": since, "id": plan.id, "text": text, "by": by, "assigned": now}
            tx.execute(tables.plan.insert().values(site=self._site, **row))
            audit.note(tx, self._site, patient, by, f"plan {plan.id} assigned", now)
            return True

    def assigned(self, patient: str) -> list[Assigned]:
        """Ascending in since."""
        with self._database.reading() as tx:
            return _assigned(tx, patient)

    def revisions(self, patient: str) -> list[Revision]:
        """Ascending in since. Raises `ValueError` for a text that this version of KeepUp cannot read."""
        return [Revision(_read(one.text), one.since) for one in self.assigned(patient)]

    def readable(self, patient: str) -> list[Revision]:
        """As `revisions`; none of them where one cannot be read, for what was planned is then not known."""
        try:
            return self.revisions(patient)
        except ValueError:
            return []

    def text(self, patient: str, since: int) -> str | None:
        """As the therapist wrote the revision that is in force from exactly then."""
        return next((one.text for one in self.assigned(patient) if one.since == since), None)


def in_force(tx: Connection, patient: str, now: int) -> Plan | None:
    """The newest that has begun; `None` too for a text that this version of KeepUp cannot read, as `revisions` says to who judges."""
    p = tables.plan.c
    text = tx.execute(select(p.text).where(p.patient == patient, p.since <= now).order_by(p.since.desc()).limit(1)).scalar()
    try:
        return None if text is None else _read(text)
    except ValueError:
        return None


def _is_new(tx: Connection, patient: str, text: str, plan: Plan, since: int) -> bool:
    known(tx, patient)
    if plan.patient != patient:
        raise ValueError(f"plan {plan.id} is {plan.patient}'s, not {patient}'s; name that patient, or write patient: {patient} in the plan")
    if not (before := _assigned(tx, patient)):
        return True
    newest = before[-1]
    if newest.text == text:
        return False
    if since <= newest.since:
        raise ValueError(
            f"{patient} has plan {newest.plan} from that instant or a later one on, and a revision begins after the one before it; "
            "give a later start"
        )
    if _judged(tx, patient, since):
        raise ValueError(
            f"sessions of {patient} after that start were judged by plan {newest.plan}, and that stays so; start now, or on a later day"
        )
    return True


def _judged(tx: Connection, patient: str, since: int) -> bool:
    """Whether a session that was planned for `since` or later has an outcome."""
    f = tables.finding.c
    rows = select(f.key).where(f.patient == patient, f.kind == KIND, f.start >= since, f.key.not_like("extra@%"))
    return tx.execute(rows.limit(1)).first() is not None


def _assigned(tx: Connection, patient: str) -> list[Assigned]:
    rows = select(tables.plan).where(tables.plan.c.patient == patient).order_by(tables.plan.c.since)
    return [Assigned(row.patient, row.since, row.id, row.text, row.by, row.assigned) for row in tx.execute(rows)]


@lru_cache(maxsize=512)
def _read(text: str) -> Plan:
    from detectors.plan.read import read  # brings ruamel.yaml, for which nobody without plans should wait

    plan = read(text).plan
    if plan is None:
        raise ValueError("a plan in the chart cannot be read by this version of KeepUp; update KeepUp, or assign the plan anew")
    return plan
