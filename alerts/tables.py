"""The chart's tables. Times are µs UTC; constraints carry the promises. `alerts/migrations` makes a database look like this."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy import UniqueConstraint as Unique

from alerts.alert import Audience, MessageState, State
from alerts.reconcile import Verdict

METADATA = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "ck": "%(table_name)s_%(constraint_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s",
        "fk": "%(table_name)s_%(column_0_N_name)s",
    }
)
SLOTS = 3
"""Messages a patient can get on one local day …"""
NUDGES = 2
"""… and how many of them can be nudges (DESIGN, "Settled")."""


def _site() -> Column[str]:
    return Column("site", Text, nullable=False, server_default="home")


def _one_of(column: str, kinds: type[Audience] | type[State] | type[MessageState] | type[Verdict]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(kind.value) for kind in kinds)})", column)


therapist = Table("therapist", METADATA, _site(), Column("id", Text, primary_key=True), Column("password", Text, nullable=False))

patient = Table(
    "patient",
    METADATA,
    _site(),
    Column("id", Text, primary_key=True),
    Column("zone", Text, nullable=False),
    Column("therapist", Text, nullable=False, index=True),
    Column("virtual", Boolean, nullable=False),
    Column("admitted", BigInteger, nullable=False),
)

wearing = Table(
    "wearing",
    METADATA,
    _site(),
    Column("dev", Text, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("end", BigInteger),
    Column("patient", ForeignKey("patient.id"), nullable=False, index=True),
    CheckConstraint('"end" > start', "order"),
)

finding = Table(
    "finding",
    METADATA,
    _site(),
    Column("patient", ForeignKey("patient.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger),
    Column("evidence", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("judged", BigInteger, nullable=False),
    _one_of("state", Verdict),
    Index("finding_patient_start", "patient", "start"),
)

alert = Table(
    "alert",
    METADATA,
    _site(),
    Column("id", Text, primary_key=True),
    Column("patient", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger),
    Column("opened", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Unique("patient", "kind", "audience", "key"),
    ForeignKeyConstraint(["patient", "kind", "key"], ["finding.patient", "finding.kind", "finding.key"]),
    _one_of("audience", Audience),
    _one_of("state", State),
)

event = Table(
    "event",
    METADATA,
    _site(),
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("alert", ForeignKey("alert.id"), nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("old", Text),
    Column("new", Text, nullable=False),
    Column("why", Text, nullable=False),
    sqlite_autoincrement=True,
)

message = Table(
    "message",
    METADATA,
    _site(),
    Column("id", Text, primary_key=True),
    Column("alert", ForeignKey("alert.id"), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("virtual", Boolean, nullable=False),
    Column("channel", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("nudge", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease", BigInteger),
    Column("settled", BigInteger),
    Unique("alert", "recipient", "channel", "step"),
    _one_of("audience", Audience),
    _one_of("state", MessageState),
    Index("message_state_due", "state", "due"),
)

budget_slot = Table(
    "budget_slot",
    METADATA,
    _site(),
    Column("recipient", Text, primary_key=True),
    Column("local_day", Text, primary_key=True),
    Column("slot", Integer, primary_key=True),
    Column("nudge", Integer),
    Column("message", ForeignKey("message.id"), nullable=False),
    Unique("recipient", "local_day", "nudge"),
    Unique("message", "local_day"),
    CheckConstraint(f"slot BETWEEN 1 AND {SLOTS}", "slot"),
    CheckConstraint(f"nudge BETWEEN 1 AND {NUDGES}", "nudge"),
)
