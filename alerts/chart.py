"""The chart: the clinical database of people, bands, findings, alerts and messages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Event, Message, State
from alerts.reconcile import Change, Judgement
from detectors.finding import Finding


@dataclass(frozen=True, slots=True)
class Patient:
    """A person, by pseudonym only."""

    id: str
    """Pseudonym, e.g. "p-7f3a"; a virtual one begins "virtual-"."""
    zone: ZoneInfo
    therapist: str
    """Pseudonym of the therapist who reads about this patient, e.g. "t-02"."""
    virtual: bool
    """Simulated: marked wherever it is shown or told."""


@dataclass(frozen=True, slots=True)
class Wearing:
    """One band on one patient for a time; times µs UTC, `end is None` while it lasts."""

    dev: str
    patient: str
    start: int
    end: int | None = None


class Chart:
    """Opened by URL ("sqlite:///path" or "postgresql+psycopg://…"); brings its tables up to date by itself. Times are µs UTC.

    Every method is one transaction.
    """

    def __init__(self, url: str, *, site: str = "home", channels: Sequence[str] = ("mqtt",)) -> None: ...

    # people
    def admit(self, patient: Patient, now: int) -> None: ...
    def patients(self, therapist: str | None = None) -> list[Patient]: ...
    def patient(self, id: str, therapist: str | None = None) -> Patient | None: ...
    def hand_over(self, wearing: Wearing) -> None: ...
    def wearings(self, patient: str) -> list[Wearing]: ...
    def employ(self, therapist: str, password: str) -> None: ...
    def login(self, therapist: str, password: str) -> bool: ...

    # findings, alerts and messages
    def judgements(self, patient: str, start: int, end: int) -> list[Judgement]: ...
    def record(self, patient: str, changes: Sequence[Change], now: int) -> None:
        """The changes, the alerts that follow from them, their events and messages: all or nothing."""

    def findings(self, patient: str | None = None) -> list[tuple[Finding, str]]: ...
    def alerts(self, *, therapist: str | None = None, patient: str | None = None, states: Sequence[State] = ()) -> list[Alert]: ...
    def acknowledge(self, alert: str, by: str, now: int) -> bool: ...
    def events(self, alert: str) -> list[Event]: ...
    def claim(self, now: int, channels: Collection[str] | None = None) -> Message | None: ...
    def settle(self, message: str, outcome: str, now: int) -> None: ...
    def recover(self, now: int, idempotent: Collection[str] = ()) -> int: ...
    def close(self) -> None: ...
