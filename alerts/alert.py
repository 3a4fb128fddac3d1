"""What is told, to whom, and why; and one sending of it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Audience(StrEnum):
    PATIENT = "patient"
    THERAPIST = "therapist"


class State(StrEnum):
    """Of an alert. `retracted`: late data proved it wrong."""

    OPEN = "open"
    ACKED = "acked"
    RESOLVED = "resolved"
    RETRACTED = "retracted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Alert:
    """One per (patient, kind, audience, occurrence), for ever."""

    id: str
    """uuid5 of patient, kind, audience and key."""
    patient: str
    kind: str
    audience: Audience
    key: str
    state: State
    start: int
    """µs UTC."""
    end: int | None
    opened: int
    """µs UTC, the `now` of the judgement."""
    changed: int
    evidence: dict[str, float | int | str] = field(default_factory=dict)
    rule_version: int = 1


class MessageState(StrEnum):
    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Message:
    """One sending of one alert to one person over one channel."""

    id: str
    """Stable over retries: uuid5 of alert, recipient, channel and step."""
    alert: str
    recipient: str
    """Pseudonym."""
    channel: str
    step: str
    """"first", "correction"."""
    text: str
    """What a lock screen may show: nothing clinical."""
    state: MessageState
    due: int
    """µs UTC."""
    expires: int | None
    """µs UTC; a nudge never outlives its local day."""
    attempts: int = 0
    audience: Audience = Audience.PATIENT
    virtual: bool = False
    """About a simulated patient."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the audit: what became of an alert, when, by whom, why."""

    seq: int
    at: int
    """µs UTC."""
    alert: str
    by: str
    """Pseudonym, or "watch" / "delivery" for the software itself."""
    old: State | None
    new: State
    why: str
