"""The audit page: all that was done to a chart, and whether it still stands as it was written."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from alerts.alert import State
from detectors.report import Answer, Pain, Said
from ingest.batch import MINUTE
from tests import course
from tests.clinic import NOW, OTHER, SILENT, STEADY, THERAPIST, Clinic
from tests.visitor import Browser, open_alert

PATH = f"/patient/{STEADY}/audit"


def rows(page: str) -> list[list[str]]:
    """Cells of each line: when, what, which, by, number."""
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    return [[re.sub(r"<[^>]*>", "", cell).strip() for cell in re.split("<td[^>]*>", row)] for row in table.split("<tr>")[1:]]


def test_every_event_message_attempt_report_and_plan_is_listed(here: Clinic, therapist: Browser) -> None:
    course.take(here.chart)
    here.chart.reports.add(Pain(id="report-01", patient=STEADY, at=NOW - MINUTE, score=7), "page", NOW)
    here.chart.reports.add(Answer(id="report-02", patient=STEADY, at=NOW - MINUTE, occurrence="x/y", said=Said.NOT_TODAY), "page", NOW)
    here.chart.note(STEADY, THERAPIST, "looked at", NOW)
    lines = rows(therapist.get(PATH).text)

    assert len([line for line in lines if line[4]]) == len(here.chart.audit(patient=STEADY))
    told = {(what, which) for _, what, which, _, _ in lines}
    assert ("alert", "silent band: open → retracted, later data show otherwise") in told
    assert ("message", "planned session to the patient by mqtt, first written; now sent") in told
    assert ("attempt", "planned session to the patient by mqtt, first, attempt 1: sent") in told
    assert ("said", "pain, told by the patient") in told
    assert ("said", "answer, told by the patient") in told
    assert ("plan", "rx-0009 handed in") in told
    assert ("note", "looked at") in told


def test_what_was_said_is_not_repeated(here: Clinic, therapist: Browser) -> None:
    course.take(here.chart)
    here.chart.reports.add(Answer(id="report-02", patient=STEADY, at=NOW - MINUTE, occurrence="x/canary", said=Said.NOT_TODAY), "page", NOW)
    page = therapist.get(PATH).text

    assert not re.search("canary|not_today|Did you do it", page)


def test_an_alert_noted_by_its_id_is_shown_by_its_kind(here: Clinic, therapist: Browser) -> None:
    alert = open_alert(here, SILENT)
    therapist.post(f"/inbox/{alert}/not-a-miss", therapist.token("/inbox"))
    page = therapist.get(f"/patient/{SILENT}/audit").text

    assert "silent band labelled: not a miss" in page
    assert alert not in page


def test_a_whole_audit_is_said_to_be_verified(therapist: Browser) -> None:
    assert "Verified." in therapist.get(PATH).text


def test_a_line_changed_behind_our_back_is_told_where_it_was_done_and_of_the_site(here: Clinic, therapist: Browser, tmp_path: Path) -> None:
    seq = here.chart.audit(patient=STEADY)[0].seq
    with closing(sqlite3.connect(tmp_path / "chart.db")) as db:
        db.execute("update deed set why = 'nothing' where seq = ?", (seq,))
        db.commit()

    page = therapist.get(PATH).text
    assert "Verified." not in page
    assert f"First at number {seq}: what was done was changed" in page
    assert "Verified." in therapist.get(f"/patient/{SILENT}/audit").text
    assert f"first at number {seq}" in therapist.get("/ops").text


def test_a_colleagues_audit_is_not_found(here: Clinic, therapist: Browser) -> None:
    answer = therapist.get(f"/patient/{OTHER}/audit")

    assert answer.status_code == 404
    assert OTHER not in answer.text
    assert here.chart.alerts(patient=OTHER, states=[State.OPEN])
