"""Tables of what was found and told: findings, alerts, and the audit of what became of each alert."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from alerts.alert import Audience, State
from alerts.reconcile import Verdict
from alerts.schema.base import METADATA, one_of, site

finding = Table(
    "finding",
    METADATA,
    site(),
    Column("patient", ForeignKey("patient.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger),
    Column("evidence", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("judged", BigInteger, nullable=False),
    one_of("state", Verdict),
    Index("finding_patient_start", "patient", "start"),
)

alert = Table(
    "alert",
    METADATA,
    site(),
    Column("id", Text, primary_key=True),
    Column("patient", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("rev", Integer, nullable=False, server_default="0"),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger),
    Column("opened", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("until", BigInteger),  # snoozed to then
    Column("label", Text),  # what a therapist says it was, e.g. "not a miss"
    Column("evidence", JSON, nullable=False),
    Column("rule_version", Integer, nullable=False),
    UniqueConstraint("patient", "kind", "audience", "key"),
    ForeignKeyConstraint(["patient", "kind", "key"], ["finding.patient", "finding.kind", "finding.key"]),
    one_of("audience", Audience),
    one_of("state", State),
)

chain = Table(
    "chain",
    METADATA,
    site(),
    Column("patient", Text, primary_key=True),
    Column("id", Text, nullable=False, unique=True),  # random: what stays when the patient is erased names nobody
    Column("salt", LargeBinary, nullable=False),
)

legal = Table("legal", METADATA, Column("old", Text, primary_key=True), Column("new", Text, primary_key=True))

event = Table(
    "event",
    METADATA,
    site(),
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("chain", Text, nullable=False),
    Column("old", Text, nullable=False),  # "" before there was an alert
    Column("new", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # of the patient's salt and what `deed` holds
    Column("prev", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Index("event_chain_seq", "chain", "seq"),
    UniqueConstraint("chain", "prev"),  # a chain never forks
    sqlite_autoincrement=True,
)

deed = Table(
    "deed",
    METADATA,
    site(),
    Column("seq", ForeignKey("event.seq"), primary_key=True),
    Column("alert", ForeignKey("alert.id"), index=True),  # none: what was done moved no alert
    Column("patient", Text, nullable=False, index=True),
    Column("rev", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    UniqueConstraint("alert", "rev"),
)
