"""Messages, their attempts, the day's budget, and the links that answer."""

from alembic import op
from sqlalchemy import (
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

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "link",
        _site(),
        Column("id", Text(), nullable=False),
        Column("patient", Text(), nullable=False),
        Column("occurrence", Text(), nullable=True),
        Column("until", BigInteger(), nullable=False),
        Column("used", BigInteger(), nullable=True),
        ForeignKeyConstraint(["patient"], ["patient.id"], name="link_patient"),
        PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "message",
        _site(),
        Column("id", Text(), nullable=False),
        Column("alert", Text(), nullable=True),
        Column("recipient", Text(), nullable=False),
        Column("audience", Text(), nullable=False),
        Column("virtual", Boolean(), nullable=False),
        Column("channel", Text(), nullable=False),
        Column("step", Text(), nullable=False),
        Column("nudge", Boolean(), nullable=False),
        Column("urgent", Boolean(), nullable=False),
        Column("text", Text(), nullable=False),
        Column("state", Text(), nullable=False),
        Column("written", BigInteger(), nullable=False),
        Column("due", BigInteger(), nullable=False),
        Column("expires", BigInteger(), nullable=True),
        Column("attempts", Integer(), server_default="0", nullable=False),
        Column("lease", BigInteger(), nullable=True),
        Column("settled", BigInteger(), nullable=True),
        Column("digest", Text(), nullable=True),
        CheckConstraint("audience IN ('patient', 'therapist')", name="message_audience"),
        CheckConstraint("state IN ('held', 'queued', 'sending', 'sent', 'unknown', 'dead', 'cancelled', 'digest')", name="message_state"),
        ForeignKeyConstraint(["alert"], ["alert.id"], name="message_alert"),
        ForeignKeyConstraint(["digest"], ["message.id"], name="message_digest"),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("alert", "recipient", "channel", "step", name="message_alert_recipient_channel_step"),
    )
    op.create_index("message_state_due", "message", ["state", "due"])
    op.create_index("message_recipient_written", "message", ["recipient", "written"])
    op.create_index("message_digest", "message", ["digest"])
    op.create_table(
        "attempt",
        _site(),
        Column("message", Text(), nullable=False),
        Column("n", Integer(), nullable=False),
        Column("started", BigInteger(), nullable=False),
        Column("ended", BigInteger(), nullable=True),
        Column("outcome", Text(), nullable=True),
        Column("code", Text(), nullable=True),
        ForeignKeyConstraint(["message"], ["message.id"], name="attempt_message"),
        PrimaryKeyConstraint("message", "n"),
    )
    op.create_table(
        "budget_slot",
        _site(),
        Column("recipient", Text(), nullable=False),
        Column("local_day", Text(), nullable=False),
        Column("slot", Integer(), nullable=False),
        Column("nudge", Integer(), nullable=True),
        Column("message", Text(), nullable=False),
        CheckConstraint("nudge BETWEEN 1 AND 2", name="budget_slot_nudge"),
        CheckConstraint("slot BETWEEN 1 AND 3", name="budget_slot_slot"),
        ForeignKeyConstraint(["message"], ["message.id"], name="budget_slot_message"),
        PrimaryKeyConstraint("recipient", "local_day", "slot"),
        UniqueConstraint("message", "local_day", name="budget_slot_message_local_day"),
        UniqueConstraint("recipient", "local_day", "nudge", name="budget_slot_recipient_local_day_nudge"),
    )


def _site() -> Column[str]:
    return Column("site", Text(), server_default="home", nullable=False)
