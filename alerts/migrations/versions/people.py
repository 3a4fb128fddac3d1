"""The chart's first tables: people, their clocks, bands, plans and reports."""

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "aside",
        _site(),
        Column("seq", BigInteger().with_variant(Integer(), "sqlite"), nullable=False),
        Column("at", BigInteger(), nullable=False),
        Column("source", Text(), nullable=False),
        Column("reason", Text(), nullable=False),
        Column("body", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "heartbeat",
        _site(),
        Column("component", Text(), nullable=False),
        Column("at", BigInteger(), nullable=False),
        PrimaryKeyConstraint("component"),
    )
    op.create_table(
        "logout",
        _site(),
        Column("nonce", Text(), nullable=False),
        Column("until", BigInteger(), nullable=False),
        PrimaryKeyConstraint("nonce"),
    )
    op.create_table(
        "patient",
        _site(),
        Column("id", Text(), nullable=False),
        Column("zone", Text(), nullable=False),
        Column("therapist", Text(), nullable=False),
        Column("virtual", Boolean(), nullable=False),
        Column("detail", Integer(), server_default="0", nullable=False),
        Column("admitted", BigInteger(), nullable=False),
        CheckConstraint("detail BETWEEN 0 AND 2", name="patient_detail"),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("patient_therapist", "patient", ["therapist"])
    op.create_table(
        "therapist",
        _site(),
        Column("id", Text(), nullable=False),
        Column("password", Text(), nullable=False),
        Column("zone", Text(), server_default="UTC", nullable=False),
        Column("digest_at", Integer(), server_default="450", nullable=False),
        CheckConstraint("digest_at BETWEEN 0 AND 1439", name="therapist_digest_at"),
        PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "plan",
        _site(),
        Column("patient", Text(), nullable=False),
        Column("since", BigInteger(), nullable=False),
        Column("id", Text(), nullable=False),
        Column("text", Text(), nullable=False),
        Column("by", Text(), nullable=False),
        Column("assigned", BigInteger(), nullable=False),
        ForeignKeyConstraint(["patient"], ["patient.id"], name="plan_patient"),
        PrimaryKeyConstraint("patient", "since"),
    )
    op.create_table(
        "report",
        _site(),
        Column("id", Text(), nullable=False),
        Column("patient", Text(), nullable=False),
        Column("at", BigInteger(), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("occurrence", Text(), nullable=True),
        Column("body", JSON(), nullable=False),
        Column("source", Text(), nullable=False),
        Column("received", BigInteger(), nullable=False),
        ForeignKeyConstraint(["patient"], ["patient.id"], name="report_patient"),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("report_patient_at", "report", ["patient", "at"])
    op.create_table(
        "suppression",
        _site(),
        Column("id", Text(), nullable=False),
        Column("patient", Text(), nullable=False),
        Column("kind", Text(), nullable=True),
        Column("start", BigInteger(), nullable=False),
        Column("end", BigInteger(), nullable=False),
        Column("by", Text(), nullable=False),
        Column("why", Text(), nullable=False),
        CheckConstraint('"end" > start', name="suppression_order"),
        ForeignKeyConstraint(["patient"], ["patient.id"], name="suppression_patient"),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("suppression_patient", "suppression", ["patient"])
    op.create_table(
        "wearing",
        _site(),
        Column("dev", Text(), nullable=False),
        Column("start", BigInteger(), nullable=False),
        Column("end", BigInteger(), nullable=True),
        Column("patient", Text(), nullable=False),
        CheckConstraint('"end" > start', name="wearing_order"),
        ForeignKeyConstraint(["patient"], ["patient.id"], name="wearing_patient"),
        PrimaryKeyConstraint("dev", "start"),
    )
    op.create_index("wearing_patient", "wearing", ["patient"])
    op.create_table(
        "zone",
        _site(),
        Column("patient", Text(), nullable=False),
        Column("start", BigInteger(), nullable=False),
        Column("name", Text(), nullable=False),
        ForeignKeyConstraint(["patient"], ["patient.id"], name="zone_patient"),
        PrimaryKeyConstraint("patient", "start"),
    )


def _site() -> Column[str]:
    return Column("site", Text(), server_default="home", nullable=False)
