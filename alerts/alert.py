"""What is told, to whom, and why; and one sending of it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Audience(StrEnum):
    PATIENT = "patient"
    THERAPIST = "therapist"


class State(StrEnum):
    """Of an alert."""

    SUPPRESSED = "suppressed"
    """Nobody is told: a pause or a guard stood in the way, and its reason is in the audit."""
    OPEN = "open"
    SNOOZED = "snoozed"
    ACKED = "acked"
    RESOLVED = "resolved"
    RETRACTED = "retracted"
    """Late data proved it wrong."""
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
    rev: int = 0
    """How often its state has changed."""
    until: int | None = None
    """µs UTC; snoozed to then."""
    label: str | None = None
    """What a therapist says it was, e.g. "not a miss"."""


LEGAL: frozenset[tuple[State | None, State]] = frozenset(
    {
        (None, State.OPEN),
        (None, State.SUPPRESSED),
        (State.SUPPRESSED, State.OPEN),
        (State.SUPPRESSED, State.RESOLVED),
        (State.SUPPRESSED, State.RETRACTED),
        (State.SUPPRESSED, State.EXPIRED),
        (State.OPEN, State.ACKED),
        (State.OPEN, State.SNOOZED),
        (State.OPEN, State.RESOLVED),
        (State.OPEN, State.RETRACTED),
        (State.OPEN, State.EXPIRED),
        (State.SNOOZED, State.OPEN),
        (State.SNOOZED, State.ACKED),
        (State.SNOOZED, State.RESOLVED),
        (State.SNOOZED, State.RETRACTED),
        (State.SNOOZED, State.EXPIRED),
        (State.ACKED, State.RESOLVED),
        (State.ACKED, State.RETRACTED),
        (State.ACKED, State.EXPIRED),
        (State.RESOLVED, State.RETRACTED),
        (State.RESOLVED, State.OPEN),
        (State.RETRACTED, State.OPEN),
    }
)
"""Every move there is (research note `alerts` §6.1); the database refuses all others. What is over may yet turn out never to have been,
or to go on after all."""


class MessageState(StrEnum):
    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    """It may have arrived; it is not sent again."""
    DEAD = "dead"
    CANCELLED = "cancelled"
    DIGEST = "digest"
    """Folded into another message, which says so in its stead."""


@dataclass(frozen=True, slots=True)
class Message:
    """One sending of one alert, or of a digest of many, to one person over one channel."""

    id: str
    """Stable over retries: uuid5 of alert, recipient, channel and step; of a digest, of recipient, channel and day."""
    alert: str | None
    """`None`: a digest."""
    recipient: str
    """Pseudonym."""
    channel: str
    step: str
    """"first", "again", "wake-2" (its rev), "correction", "correction-again", "digest"."""
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
    link: str | None = None
    """Where the patient may answer; signed, made at each sending and kept nowhere."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the audit: what became of an alert or was done to a chart, when, by whom, why."""

    seq: int
    at: int
    """µs UTC."""
    patient: str
    alert: str | None
    """`None`: something else was done to the patient's chart; `why` says what."""
    by: str
    """Pseudonym, or "watch" / "delivery" for the software itself."""
    old: State | None
    new: State | None
    why: str
