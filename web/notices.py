"""What was told, as pages list it: each alert with its patient, its why and the day to look at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from alerts import policy
from alerts.alert import Alert, Audience, State
from alerts.chart import Patient
from alerts.hours import local
from alerts.wording import line
from detectors.finding import Finding
from web.desk import Desk
from web.door import Session

SHOWN = (7, 28)
"""Days a timeline can show."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert as it is listed."""

    alert: Alert
    patient: Patient
    why: Sequence[str]
    """The evidence in words, then what is proposed while it lasts."""
    for_me: bool
    """Told to the therapist; otherwise a note that went to the patient."""
    urgent: bool
    day: date
    """The patient's, on which what it is about began."""
    days: int | None
    """How many days the timeline must show to hold that day; `None`: it is too long ago."""

    @property
    def to_acknowledge(self) -> bool:
        return self.for_me and self.alert.state is State.OPEN

    @property
    def to_settle(self) -> bool:
        """There is something a therapist can do with it."""
        return self.for_me and self.alert.state in (State.OPEN, State.SNOOZED)


def told(desk: Desk, session: Session, patient: str | None = None) -> list[Alert]:
    """Open alerts meant for this therapist."""
    found = desk.chart.alerts(therapist=session.therapist, patient=patient, states=[State.OPEN])
    return [alert for alert in found if alert.audience is Audience.THERAPIST]


def notices(desk: Desk, session: Session, alerts: Iterable[Alert]) -> list[Notice]:
    """Those to acknowledge first, the urgent ones before the others, then the newest."""
    patients = {patient.id: patient for patient in desk.chart.patients(session.therapist)}
    found = [noticed(alert, patients[alert.patient], desk.now()) for alert in alerts if alert.patient in patients]
    return sorted(found, key=lambda one: (not one.to_acknowledge, not one.urgent, -one.alert.opened, one.alert.id))


def noticed(alert: Alert, who: Patient, now: int) -> Notice:
    day, today = local(alert.start, who.zone).date(), local(now, who.zone).date()
    days = next((span for span in SHOWN if (today - day).days < span), None)
    return Notice(alert, who, why(alert, who), alert.audience is Audience.THERAPIST, urgent(alert, now), day, days)


def why(alert: Alert, patient: Patient) -> list[str]:
    """The therapist's lines. Whom they are about stands above them already; what is proposed only while there is something to do."""
    lines = line(alert, patient.zone, virtual=False).removeprefix(f"{alert.patient}: ").splitlines()
    return lines if alert.audience is Audience.THERAPIST and alert.state in policy.LIVE else lines[:1]


def urgent(alert: Alert, now: int) -> bool:
    """Whether it is of those that a therapist hears of at once."""
    about = Finding(alert.patient, alert.kind, alert.key, alert.start, None, alert.evidence, alert.rule_version)
    return any(telling.urgent and telling.audience is alert.audience for telling in policy.due(about, now))
