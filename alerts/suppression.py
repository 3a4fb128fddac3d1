"""What stands in the way of telling: read in the transaction that would tell."""

from sqlalchemy import Connection, or_, select

from alerts import tables
from alerts.pauses import Pause


def silenced(tx: Connection, patient: str, kind: str, now: int) -> Pause | None:
    """The pause that silences findings of the kind now; of several the one that ends last."""
    s = tables.suppression.c
    rows = select(tables.suppression).where(s.patient == patient, or_(s.kind.is_(None), s.kind == kind), s.start <= now, s.end > now)
    row = tx.execute(rows.order_by(s.end.desc(), s.id).limit(1)).first()
    return None if row is None else Pause(row.id, row.patient, row.kind, row.start, row.end, row.by, row.why)
