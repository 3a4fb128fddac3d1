"""A patient is forgotten: no table and no file holds them any more, and nothing breaks."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from alerts import database, tables
from alerts.alert import State
from alerts.chart import Chart, Wearing
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from detectors.report import Pain
from ingest.batch import DAY, HOUR
from tests.rounds import ANN, NOON, judge, states, still
from tests.test_audit import lived, opened


def test_an_erased_patient_leaves_a_chain_that_holds_and_no_trace(url: str) -> None:
    chart = opened(url)
    chart.hand_over(Wearing("band-7", "p-ann", NOON))
    lived(chart)
    chart.pauses.set("p-ann", None, NOON + 9 * DAY, NOON + 10 * DAY, "t-02", "away", NOON + DAY)
    chart.reports.take(b'{"patient": "p-ann", "kind": "nonsense"}', "mqtt", NOON)
    before = len(chart.audit())
    assert chart.erase("p-ann", NOON + 2 * DAY) is url.startswith("sqlite")
    assert chart.erase("p-ann", NOON + 2 * DAY) is None
    assert chart.verify() == []
    assert 0 < len(chart.audit()) < before
    assert {alert.patient for alert in chart.alerts()} == {"virtual-bob"}
    assert chart.replayed() == {alert.id: alert.state for alert in chart.alerts()}
    with chart._database.reading() as tx:
        everything = [str(row) for table in tables.METADATA.sorted_tables for row in tx.execute(table.select())]
    assert not [row for row in everything if "p-ann" in row or "band-7" in row]
    chart.admit(ANN, NOON + 3 * DAY)
    judge(chart, [still(NOON + 3 * DAY)], NOON + 3 * DAY)
    assert states(chart, patient="p-ann") == [State.OPEN]
    assert chart.verify() == []
    chart.close()


def much(chart: Chart) -> None:
    """Enough about Ann to fill pages, some of it changed and deleted on the way."""
    lived(chart)
    for n in range(60):
        quiet = Finding("p-ann", "silent_band", f"p-ann-{n}", NOON - 71 * HOUR + n, None, {"silent_h": 71.0, "note": "p-ann " * 50})
        chart.record("p-ann", [Change(Turn.OPENED, quiet)], NOON + n)
        chart.record("p-ann", [Change(Turn.RETRACTED, quiet)], NOON + n)
        chart.reports.add(Pain(id=f"p-ann-{n:04}", patient="p-ann", at=NOON + n, score=7), "page", NOON + n)


def left(file: str) -> list[str]:
    return [path.name for path in sorted(Path(file.removeprefix("sqlite:///")).parent.glob("chart.db*")) if b"p-ann" in path.read_bytes()]


def test_an_erased_patients_name_is_in_no_file_though_others_have_the_chart_open(file: str) -> None:
    chart, page = opened(file), Chart(file)
    much(chart)
    page.beat("serve", NOON)
    assert left(file) == ["chart.db", "chart.db-wal"]
    assert chart.erase("p-ann", NOON + 2 * DAY)
    assert left(file) == []
    page.beat("serve", NOON + 2 * DAY)
    assert left(file) == []
    for one in (chart, page):
        one.close()


def test_who_reads_on_while_a_patient_is_erased_keeps_the_log_and_that_is_said(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT", 0.1)
    chart, reader = opened(file), create_engine(file)
    much(chart)
    with reader.connect() as tx:
        tx.exec_driver_sql("BEGIN")
        tx.execute(text("SELECT count(*) FROM patient"))
        assert chart.erase("p-ann", NOON + 2 * DAY) is False
        assert left(file) != []
    assert chart.erase("p-ann", NOON + 2 * DAY) is None
    assert chart.cleared()
    assert left(file) == []
    reader.dispose()
    chart.close()


def test_what_was_under_way_when_its_patient_was_erased_ends_quietly(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    message = chart.claim(NOON)
    assert message is not None
    chart.erase("p-ann", NOON)
    assert chart.settle(message.id, "sent", NOON + 1) == "sent"
    assert chart.claim(NOON + 1) is None
