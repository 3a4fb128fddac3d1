"""What a message says and the therapist's two lines: pseudonym, fact, window, coverage, proposal."""

import re
from dataclasses import replace
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import wording
from alerts.alert import Audience
from alerts.lines import CAUSES, SAID
from alerts.readability import telling
from alerts.wording import CORRECTION, FIRST, FOUND, facts, line, notice
from detectors.finding import Finding
from detectors.outcome import KIND, Outcome
from ingest.batch import DAY, HOUR, MINUTE
from tests.golden_texts import kept

NEW_YORK = ZoneInfo("America/New_York")
MONDAY_10_05 = 1_793_631_900 * 1_000_000
"""Monday 2 November 2026, 10:05 in New York."""
Evidence = dict[str, float | int | str]


def still(end: int | None) -> Finding:
    return Finding("p-1", "still_too_long", "k", MONDAY_10_05, end, {"still_min": 55, "coverage": 0.97})


def planned(outcome: Outcome, end: int | None = MONDAY_10_05 + DAY, **more: float | int | str) -> Finding:
    evidence: Evidence = {"session": "core", "outcome": outcome.value, "source": "sensor", "coverage": 0.97, "until": MONDAY_10_05 + DAY}
    return Finding("p-7f3a", KIND, "rx-0002/core/2026-11-02", MONDAY_10_05, end, {**evidence, **more})


def of(kind: str, end: int | None = None, **evidence: float | int | str) -> Finding:
    return Finding("p-7f3a", kind, "k", MONDAY_10_05, end, evidence)


EVERY: list[Finding] = [
    planned(Outcome.DONE, credit=1.0),
    planned(Outcome.DONE, source="patient", said="yes"),
    planned(Outcome.PARTIAL, credit=0.55),
    planned(Outcome.LATE),
    replace(planned(Outcome.EXTRA), evidence={"session": "walk", "outcome": "extra", "source": "sensor", "until": MONDAY_10_05 + HOUR}),
    planned(Outcome.ASKED, None, ask="not_seen"),
    planned(Outcome.NOT_SEEN, credit=0.0),
    planned(Outcome.NOT_SEEN, source="patient", said="not_today"),
    planned(Outcome.UNCLEAR),
    planned(Outcome.UNKNOWN, coverage=0.31),
    planned(Outcome.UNVERIFIABLE),
    planned(Outcome.EXCUSED, excused="travel"),
    of("not_seen_in_a_row", count=2, sessions="core", pain=7),
    of("likely_stopped", count=4, sessions="morning core and balance, brisk walk by the river", pain=2),
    of("adherence_low", level="amber", adherence=0.62, low=0.55, high=0.7, coverage=0.84, days=14, eligible=9),
    of("adherence_low", level="red", adherence=0.4, low=0.4, high=0.55, coverage=0.8, days=14, eligible=10),
    of("adherence_low", level="red", adherence=0.17, low=0.17, high=0.17, coverage=0.93, days=14, eligible=6),
    of("partial_again", session="core plus", partials=3, of=5),
    of("drifting_time", session="core", late_min=95, sessions=5, usual="20:10"),
    of("drifting_time", session="core", late_min=-70, sessions=5, usual="06:05"),
    of("no_active_exercise"),
    of("active_overdue", stage="passive", days=15),
    of("active_overdue", stage="active", days=8, not_seen=3, coverage=0.9),
    of("low_battery", percent=18, empty_in_h=5.4, tell_from=MONDAY_10_05),
    of("low_battery", percent=0, empty_in_h=0.7, tell_from=MONDAY_10_05),
    of("silent_band", silent_h=49.0),
    *(of("silent_band", silent_h=49.0, cause=cause) for cause in CAUSES),
    still(None),
    still(MONDAY_10_05 + 55 * MINUTE),
    of("a_new_rule", MONDAY_10_05 + HOUR),
]


def test_every_line_is_as_reviewed() -> None:
    whole = "\n\n".join(line(about, NEW_YORK, False) for about in EVERY) + "\n"
    assert kept("lines.txt", whole) == whole


def test_every_kind_has_a_line_among_those_reviewed() -> None:
    assert set(SAID) <= {about.kind for about in EVERY}
    assert {about.evidence["outcome"] for about in EVERY if about.kind == KIND} == set(Outcome)


@pytest.mark.parametrize("about", EVERY, ids=lambda about: f"{about.kind}-{about.evidence.get('outcome', '')}")
def test_a_line_never_says_missed_claims_no_cause_and_tells_no_pain(about: Finding) -> None:
    said = line(about, NEW_YORK, True)
    assert not re.search(r"\b(missed|fail\w*|non-?complian\w*|because|due to|cures?|prevents?|pain)\b", said, re.IGNORECASE)
    assert said.startswith(f"{about.patient} (virtual): ")
    assert said.count("\n") == 1
    assert all(len(part) <= 160 for part in said.split("\n"))


EVIDENCE = st.sampled_from(sorted({name for about in EVERY for name in about.evidence} - {"until", "outcome"}))


