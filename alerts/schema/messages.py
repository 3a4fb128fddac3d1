"""Tables of messages on their way: the outbox, its attempts, the day's budget, and the links that answer."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from alerts.alert import Audience, MessageState
from alerts.schema.base import METADATA, one_of, site

SLOTS = 3
"""Messages a patient can get on one local day …"""
NUDGES = 2
"""… and how many of them can be nudges (DESIGN, "Settled")."""

message = Table(
    "message",
    METADATA,
    site(),
    Column("id", Text, primary_key=True),
    Column("alert", ForeignKey("alert.id")),  # none: a digest of many
    Column("recipient", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("virtual", Boolean, nullable=False),
    Column("channel", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("nudge", Boolean, nullable=False),
    Column("urgent", Boolean, nullable=False),  # at once, not in a digest
    Column("text", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("written", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease", BigInteger),
    Column("settled", BigInteger),
    Column("digest", ForeignKey("message.id"), index=True),  # the message it was folded into
    UniqueConstraint("alert", "recipient", "channel", "step"),
    one_of("audience", Audience),
    one_of("state", MessageState),
    Index("message_state_due", "state", "due"),
    Index("message_recipient_written", "recipient", "written"),
)

attempt = Table(
    "attempt",
    METADATA,
    site(),
    Column("message", ForeignKey("message.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("started", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("outcome", Text),
    Column("code", Text),
)

budget_slot = Table(
    "budget_slot",
    METADATA,
    site(),
    Column("recipient", Text, primary_key=True),
    Column("local_day", Text, primary_key=True),
    Column("slot", Integer, primary_key=True),
    Column("nudge", Integer),
    Column("message", ForeignKey("message.id"), nullable=False),
    UniqueConstraint("recipient", "local_day", "nudge"),
    UniqueConstraint("message", "local_day"),
    CheckConstraint(f"slot BETWEEN 1 AND {SLOTS}", "slot"),
    CheckConstraint(f"nudge BETWEEN 1 AND {NUDGES}", "nudge"),
)

link = Table(
    "link",
    METADATA,
    site(),
    Column("id", Text, primary_key=True),  # the message's; the link itself is signed and kept nowhere
    Column("patient", ForeignKey("patient.id"), nullable=False),
    Column("occurrence", Text),
    Column("until", BigInteger, nullable=False),
    Column("used", BigInteger),
)
