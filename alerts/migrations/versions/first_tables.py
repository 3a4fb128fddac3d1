"""The first tables of the chart: people, bands, findings, alerts, events, messages, budget."""

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    _people()
    _alerts()
    _messages()
    for statement in _APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def _site() -> Column[str]:
    return Column("site", Text(), server_default="home", nullable=False)


def _people() -> None:
    op.create_table(
        "patient",
        _site(),
        Column("id", Text(), nullable=False),
        Column("zone", Text(), nullable=False),
        Column("therapist", Text(), nullable=False),
        Column("virtual", Boolean(), nullable=False),
        Column("admitted", BigInteger(), nullable=False),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("patient_therapist", "patient", ["therapist"])
    op.create_table(
        "therapist", _site(), Column("id", Text(), nullable=False), Column("password", Text(), nullable=False), PrimaryKeyConstraint("id")
    )
    op.create_table(
        "wearing",
        _site(),
        Column("dev", Text(), nullable=False),
        Column("start", BigInteger(), nullable=False),
        Column("end", BigInteger()),
        Column("patient", Text(), nullable=False),
        CheckConstraint('"end" > start', name="wearing_order"),
        ForeignKeyConstraint(["patient"], ["patient.id"], name="wearing_patient"),
        PrimaryKeyConstraint("dev", "start"),
    )
    op.create_index("wearing_patient", "wearing", ["patient"])


def _alerts() -> None:
    op.create_table(
        "finding",
        _site(),
        Column("patient", Text(), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("key", Text(), nullable=False),
        Column("start", BigInteger(), nullable=False),
        Column("end", BigInteger()),
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
        Column("start", BigInteger(), nullable=False),
        Column("end", BigInteger()),
        Column("opened", BigInteger(), nullable=False),
        Column("changed", BigInteger(), nullable=False),
        Column("evidence", JSON(), nullable=False),
        Column("rule_version", Integer(), nullable=False),
        CheckConstraint("audience IN ('patient', 'therapist')", name="alert_audience"),
        CheckConstraint("state IN ('open', 'acked', 'resolved', 'retracted', 'expired')", name="alert_state"),
        ForeignKeyConstraint(["patient", "kind", "key"], ["finding.patient", "finding.kind", "finding.key"], name="alert_patient_kind_key"),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("patient", "kind", "audience", "key", name="alert_patient_kind_audience_key"),
    )
    op.create_index("alert_state", "alert", ["state"])
    op.create_table(
        "event",
        _site(),
        Column("seq", BigInteger().with_variant(Integer(), "sqlite"), nullable=False),
        Column("at", BigInteger(), nullable=False),
        Column("alert", Text(), nullable=False),
        Column("by", Text(), nullable=False),
        Column("old", Text()),
        Column("new", Text(), nullable=False),
        Column("why", Text(), nullable=False),
        ForeignKeyConstraint(["alert"], ["alert.id"], name="event_alert"),
        PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("event_alert", "event", ["alert"])


def _messages() -> None:
    op.create_table(
        "message",
        _site(),
        Column("id", Text(), nullable=False),
        Column("alert", Text(), nullable=False),
        Column("recipient", Text(), nullable=False),
        Column("audience", Text(), nullable=False),
        Column("virtual", Boolean(), nullable=False),
        Column("channel", Text(), nullable=False),
        Column("step", Text(), nullable=False),
        Column("nudge", Boolean(), nullable=False),
        Column("text", Text(), nullable=False),
        Column("state", Text(), nullable=False),
        Column("due", BigInteger(), nullable=False),
        Column("expires", BigInteger()),
        Column("attempts", Integer(), server_default="0", nullable=False),
        Column("lease", BigInteger()),
        Column("settled", BigInteger()),
        CheckConstraint("audience IN ('patient', 'therapist')", name="message_audience"),
        CheckConstraint("state IN ('held', 'queued', 'sending', 'sent', 'unknown', 'dead', 'cancelled')", name="message_state"),
        ForeignKeyConstraint(["alert"], ["alert.id"], name="message_alert"),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("alert", "recipient", "channel", "step", name="message_alert_recipient_channel_step"),
    )
    op.create_index("message_state_due", "message", ["state", "due"])
    op.create_table(
        "budget_slot",
        _site(),
        Column("recipient", Text(), nullable=False),
        Column("local_day", Text(), nullable=False),
        Column("slot", Integer(), nullable=False),
        Column("nudge", Integer()),
        Column("message", Text(), nullable=False),
        CheckConstraint("nudge BETWEEN 1 AND 2", name="budget_slot_nudge"),
        CheckConstraint("slot BETWEEN 1 AND 3", name="budget_slot_slot"),
        ForeignKeyConstraint(["message"], ["message.id"], name="budget_slot_message"),
        PrimaryKeyConstraint("recipient", "local_day", "slot"),
        UniqueConstraint("message", "local_day", name="budget_slot_message_local_day"),
        UniqueConstraint("recipient", "local_day", "nudge", name="budget_slot_recipient_local_day_nudge"),
    )


_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER event_no_{verb} BEFORE {verb} ON event BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'events are never changed'; END $$",
        "CREATE TRIGGER event_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON event EXECUTE FUNCTION event_refuse()",
    ],
}
