"""Tables of people: who they are by pseudonym, where their clock is, what they wear, what was planned, what they said."""

from sqlalchemy import JSON, BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from alerts.schema.base import METADATA, site

therapist = Table(
    "therapist",
    METADATA,
    site(),
    Column("id", Text, primary_key=True),
    Column("password", Text, nullable=False),
    Column("zone", Text, nullable=False, server_default="UTC"),
    Column("digest_at", Integer, nullable=False, server_default="450"),  # minutes after local midnight; 7:30
    CheckConstraint("digest_at BETWEEN 0 AND 1439", "digest_at"),
)

patient = Table(
    "patient",
    METADATA,
    site(),
    Column("id", Text, primary_key=True),
    Column("zone", Text, nullable=False),
    Column("therapist", Text, nullable=False, index=True),
    Column("virtual", Boolean, nullable=False),
    Column("detail", Integer, nullable=False, server_default="0"),
    Column("admitted", BigInteger, nullable=False),
    CheckConstraint("detail BETWEEN 0 AND 2", "detail"),
)

zone = Table(
    "zone",
    METADATA,
    site(),
    Column("patient", ForeignKey("patient.id"), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
)

wearing = Table(
    "wearing",
    METADATA,
    site(),
    Column("dev", Text, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("end", BigInteger),
    Column("patient", ForeignKey("patient.id"), nullable=False, index=True),
    CheckConstraint('"end" > start', "order"),
)

plan = Table(
    "plan",
    METADATA,
    site(),
    Column("patient", ForeignKey("patient.id"), primary_key=True),
    Column("since", BigInteger, primary_key=True),
    Column("id", Text, nullable=False),
    Column("text", Text, nullable=False),  # as the therapist wrote it
    Column("by", Text, nullable=False),
    Column("assigned", BigInteger, nullable=False),
)

report = Table(
    "report",
    METADATA,
    site(),
    Column("id", Text, primary_key=True),
    Column("patient", ForeignKey("patient.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("occurrence", Text),
    Column("body", JSON, nullable=False),
    Column("source", Text, nullable=False),  # page, mqtt, cli
    Column("received", BigInteger, nullable=False),
    Index("report_patient_at", "patient", "at"),
)

aside = Table(
    "aside",
    METADATA,
    site(),
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # what was said, as it came
    sqlite_autoincrement=True,
)

suppression = Table(
    "suppression",
    METADATA,
    site(),
    Column("id", Text, primary_key=True),
    Column("patient", ForeignKey("patient.id"), nullable=False, index=True),
    Column("kind", Text),  # none: every kind
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    CheckConstraint('"end" > start', "order"),
)

logout = Table("logout", METADATA, site(), Column("nonce", Text, primary_key=True), Column("until", BigInteger, nullable=False))
"""Sessions that were left, for as long as they would have lasted."""

heartbeat = Table("heartbeat", METADATA, site(), Column("component", Text, primary_key=True), Column("at", BigInteger, nullable=False))