@given(st.sampled_from(EVERY), st.sets(EVIDENCE), st.booleans())
def test_a_fact_that_is_not_there_is_left_out(about: Finding, gone: set[str], over: bool) -> None:
    # ValueError, KeyError or "None" on a page would be worse than a shorter line
    poorer = {name: value for name, value in about.evidence.items() if name not in gone}
    said = line(replace(about, evidence=poorer, end=about.end if over else None), NEW_YORK, False)
    assert "None" not in said
    assert said.count("\n") == 1


def test_a_pain_score_in_the_evidence_changes_no_line() -> None:
    for about in EVERY:
        assert line(replace(about, evidence={**about.evidence, "pain": 9}), NEW_YORK, False) == line(about, NEW_YORK, False)


def test_the_window_is_in_the_patients_local_time() -> None:
    assert "Mon 02 Nov 16:05" in line(still(None), ZoneInfo("Europe/Berlin"), False)


def test_a_window_over_midnight_names_both_days() -> None:
    assert wording.window(MONDAY_10_05, MONDAY_10_05 + 20 * HOUR, NEW_YORK) == "Mon 02 Nov 10:05–Tue 03 Nov 06:05"


def test_a_session_whose_answer_is_awaited_has_its_window_all_the_same() -> None:
    assert "Mon 02 Nov 10:05–Tue 03 Nov 10:05" in line(planned(Outcome.ASKED, None), NEW_YORK, False)


@pytest.mark.parametrize(("audience", "step"), list(product(Audience, (FIRST, CORRECTION))))
def test_every_text_about_a_virtual_patient_says_so(audience: Audience, step: str) -> None:
    assert notice(audience, "virtual-desk", "still_too_long", step, True, 0).startswith("Virtual: ")
    assert not notice(audience, "p-1", "still_too_long", step, False, 0).startswith("Virtual")


def test_a_therapist_is_called_to_a_pseudonym_and_no_fact() -> None:
    known = facts(planned(Outcome.ASKED, None, ask="not_seen"), NEW_YORK)
    for detail in range(3):
        assert notice(Audience.THERAPIST, "p-1", KIND, FIRST, False, 3, detail, (), known) == "There is a new note on p-1."
        assert notice(Audience.THERAPIST, "p-1", KIND, CORRECTION, False, 3, detail) == "Please set our last note on p-1 aside."


def said(detail: int, about: Finding, step: str = FIRST, **how: Any) -> str:
    return notice(Audience.PATIENT, about.patient, about.kind, step, False, 0, detail, facts=facts(about, NEW_YORK), **how)


def test_the_patient_chooses_how_much_a_message_says() -> None:
    asked = planned(Outcome.ASKED, None, ask="not_seen")
    assert [said(detail, asked) for detail in range(3)] == [
        "You have a new note. It takes a minute.",
        "We did not see your set. Did you do it?",
        "We did not see your core set on Monday. Did you do it?",
    ]


def test_a_band_that_was_off_is_asked_about_as_such() -> None:
    asked = planned(Outcome.ASKED, None, ask="off")
    assert said(1, asked) == "Your band was off at set time, so we could not see it. Did you do it?"
    assert said(2, asked) == "Your band was off at the time of your core set on Monday. Did you do it?"


def test_a_session_of_a_weeks_quota_names_no_day() -> None:
    asked = replace(planned(Outcome.ASKED, None, ask="not_seen"), key="rx-0002/walk/2026-W45/2")
    assert said(2, asked) == "We did not see your set. Did you do it?"


def test_the_facts_of_a_message_are_those_of_its_finding() -> None:
    assert said(2, still(None)).startswith("You have been still for 55 minutes.")
    assert said(2, of("low_battery", percent=18)).startswith("Your band is at 18 percent.")
    assert said(2, of("silent_band", silent_h=13)).startswith("We have not heard from your band since Monday.")


def test_a_correction_says_what_was_found_as_far_as_the_patient_chose() -> None:
    found = planned(Outcome.DONE)
    assert said(0, found, FOUND) == "We know more now. You can let our last note go."
    assert said(1, found, FOUND) == "We found your set after all. You can let our last note go."
    assert said(2, found, FOUND) == "We found your core set of Monday after all. You can let our last note go."
    assert said(2, still(None), FOUND) == "We know more now. You can let our last note go."
    assert said(2, found, CORRECTION) == "We know more now. You can let our last note go."


def test_what_was_said_lately_is_not_said_next() -> None:
    asked = planned(Outcome.ASKED, None, ask="not_seen")
    first = said(0, asked)
    assert said(0, asked, recent=[first]) != first
    assert said(0, asked, recent=[f"Virtual: {first}"]) != first


@given(st.sampled_from([*SAID, "a_new_rule"]), st.sampled_from([FIRST, CORRECTION, FOUND, "wake"]), st.integers(0))
def test_who_chose_nothing_gets_a_text_for_any_lock_screen(kind: str, step: str, turn: int) -> None:
    text = notice(Audience.PATIENT, "p-1", kind, step, False, turn)
    assert not telling(text)
    assert "p-1" not in text
