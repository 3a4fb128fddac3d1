"""Who is told of what a rule over planned sessions found, and how soon: one table."""

import pytest

from alerts.alert import Audience
from alerts.policy import MANNERS, Shape, due
from detectors.finding import Finding
from ingest.batch import HOUR, MINUTE

EVENING = 18 * HOUR


def told(kind: str, now: int = EVENING, end: int | None = None, **evidence: float | str) -> list[tuple[Audience, bool]]:
    """Audience, and whether at once."""
    finding = Finding("p", kind, f"{kind}@1", 0, end, {**evidence})
    return [(telling.audience, telling.urgent) for telling in due(finding, now)]


@pytest.mark.parametrize("kind", ["not_seen_in_a_row", "partial_again", "drifting_time", "active_overdue", "no_active_exercise"])
def test_the_therapist_reads_of_it_in_the_digest_and_the_patient_never(kind: str) -> None:
    assert told(kind) == [(Audience.THERAPIST, False)]


def test_who_has_likely_stopped_is_told_of_at_once() -> None:
    assert told("likely_stopped") == [(Audience.THERAPIST, True)]


def test_amber_waits_for_the_digest_and_red_does_not() -> None:
    assert told("adherence_low", level="amber") == [(Audience.THERAPIST, False)]
    assert told("adherence_low", level="red") == [(Audience.THERAPIST, True)]


def test_a_low_battery_is_told_to_the_patient_alone_from_the_evening_on() -> None:
    assert told("low_battery", EVENING - MINUTE, tell_from=EVENING) == []
    assert told("low_battery", EVENING, tell_from=EVENING) == [(Audience.PATIENT, False)]


@pytest.mark.parametrize("kind", sorted(set(MANNERS) - {"planned_session"}))
def test_what_is_over_is_told_to_nobody(kind: str) -> None:
    assert told(kind, end=HOUR, level="red", silent_h=99, still_min=60, tell_from=0) == []


@pytest.mark.parametrize(
    "kind", ["not_seen_in_a_row", "likely_stopped", "adherence_low", "partial_again", "drifting_time", "active_overdue", "low_battery"]
)
def test_what_lasts_for_weeks_is_known_again_though_it_began_out_of_sight(kind: str) -> None:
    assert MANNERS[kind].shape is Shape.STATE
