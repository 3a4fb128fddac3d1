"""The words, by the rules of the house: grade 6 or below, no blame, nothing clinical where others may read it."""

import re
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from alerts import wording
from alerts.alert import Audience
from alerts.wording import CORRECTION, FIRST, line, notice
from detectors.finding import Finding
from ingest.batch import HOUR, MINUTE

NEW_YORK = ZoneInfo("America/New_York")
MONDAY_10_05 = 1_793_631_900 * 1_000_000
"""Monday 2 November 2026, 10:05 in New York."""
BLAME = {"failed", "failure", "missed", "skip", "bad", "poor", "wrong", "lazy", "non-compliant", "must", "should"} | {
    "warning",
    "alert",
    "dropped",
    "only",
    "again",
}
CLAIMS = ["because of", "will prevent", "cures", "guarantees", "should have"]
CLINICAL = {"pain", "back", "exercise", "clinic", "therapist", "therapy", "doctor", "patient", "heart", "still", "plan", "set"}

TO_PATIENTS = sorted(
    {
        notice(Audience.PATIENT, "p-1", kind, step, False, turn)
        for kind, step, turn in product(("still_too_long", "silent_band", "a_new_rule"), (FIRST, CORRECTION), range(12))
    }
)


def syllables(word: str) -> int:
    word = re.sub(r"[^a-z]", "", word.lower())
    if len(word) <= 3:
        return 1
    if not word.endswith("le"):
        word = re.sub(r"(?:[^laeiouy]es|[^td]ed|[^laeiouy]e)$", "", word)
    return max(1, len(re.findall(r"[aeiouy]+", word)))


def grade(text: str) -> float:
    """Flesch-Kincaid (Kincaid 1975)."""
    sentences = [part for part in re.split(r"[.!?:]+\s*", text) if part.strip()]
    words = re.findall(r"[A-Za-z']+|\d+", text)
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z-]+", text.lower()))


def test_the_grade_tells_hard_words_from_easy_ones() -> None:
    assert grade("Time for a short walk.") < 3
    assert grade("Sedentary behaviour necessitates intermittent ambulation.") > 12


@pytest.mark.parametrize("text", TO_PATIENTS)
def test_what_a_patient_reads_is_short_easy_and_blames_nobody(text: str) -> None:
    assert grade(text) <= 6
    assert len(text) <= 160
    assert not words(text) & BLAME
    assert not [claim for claim in CLAIMS if claim in text.lower()]


@pytest.mark.parametrize("text", TO_PATIENTS)
def test_a_lock_screen_shows_nothing_clinical_and_no_number(text: str) -> None:
    assert not words(text) & CLINICAL
    assert not re.search(r"\d", text)
    assert "p-1" not in text


def test_a_nudge_has_six_ways_to_say_it() -> None:
    assert {len(set(wording.TO_PATIENT[kind])) for kind in ("still_too_long", "silent_band")} == {6}


@pytest.mark.parametrize(("audience", "step"), list(product(Audience, (FIRST, CORRECTION))))
def test_every_text_about_a_virtual_patient_says_so(audience: Audience, step: str) -> None:
    assert notice(audience, "virtual-desk", "still_too_long", step, True, 0).startswith("Virtual: ")
    assert not notice(audience, "p-1", "still_too_long", step, False, 0).startswith("Virtual")


def test_a_therapist_is_called_to_a_pseudonym_and_no_fact() -> None:
    assert notice(Audience.THERAPIST, "p-1", "silent_band", FIRST, False, 3) == "There is a new note on p-1."
    assert notice(Audience.THERAPIST, "p-1", "silent_band", CORRECTION, False, 3) == "Please set our last note on p-1 aside."


def still(end: int | None) -> Finding:
    return Finding("p-1", "still_too_long", "k", MONDAY_10_05, end, {"still_min": 55, "coverage": 0.97})


def test_the_therapist_reads_fact_window_coverage_and_proposal() -> None:
    assert line(still(MONDAY_10_05 + 55 * MINUTE), NEW_YORK, False) == (
        "p-1: still for 55 min, Mon 02 Nov 10:05–11:00, 97 % of it heard.\nProposed: agree on short walks in the day."
    )


def test_the_window_is_in_the_patients_local_time() -> None:
    assert "Mon 02 Nov 16:05" in line(still(None), ZoneInfo("Europe/Berlin"), False)


def test_a_window_over_midnight_names_both_days() -> None:
    assert wording.window(MONDAY_10_05, MONDAY_10_05 + 20 * HOUR, NEW_YORK) == "Mon 02 Nov 10:05–Tue 03 Nov 06:05"


def test_a_silent_band_is_called_unknown_and_never_missed() -> None:
    said = line(Finding("virtual-silent", "silent_band", "k", MONDAY_10_05, None), NEW_YORK, True)
    assert said.startswith("virtual-silent (virtual): band not heard since Mon 02 Nov 10:05; what was done then is unknown.")
    assert "missed" not in said


@pytest.mark.parametrize("kind", ["still_too_long", "silent_band", "a_new_rule"])
@pytest.mark.parametrize("evidence", [{}, {"still_min": 55, "coverage": 0.5}])
@pytest.mark.parametrize("end", [None, MONDAY_10_05 + HOUR])
def test_a_therapist_never_reads_more_than_two_lines(kind: str, evidence: dict[str, float | int | str], end: int | None) -> None:
    said = line(Finding("p-1", kind, "k", MONDAY_10_05, end, evidence), NEW_YORK, True)
    assert said.count("\n") == 1
    assert all(len(part) <= 140 for part in said.split("\n"))
