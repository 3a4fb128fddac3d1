"""What the chart keeps of a person is told to nobody else: no log line, link, topic or failure holds it."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog
from pydantic import ValidationError

from alerts import tables
from alerts.chart import Chart, ChartUnavailable, Patient
from alerts.links import Links
from alerts.post import Post, topic
from detectors.report import Answer, Pain, Reason, Said
from ingest.batch import DAY
from ingest.link import Arrived, Link
from tests.rounds import NOON
from tests.test_chart_plans import plan, text
from tests.verbs import until

WHO, SESSION, WORDS, REPORT = "p-canary", "rx-canary/core/2026-11-03", "canary went numb", "canary-report"
SCORE = 7
SECRET = b"canary secret of thirty-two bytes"
MESSAGE = "0b5e7c1e-7f0f-5d3c-9d52-2f6a4c0d9a11"


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Every log line, of the libraries too, once the test asks."""
    caplog.set_level(logging.INFO)
    lines: list[str] = []
    with structlog.testing.capture_logs() as own:
        yield lines
        lines += [str(line) for line in own] + [record.getMessage() + str(record.exc_text) for record in caplog.records]
        assert [line for line in lines if "canary" in line or LINKS.url(MESSAGE)[-20:] in line or f"score={SCORE}" in line] == []
        assert lines, "nothing was logged, so nothing was tried"


LINKS = Links(SECRET, "https://keepup.example.org")


@pytest.mark.usefixtures("heard")
def test_a_life_in_the_chart_leaves_no_word_in_a_log(tmp_path: Path) -> None:
    chart = Chart(f"sqlite:///{tmp_path}/chart.db")
    chart.admit(Patient(WHO, ZoneInfo("UTC"), "t-canary", False, detail=2), NOON - DAY)
    chart.move(WHO, ZoneInfo("Europe/Berlin"), NOON)
    written = text("rx-canary", WHO)
    for patient, since in ((WHO, NOON), (WHO, NOON - 1), ("p-canary-2", NOON)):
        with suppress(ValueError):
            chart.plans.assign(patient, written + "# canary\n" * (since == NOON - 1), plan(written), since, "t-canary", NOON)
    pause = chart.pauses.set(WHO, None, NOON, NOON + DAY, "t-canary", WORDS, NOON)
    chart.pauses.end(pause.id, "t-canary", NOON + 1)
    chart.reports.add(Pain(id=REPORT, patient=WHO, at=NOON, score=SCORE), "cli", NOON)
    with suppress(ValueError):
        chart.reports.add(Pain(id=REPORT, patient=WHO, at=NOON, score=SCORE + 1), "cli", NOON)
    with suppress(ValueError):
        chart.reports.add(Reason(id="canary-2", patient="p-canary-2", at=NOON, why="it_hurt"), "cli", NOON)
    _link(chart)
    answer = Answer(id="canary-3", patient=WHO, at=NOON, occurrence=SESSION, said=Said.YES)
    assert chart.links.answer(MESSAGE, answer, NOON)
    assert not chart.links.answer(MESSAGE, answer, NOON)
    _post(chart, [answer.model_dump_json().encode(), WORDS.encode(), b'{"canary": 1}'])
    assert chart.patient(WHO) is not None
    assert (len(chart.reports.of(WHO)), len(chart.reports.asides()), len(chart.plans.revisions(WHO))) == (2, 2, 1)
    chart.close()


@pytest.mark.usefixtures("heard")
def test_a_chart_that_cannot_be_written_says_so_without_what_was_to_be_written(tmp_path: Path) -> None:
    chart = Chart(f"sqlite:///{tmp_path}/chart.db")
    chart.admit(Patient(WHO, ZoneInfo("UTC"), "t-canary", False), NOON)
    with chart._database.writing() as tx:
        tx.exec_driver_sql("DROP TABLE report")
    with pytest.raises(ChartUnavailable) as failed:
        chart.reports.add(Reason(id="canary-2", patient=WHO, at=NOON, occurrence=SESSION, why="it_hurt"), "cli", NOON)
    assert "canary" not in f"{failed.value}{failed.value.__cause__}".replace(str(tmp_path), "")
    structlog.get_logger().warning("holding", reason=str(failed.value).replace(str(tmp_path), ""))
    chart.close()


def test_a_row_the_database_refuses_is_not_read_out(tmp_path: Path) -> None:
    chart = Chart(f"sqlite:///{tmp_path}/chart.db")
    row = tables.link.insert().values(id=MESSAGE, patient="p-canary-2", occurrence=SESSION, until=NOON)
    with pytest.raises(Exception, match="FOREIGN KEY") as failed, chart._database.writing() as tx:
        tx.execute(row)
    assert "canary" not in str(failed.value)
    chart.close()


def test_a_link_and_a_topic_name_nobody() -> None:
    url = LINKS.url(MESSAGE)
    assert [word for word in (WHO, "canary", "core", "pain", "yes", str(NOON)) if word in url + topic("home")] == []


def test_a_report_that_cannot_be_read_is_refused_without_being_read_out(tmp_path: Path) -> None:
    chart = Chart(f"sqlite:///{tmp_path}/chart.db")
    chart.reports.take(b'{"kind": "pain", "id": "canary-report", "patient": "p-canary", "at": 1, "score": 77}', "mqtt", NOON)
    (aside,) = chart.reports.asides()
    assert "canary" not in aside.reason
    assert "77" not in aside.reason
    chart.close()
    with pytest.raises(ValidationError):
        Pain(id="canary-report", patient=WHO, at=NOON, score=77)


def _link(chart: Chart) -> None:
    with chart._database.writing() as tx:
        tx.execute(tables.link.insert().values(id=MESSAGE, patient=WHO, occurrence=SESSION, until=NOON + DAY))


def _post(chart: Chart, bodies: list[bytes]) -> None:
    link = Link("mqtt://127.0.0.1:1", "x")
    for body in bodies:
        link.arrived.put(Arrived(topic("home"), body))
    post = Post(chart.reports, link, lambda: NOON)
    post.start()
    assert until(lambda: len(chart.reports.asides()) == 2)
    post.stop()
