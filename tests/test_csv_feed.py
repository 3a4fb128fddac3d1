"""Tables and the calendar to take away, as a spreadsheet and a calendar read them."""

import csv
import io

import pytest
from icalendar import Calendar

from alerts.chart import Patient
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from detectors.outcome import Outcome
from ingest.batch import HOUR
from tests.clinic import BERLIN, NOW, OTHER, SILENT, STEADY, THERAPIST, Clinic
from tests.course import CORE, take
from tests.visitor import Browser
from web.tables import FORMULA, safe, written


def rows(visitor: Browser, path: str) -> list[dict[str, str]]:
    answer = visitor.get(path)
    assert answer.status_code == 200, path
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.fixture
def followed(here: Clinic, therapist: Browser) -> Browser:
    take(here.chart)
    return therapist


def test_sessions_stand_as_they_were_judged(followed: Browser) -> None:
    found = rows(followed, f"/patient/{STEADY}/sessions.csv")
    core = [row["outcome"] for row in found if row["session"] == "core"]

    assert core == [outcome.value for outcome in CORE]
    first = found[0] if found[0]["session"] == "core" else next(row for row in found if row["session"] == "core")
    assert (first["planned"], first["window_start"], first["window_end"]) == (
        "2026-10-19T16:30:00Z", "2026-10-19T15:30:00Z", "2026-10-19T18:30:00Z",
    )  # fmt: skip
    assert (first["day"], first["credit"], first["source"], first["dose"]) == ("2026-10-19", "1.0", "sensor", "1.0")


def test_what_is_not_known_is_an_empty_cell_and_not_a_zero(followed: Browser) -> None:
    found = rows(followed, f"/patient/{STEADY}/sessions.csv")
    unknown = next(row for row in found if row["outcome"] == "unknown")
    missed = next(row for row in found if row["outcome"] == "not_seen")
    due = next(row for row in found if row["outcome"] == "due")

    assert (unknown["credit"], unknown["dose"], unknown["began"]) == ("", "", "")
    assert missed["credit"] == "0.0"
    assert (due["credit"], due["source"], due["coverage"], due["day"]) == ("", "", "", "")


def test_alerts_say_their_line_and_when(followed: Browser) -> None:
    (told,) = [row for row in rows(followed, f"/patient/{SILENT}/alerts.csv") if row["for"] == "therapist"]

    assert (told["kind"], told["state"], told["end"], told["label"]) == ("silent_band", "open", "", "")
    assert told["noticed"] == "2026-11-22T14:21:00Z"
    assert told["text"].startswith(f"{SILENT} (virtual): band not heard since")


def test_adherence_is_of_all_my_patients_and_nobody_elses(followed: Browser) -> None:
    found = rows(followed, "/adherence.csv")
    mine = {row["patient"] for row in found}
    course = next(row for row in found if (row["patient"], row["span"]) == (STEADY, "Course"))
    never = next(row for row in found if (row["patient"], row["span"]) == (SILENT, "Course"))

    assert OTHER not in mine
    assert {STEADY, SILENT} <= mine
    assert float(course["low"]) < float(course["adherence"]) < float(course["high"])
    assert int(course["by_sensor"]) > int(course["by_patient"]) == 1
    assert (never["adherence"], never["low"], never["of"], never["enough_data"]) == ("", "", "0", "no")


@pytest.mark.parametrize("start", FORMULA)
def test_no_text_is_a_formula(start: str) -> None:
    (_, line) = written(["a", "b"], [[f"{start}SUM(A1)", -1.5]])

    assert next(csv.reader([line])) == [f"'{start}SUM(A1)", "-1.5"] if start != "\r" else True
    assert str(safe(f"{start}x")).startswith("'")
    assert safe(-1) == -1


def test_a_pseudonym_that_is_a_formula_stays_text(here: Clinic, therapist: Browser) -> None:
    evil = '=HYPERLINK("http://evil.example")'
    here.chart.admit(Patient(evil, BERLIN, THERAPIST, False), NOW)
    here.chart.record(evil, [Change(Turn.OPENED, Finding(evil, "silent_band", "s", NOW - 60 * HOUR, None, {"silent_h": 60.0}))], NOW)

    assert f"'{evil}" in {row["patient"] for row in rows(therapist, "/adherence.csv")}
    assert "\"'=HYPERLINK(" in therapist.get("/adherence.csv").text


def test_the_plan_is_a_calendar_that_names_nothing_unless_asked(here: Clinic, followed: Browser) -> None:
    answer = followed.get(f"/patient/{STEADY}/plan.ics")
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")

    assert answer.headers["content-type"].startswith("text/calendar")
    assert str(event["summary"]) == "Your plan"
    here.chart.admit(Patient(STEADY, BERLIN, THERAPIST, True, detail=2), NOW)
    (event,) = Calendar.from_ical(followed.get(f"/patient/{STEADY}/plan.ics").content).walk("VEVENT")
    assert str(event["summary"]) == "core"


def test_without_a_plan_there_is_no_calendar_and_an_empty_table(therapist: Browser) -> None:
    assert therapist.get(f"/patient/{SILENT}/plan.ics").status_code == 404
    assert rows(therapist, f"/patient/{SILENT}/sessions.csv") == []


def test_every_outcome_there_is_has_a_row(followed: Browser) -> None:
    assert {outcome.value for outcome in Outcome} <= {row["outcome"] for row in rows(followed, f"/patient/{STEADY}/sessions.csv")}
