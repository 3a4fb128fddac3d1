"""Reports by MQTT, over the embedded broker and a real Mosquitto, into the chart and answered."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from queue import Empty

import pytest
import structlog
from paho.mqtt.publish import single

from alerts.chart import Chart, ChartUnavailable
from alerts.post import Post, topic
from alerts.reports import Reports
from cli.line import clinic, listening, wall
from detectors.report import Answer, Pain, Report, Said
from ingest.batch import MICROS
from ingest.broker import EmbeddedBroker, free_port
from ingest.link import Arrived, Link
from tests.mosquitto import mosquitto
from tests.rounds import ANN, NOON
from tests.verbs import started, until

NOWHERE = "mqtt://127.0.0.1:1"
TOPIC = "keepup/1/home/report"


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest) -> Iterator[str]:
    with ExitStack() as stack:
        if request.param == "mosquitto":
            yield f"mqtt://127.0.0.1:{stack.enter_context(mosquitto())[1]}"
        else:
            own = EmbeddedBroker(free_port())
            stack.callback(own.stop)
            yield own.url


@pytest.fixture
def chart(tmp_path: Path) -> Iterator[Chart]:
    chart = Chart(f"sqlite:///{tmp_path}/chart.db")
    chart.admit(ANN, wall())
    yield chart
    chart.close()


def score(value: int, at: int, id: str = "report-01") -> Pain:  # noqa: A002 — the report's
    return Pain(id=id, patient=ANN.id, at=at, score=value)


class Phone:
    """Says something again until it likes what it hears."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.heard: list[bytes] = []

    def says(self, report: Report | bytes, until_: Callable[[], object]) -> bool:
        body = report if isinstance(report, bytes) else report.model_dump_json().encode()

        def once() -> bool:
            if not until_():
                self._link.publish(TOPIC, body)
                with suppress(Empty):
                    self.heard.append(self._link.arrived.get(timeout=0.3).payload)
            return bool(until_())

        return until(once)


@contextmanager
def calling(broker: str) -> Iterator[Phone]:
    link = Link(broker, "phone", [f"{TOPIC}/ack"])
    link.start()
    yield Phone(link)
    link.stop()


def test_a_report_reaches_the_chart_and_is_answered_however_often_it_is_said(chart: Chart, broker: str) -> None:
    report = score(0, wall())
    with calling(broker) as phone, listening(chart, broker):
        assert phone.says(report, lambda: len(phone.heard) >= 2)
    assert set(phone.heard) == {b'{"id": "report-01"}'}
    assert chart.reports.of(ANN.id) == [report]


def test_what_cannot_be_taken_is_set_aside_unanswered_and_stops_nothing(chart: Chart, broker: str) -> None:
    with calling(broker) as phone, listening(chart, broker):
        assert phone.says(b"\xff not a report", chart.reports.asides)
        assert phone.heard == []
        assert phone.says(score(3, wall()), lambda: phone.heard)
    assert set(phone.heard) == {b'{"id": "report-01"}'}
    assert {aside.body for aside in chart.reports.asides()} == {b"\xff not a report"}


def test_a_retained_report_is_refused_and_not_taken_at_each_connection(chart: Chart) -> None:
    with mosquitto() as (_, port):
        single(TOPIC, score(3, wall()).model_dump_json(), qos=1, retain=True, hostname="127.0.0.1", port=port)
        with structlog.testing.capture_logs() as logs, listening(chart, f"mqtt://127.0.0.1:{port}"):
            assert until(lambda: any("retained" in line["event"] for line in logs))
    assert chart.reports.of(ANN.id) == []
    assert chart.reports.asides() == []


class Away(Reports):
    """Cannot be reached, a few times."""

    left = 2

    def take(self, payload: bytes, source: str, now: int) -> Report | None:
        if self.left:
            self.left -= 1
            raise ChartUnavailable("the disk is full")
        return super().take(payload, source, now)


def test_a_report_waits_while_the_chart_is_away(chart: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.post.HOLD", (0.0,))
    link = Link(NOWHERE, "x")
    post = Post(Away(chart._database, "home"), link, lambda: NOON)
    link.arrived.put(Arrived(TOPIC, score(3, NOON).model_dump_json().encode()))
    post.start()
    assert until(lambda: chart.reports.of(ANN.id) == [score(3, NOON)])
    post.stop()


class Defect(Reports):
    def take(self, payload: bytes, source: str, now: int) -> Report | None:
        raise OverflowError(f"{payload!r} of {source} at {now}")


def test_who_waits_for_reports_hears_of_a_defect(chart: Chart) -> None:
    chart.reports = Defect(chart._database, "home")
    ended: list[bool] = []
    post = listening(chart, NOWHERE, ended=lambda: ended.append(True))
    post.__enter__()._link.arrived.put(Arrived(TOPIC, b"secret words"))
    assert until(lambda: bool(ended))
    with pytest.raises(ChartUnavailable, match=r"defect \(OverflowError\)\. Start it again"):
        post.__exit__(None, None, None)


CANARIES = {"p-canary", "chest-canary", "rx-canary/core/2026-11-03", "report-canary", "token-canary", "987"}


def test_no_log_line_topic_or_answer_tells_of_anybody(tmp_path: Path) -> None:
    chart = Chart(f"sqlite:///{tmp_path}/chart.db")
    said = Answer(id="report-canary", patient="p-canary", at=NOON, occurrence="rx-canary/core/2026-11-03", said=Said.YES)
    bodies = [
        said.model_dump_json().encode(),
        said.model_copy(update={"at": NOON + 987 * MICROS * 1000}).model_dump_json().encode(),
        json.dumps({"chest-canary": 1}).encode(),
        json.dumps({**score(3, NOON).model_dump(mode="json"), "score": 987, "token-canary": 1}).encode(),
        b"p-canary" * 1000,
    ]
    link = Link(NOWHERE, "x")
    with structlog.testing.capture_logs() as logs:
        post = Post(chart.reports, link, lambda: NOON)
        for retained in (False, True):
            for body in bodies:
                link.arrived.put(Arrived(TOPIC, body, retained))
        post.start()
        assert until(lambda: len(logs) == 2 * len(bodies))
        post.stop()
    assert len(chart.reports.asides()) == len(bodies)
    chart.close()
    assert [(line, canary) for line in map(str, logs) for canary in CANARIES if canary in line] == []
    assert topic("home") == TOPIC


def test_the_watch_hears_reports_and_ends_when_told_to(tmp_path: Path) -> None:
    broker = EmbeddedBroker(free_port())
    try:
        with clinic(tmp_path / "clinic") as behind:
            behind.chart.admit(ANN, wall())
            with (
                started(tmp_path / "said", "watch", tmp_path / "clinic", "--broker", broker.url) as verb,
                calling(broker.url) as phone,
            ):
                assert phone.says(score(0, wall()), lambda: phone.heard), verb.said
                assert verb.stopped() == 0
            assert [one.id for one in behind.chart.reports.of(ANN.id)] == ["report-01"]
        assert "Traceback" not in verb.said
        assert ANN.id not in verb.said
    finally:
        broker.stop()
