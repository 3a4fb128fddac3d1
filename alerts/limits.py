"""When somebody may be written to, and how often: a patient as their plan has it, a therapist outside their night."""

from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts import people, plans, policy, tables
from alerts.hours import NIGHT, Hours
from alerts.people import Patient, Therapist


@dataclass(frozen=True, slots=True)
class Limits:
    zone: ZoneInfo
    quiet: Hours
    """Nothing is sent then."""
    nudges: int = 0
    """At most, a local day."""


def of_patient(tx: Connection, patient: Patient, now: int) -> Limits:
    """By the plan in force, no further than the house allows; the plan's quiet hours stand in the stead of the house's."""
    zone, plan = clock(tx, patient, now), plans.in_force(tx, patient.id, now)
    if plan is None:
        return Limits(zone, NIGHT, tables.NUDGES)
    return Limits(zone, plan.quiet_hours or NIGHT, min(tables.NUDGES, plan.sedentary.max_nudges_per_day))


def of_therapist(reader: Therapist) -> Limits:
    """What is urgent waits at night for the digest's time."""
    morning = min(time(*divmod(reader.digest_at, 60)), policy.NIGHT_TO)
    return Limits(reader.zone, ((policy.NIGHT_FROM, morning),))


def therapist(tx: Connection, id: str) -> Therapist:  # noqa: A002 — the therapist's
    """One who never logged in has the clock and the digest that everybody begins with."""
    return next((one for one in people.therapists(tx) if one.id == id), Therapist(id))


def clock(tx: Connection, patient: Patient, now: int) -> ZoneInfo:
    """Where the patient's clock is now; on a journey it is not where it will be."""
    zones = people.zones(tx, patient.id)
    return next((zone for start, zone in reversed(zones) if start <= now), zones[0][1] if zones else patient.zone)
