"""Whether anything was said, planned or paused since: a number for each patient, cheap to ask at every step."""

from sqlalchemy import BigInteger, Connection, Select, cast, func, select, union_all

from alerts import tables


def said(tx: Connection) -> dict[str, int]:
    """Patient → a number that changes with each report, plan, pause and zone; who is not named has none."""
    return {row.patient: int(row.much) for row in tx.execute(_MUCH)}


def _much() -> Select[tuple[str, int]]:
    """Rows are added, but for a pause, which may also end earlier."""
    kept = (tables.report, tables.plan, tables.suppression, tables.zone)
    each = [select(table.c.patient, func.count().label("much")).group_by(table.c.patient) for table in kept]
    s = tables.suppression.c
    each.append(select(s.patient, cast(func.sum(s.end % 1_000_003), BigInteger).label("much")).group_by(s.patient))
    every = union_all(*each).subquery()
    return select(every.c.patient, func.sum(every.c.much).label("much")).group_by(every.c.patient)


_MUCH = _much()
