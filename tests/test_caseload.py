"""The caseload: who comes first, and what a row shows."""

import re

from alerts.chart import Patient
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import DAY, MINUTE
from tests import course
from tests.clinic import BERLIN, DESK, NOW, SILENT, STEADY, THERAPIST, Clinic
from tests.visitor import Browser
from web.caseload import MOST


def test_the_urgent_come_first_then_open_alerts_then_the_oldest_data(here: Clinic, therapist: Browser) -> None:
    stopped = Finding(STEADY, "likely_stopped", "s", NOW - 9 * DAY, None, {"count": 4, "sessions": "core"})
    here.chart.record(STEADY, [Change(Turn.OPENED, stopped)], NOW - MINUTE)
    here.chart.admit(Patient("p-new", BERLIN, THERAPIST, False), NOW)

    page = therapist.get("/").text
    assert re.findall(r'<h2><a href="/patient/([^"]+)"', page) == [STEADY, SILENT, "p-new", DESK]
    assert "No data in four weeks" in page


def test_the_page_shows_lamps_course_and_the_last_sessions(here: Clinic, therapist: Browser) -> None:
    course.take(here.chart)
    page = therapist.get("/").text
    row = page[page.index(f"/patient/{STEADY}") :]

    assert "Week 5 of 8" in row
    assert row.count('class="lamp ') >= 4
    assert "active exercise in core, walk" in row
    signs = re.findall(r'<li class="sign (\w+)"', row)
    assert len(signs) == 14
    assert {"not_seen", "excused", "done"} <= set(signs)
    assert "extra" not in signs


def test_a_plan_this_version_cannot_read_darkens_its_lamps_and_not_the_page(here: Clinic, therapist: Browser) -> None:
    course.prescribe(here.chart)
    with here.chart._database.writing() as tx:
        tx.exec_driver_sql("update plan set text = 'rx: 99'")

    page = therapist.get("/")
    assert page.status_code == 200
    assert "the plan cannot be read: assign it anew" in page.text
    for path in (f"/patient/{STEADY}", f"/patient/{STEADY}/calendar", f"/patient/{STEADY}/sessions.csv"):
        assert therapist.get(path).status_code == 200, path


def test_many_patients_come_in_pages(here: Clinic, therapist: Browser) -> None:
    for number in range(MOST):
        here.chart.admit(Patient(f"p-{number:03}", BERLIN, THERAPIST, False), NOW)
    found = [re.findall(r'<h2><a href="/patient/([^"]+)"', therapist.get(f"/?page={page}").text) for page in (1, 2, 3)]

    assert [len(each) for each in found] == [MOST, 3, 0]
    assert len({*found[0], *found[1]}) == MOST + 3
    assert therapist.get("/?page=0").status_code == 400
