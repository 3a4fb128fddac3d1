"""Erasing a patient: content, salt and traces in one transaction. What stays is a chain of digests that names nobody."""

from sqlalchemy import Connection, delete, select

from alerts import audit, tables
from alerts.people import patients

_BY_PATIENT = ("finding", "report", "plan", "suppression", "zone", "wearing")


def erase(tx: Connection, site: str, patient: str, by: str, now: int) -> bool:
    """False: nobody of that name is in the chart. A therapist's digests stay: they hold counts alone."""
    if not patients(tx, None, patient):
        return False
    audit.forget(tx, site, patient, by, now)
    alerts = select(tables.alert.c.id).where(tables.alert.c.patient == patient)
    messages = select(tables.message.c.id).where(tables.message.c.alert.in_(alerts))
    for table in (tables.attempt, tables.budget_slot):
        tx.execute(delete(table).where(table.c.message.in_(messages)))
    tx.execute(delete(tables.link).where(tables.link.c.patient == patient))
    tx.execute(delete(tables.message).where(tables.message.c.alert.in_(alerts)))
    tx.execute(delete(tables.alert).where(tables.alert.c.patient == patient))
    for name in _BY_PATIENT:
        table = tables.METADATA.tables[name]
        tx.execute(delete(table).where(table.c.patient == patient))
    _set_aside(tx, patient)
    tx.execute(delete(tables.patient).where(tables.patient.c.id == patient))
    return True


def _set_aside(tx: Connection, patient: str) -> None:
    """What could not be read as a report may name the patient all the same."""
    said = tx.execute(select(tables.aside.c.seq, tables.aside.c.body)).all()
    theirs = [row.seq for row in said if patient.encode() in row.body]
    tx.execute(delete(tables.aside).where(tables.aside.c.seq.in_(theirs)))
