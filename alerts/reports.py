"""What people said, in the chart: each report once, and beside them what came in and could not be taken."""

from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError
from sqlalchemy import Connection, delete, func, select

from alerts import people, tables
from alerts.database import Database
from alerts.people import known
from detectors import dates
from detectors.report import REPORT, Back, Report, TimeOut
from ingest.batch import DAY, HOUR, MINUTE

AHEAD = 5 * MINUTE
"""How far the clock of who says it may be ahead of ours; it is then said when it came."""
OLDEST = 60 * DAY
"""What is said later than this changes nothing any more (tiles are kept as long)."""
LONGEST_PAUSE = 366
"""Days of one time out; who is away for longer says so again."""
PAUSED_SINCE = 14
"""Days that a time out, or its end, may begin before it is said: what was judged longer ago stays judged."""
LONGEST = 4096
"""Bytes of a report; what is longer is none, and no more of it is kept."""
PER_HOUR = 60
"""Reports of one patient from one source that are taken unasked; nobody says so much, but a client gone mad does."""
ASIDES = 10_000
"""How many set aside are kept: the newest."""
_REASON = 300  # characters


@dataclass(frozen=True, slots=True)
class Aside:
    """Something said that could not be taken, as it came, cut to `LONGEST` bytes."""

    seq: int
    at: int
    """When it came, µs UTC."""
    source: str
    reason: str
    body: bytes


class Reports:
    """Every method is one transaction, safe to call from any thread, and raises `ChartUnavailable` when the database cannot serve."""

    def __init__(self, database: Database, site: str) -> None:
        self._database, self._site = database, site

    def add(self, report: Report, source: str, now: int) -> bool:
        """Whether it is new: the same id twice is said once. `source`: "page", "mqtt", "cli".

        Raises `ValueError` for an unknown patient, a time that cannot be meant, and an id under which something else was said.
        """
        with self._database.writing() as tx:
            return add(tx, self._site, report, source, now)

    def of(self, patient: str, since: int = 0, until: int = 2**62) -> list[Report]:
        """What was said at [since, until), µs UTC; ascending in (at, id)."""
        r = tables.report.c
        rows = select(r.body, r.at).where(r.patient == patient, r.at >= since, r.at < until).order_by(r.at, r.id)
        with self._database.reading() as tx:
            return [REPORT.validate_python({**row.body, "at": row.at}) for row in tx.execute(rows)]

    def take(self, payload: bytes, source: str, now: int) -> Report | None:
        """From outside, one report in JSON; whatever cannot be taken is set aside with its reason, and gives `None`."""
        with self._database.writing() as tx:
            try:
                report = _read(payload)
                if report.by != "patient":
                    raise ValueError("only patients report this way; a therapist says it with keepup report")
                if not _said(tx, report.id):
                    _refuse_a_flood(tx, report.patient, source, now)
                add(tx, self._site, report, source, now)
            except ValueError as error:
                _set_aside(tx, self._site, payload, source, _reason(error), now)
                return None
            return report

    def asides(self, limit: int = 100) -> list[Aside]:
        """Newest first."""
        rows = select(tables.aside).order_by(tables.aside.c.seq.desc()).limit(limit)
        with self._database.reading() as tx:
            return [Aside(row.seq, row.at, row.source, row.reason, row.body) for row in tx.execute(rows)]


def add(tx: Connection, site: str, report: Report, source: str, now: int) -> bool:
    """As `Reports.add`, in the caller's transaction."""
    body = report.model_dump(mode="json")
    if said := _said(tx, report.id):
        if said != body:
            raise ValueError("something else was said under this id; give each report an id of its own")
        return False
    if report.at > now + AHEAD:
        raise ValueError("the report's time lies in the future; check the clock of who sends it")
    if report.at < now - OLDEST:
        raise ValueError(f"the report is older than {OLDEST // DAY} days, so nothing rests on it any more; check its time")
    known(tx, report.patient)
    if isinstance(report, TimeOut | Back):
        _refuse_for_ever(report, dates.day(report.at, people.zones(tx, report.patient)))
    # whoever judges as of now sees it at once; the body stays as it came, to be known again
    at = min(report.at, now)
    row = {"id": report.id, "patient": report.patient, "at": at, "kind": report.kind, "source": source, "received": now}
    tx.execute(tables.report.insert().values(site=site, **row, occurrence=body.get("occurrence"), body=body))
    return True


def _said(tx: Connection, id: str) -> dict[str, object] | None:  # noqa: A002 — the report's
    return tx.execute(select(tables.report.c.body).where(tables.report.c.id == id)).scalar()


def _read(payload: bytes) -> Report:
    if len(payload) > LONGEST:
        raise ValueError(f"longer than the {LONGEST} bytes that a report may have")
    return REPORT.validate_json(payload)


def _refuse_a_flood(tx: Connection, patient: str, source: str, now: int) -> None:
    r = tables.report.c
    of_late = select(func.count()).where(r.patient == patient, r.source == source, r.received > now - HOUR)
    if tx.execute(of_late).scalar_one() >= PER_HOUR:
        raise ValueError(f"more than {PER_HOUR} reports of one patient in an hour; check what sends them")


def _refuse_for_ever(report: TimeOut | Back, today: date) -> None:
    """Nobody can excuse a whole course, before or after."""
    if (today - report.first).days > PAUSED_SINCE:
        raise ValueError(f"{report.first} is more than {PAUSED_SINCE} days before it was said; give a later first day")
    if isinstance(report, TimeOut) and (report.last - report.first).days >= LONGEST_PAUSE:
        raise ValueError(f"a pause has {LONGEST_PAUSE} days at most; give an earlier last day")


def _set_aside(tx: Connection, site: str, payload: bytes, source: str, reason: str, now: int) -> None:
    row = {"site": site, "at": now, "source": source, "reason": reason, "body": payload[:LONGEST]}
    seq = tx.execute(tables.aside.insert().values(**row).returning(tables.aside.c.seq)).scalar_one()
    tx.execute(delete(tables.aside).where(tables.aside.c.seq <= seq - ASIDES))


def _reason(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    found = error.errors(include_url=False, include_context=False, include_input=False)
    words = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'report'}: {one['msg']}" for one in found)
    return "".join(c if c.isprintable() else "?" for c in words[:_REASON])
