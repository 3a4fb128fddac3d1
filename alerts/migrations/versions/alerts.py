"""Findings, alerts, and the audit that nothing changes afterwards."""

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    column,
    table,
)

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "chain",
        _site(),
        Column("patient", Text(), nullable=False),
        Column("id", Text(), nullable=False),
        Column("salt", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("patient"),
        UniqueConstraint("id", name="chain_id"),
    )
    op.create_table(
        "event",
        _site(),
        Column("seq", BigInteger().with_variant(Integer(), "sqlite"), nullable=False),
        Column("at", BigInteger(), nullable=False),
        Column("chain", Text(), nullable=False),
        Column("old", Text(), nullable=False),
        Column("new", Text(), nullable=False),
        Column("digest", LargeBinary(), nullable=False),
        Column("prev", LargeBinary(), nullable=False),
        Column("hash", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("seq"),
        UniqueConstraint("hash", name="event_hash"),
        UniqueConstraint("chain", "prev", name="event_chain_prev"),
        sqlite_autoincrement=True,
    )
    op.create_index("event_chain_seq", "event", ["chain", "seq"])
    op.create_table(
        "legal", Column("old", Text(), nullable=False), Column("new", Text(), nullable=False), PrimaryKeyConstraint("old", "new")
    )
    op.create_table(
        "finding",
        _site(),
        Column("patient", Text(), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("key", Text(), nullable=False),
        Column("start", BigInteger(), nullable=False),
        Column("end", BigInteger(), nullable=True),
        Column("evidence", JSON(), nullable=False),
        Column("version", Integer(), nullable=False),
        Column("state", Text(), nullable=False),
        Column("judged", BigInteger(), nullable=False),
        CheckConstraint("state IN ('open', 'closed', 'retracted')", name="finding_state"),
        ForeignKeyConstraint(["patient"], ["patient.id"], name="finding_patient"),
        PrimaryKeyConstraint("patient", "kind", "key"),
    )
    op.create_index("finding_patient_start", "finding", ["patient", "start"])
    op.create_table(
        "alert",
        _site(),
        Column("id", Text(), nullable=False),
        Column("patient", Text(), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("audience", Text(), nullable=False),
        Column("key", Text(), nullable=False),
        Column("state", Text(), nullable=False),
        Column("rev", Integer(), server_default="0", nullable=False),
        Column("start", BigInteger(), nullable=False),
        Column("end", BigInteger(), nullable=True),
        Column("opened", BigInteger(), nullable=False),
        Column("changed", BigInteger(), nullable=False),
        Column("until", BigInteger(), nullable=True),
        Column("label", Text(), nullable=True),
        Column("evidence", JSON(), nullable=False),
        Column("rule_version", Integer(), nullable=False),
        CheckConstraint("audience IN ('patient', 'therapist')", name="alert_audience"),
        CheckConstraint("state IN ('suppressed', 'open', 'snoozed', 'acked', 'resolved', 'retracted', 'expired')", name="alert_state"),
        ForeignKeyConstraint(["patient", "kind", "key"], ["finding.patient", "finding.kind", "finding.key"], name="alert_patient_kind_key"),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("patient", "kind", "audience", "key", name="alert_patient_kind_audience_key"),
    )
    op.create_index("alert_state", "alert", ["state"])
    op.create_table(
        "deed",
        _site(),
        Column("seq", BigInteger().with_variant(Integer(), "sqlite"), nullable=False),
        Column("alert", Text(), nullable=True),
        Column("patient", Text(), nullable=False),
        Column("rev", Integer(), nullable=False),
        Column("by", Text(), nullable=False),
        Column("why", Text(), nullable=False),
        ForeignKeyConstraint(["alert"], ["alert.id"], name="deed_alert"),
        ForeignKeyConstraint(["seq"], ["event.seq"], name="deed_seq"),
        PrimaryKeyConstraint("seq"),
        UniqueConstraint("alert", "rev", name="deed_alert_rev"),
    )
    op.create_index("deed_alert", "deed", ["alert"])
    op.create_index("deed_patient", "deed", ["patient"])
    op.bulk_insert(table("legal", column("old", Text), column("new", Text)), [{"old": old, "new": new} for old, new in _LEGAL])
    for statement in _GUARDED[op.get_bind().dialect.name]:
        op.execute(statement)


def _site() -> Column[str]:
    return Column("site", Text(), server_default="home", nullable=False)


_LEGAL = [
    (old, new)
    for old, following in {
        "": "open suppressed noted erased",
        "suppressed": "open resolved retracted expired",
        "open": "acked snoozed resolved retracted expired",
        "snoozed": "open acked resolved retracted expired",
        "acked": "resolved retracted expired",
        "resolved": "open retracted",
        "retracted": "open",
    }.items()
    for new in following.split()
]
_GUARDED = {
    "sqlite": [
        *(
            f"CREATE TRIGGER event_no_{verb} BEFORE {verb} ON event BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"
            for verb in ("UPDATE", "DELETE")
        ),
        "CREATE TRIGGER event_legal BEFORE INSERT ON event WHEN NOT EXISTS (SELECT 1 FROM legal WHERE old = NEW.old AND new = NEW.new)"
        " BEGIN SELECT RAISE(ABORT, 'an alert cannot go that way'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE 'events are never changed' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER event_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON event EXECUTE FUNCTION event_refuse()",
        "CREATE FUNCTION event_legal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NOT EXISTS (SELECT 1 FROM legal l WHERE l.old = NEW.old AND l.new = NEW.new) THEN"
        " RAISE 'an alert cannot go that way' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        " RETURN NEW; END $$",
        "CREATE TRIGGER event_legal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION event_legal()",
    ],
}
