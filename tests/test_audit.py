"""The audit: nothing can be changed without it showing, and a patient can be forgotten without anything breaking."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from alerts import database, tables
from alerts.alert import LEGAL, State
from alerts.audit import ERASED, NOTED, Walk
from alerts.chart import Chart, Wearing
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from detectors.report import Pain
from ingest.batch import DAY, HOUR
from tests.rounds import ANN, BOB, NOON, drain, judge, silent, states, still, stopped


def lived(chart: Chart) -> None:
    """Alerts of two patients that were opened, sent, resolved and retracted, and a look at one of them."""
    judge(chart, [still(NOON), silent(NOON, 50), stopped(NOON)], NOON)
    judge(chart, [silent(NOON, 50, BOB)], NOON, BOB)
    drain(chart, NOON + DAY)
    chart.note("p-ann", "t-02", "viewed", NOON + DAY)
    judge(chart, [still(NOON, end=NOON), stopped(NOON)], NOON + DAY + HOUR)


def opened(url: str) -> Chart:
    chart = Chart(url)
    for patient in (ANN, BOB):
        chart.admit(patient, NOON - 30 * DAY)
    return chart


def tampered(url: str, *statements: str) -> list[tuple[int, str]]:
    """As somebody with the whole database in hand could, the guards taken away first."""
    chart = opened(url)
    lived(chart)
    assert chart.verify() == []
    engine = create_engine(url)
    with engine.begin() as tx:
        for guard in ("event_no_UPDATE", "event_no_DELETE", "event_legal"):
            tx.execute(text(f"DROP TRIGGER {guard}"))
        for statement in statements:
            tx.execute(text(statement))
    engine.dispose()
    found = [(fault.seq, fault.what) for fault in chart.verify()]
    chart.close()
    return found


def test_a_whole_audit_says_what_the_alerts_say(chart: Chart) -> None:
    lived(chart)
    assert chart.verify() == []
    assert chart.replayed() == {alert.id: alert.state for alert in chart.alerts()}
    assert {alert.id: len(chart.events(alert.id)) for alert in chart.alerts()} == {alert.id: alert.rev + 1 for alert in chart.alerts()}


def test_a_walk_goes_on_where_it_was_and_finds_what_a_whole_look_finds(chart: Chart) -> None:
    walk = Walk()
    for day in range(3):
        lived(chart) if day == 0 else chart.note("p-ann", "t-02", "viewed", NOON + day * DAY)
        assert chart.verify(walk) == chart.verify() == []
        assert walk.seq == chart.audit()[-1].seq
    whole = Walk()
    chart.verify(whole)
    assert walk == whole


def test_a_patients_own_chain_is_verified_by_itself(file: str) -> None:
    chart = opened(file)
    lived(chart)
    mine = [event.seq for event in chart.audit(patient="p-ann")]
    engine = create_engine(file)
    for change, what in (
        (f"UPDATE deed SET why = 'never' WHERE seq = {mine[0]}", (mine[0], "what was done was changed")),
        (f"DELETE FROM deed WHERE seq = {mine[1]}", (mine[1], "what was done is missing")),
        ("DELETE FROM chain WHERE patient = 'p-ann'", (mine[-1], "its salt is gone, though nobody was erased")),
    ):
        with engine.begin() as tx:
            tx.execute(text(change))
        assert what in [(fault.seq, fault.what) for fault in chart.verify_of("p-ann")]
        assert chart.verify_of("virtual-bob") == chart.verify_of("nobody") == []
    engine.dispose()
    chart.close()


def test_events_are_numbered_without_holes_and_told_from_any_number_on(chart: Chart) -> None:
    lived(chart)
    seqs = [event.seq for event in chart.audit()]
    assert seqs == list(range(1, len(seqs) + 1))
    assert [event.seq for event in chart.audit(after=3, most=2)] == [4, 5]
    assert {event.patient for event in chart.audit(therapist="t-02")} == {"p-ann"}
    assert [(event.alert, event.new, event.why) for event in chart.audit(patient="p-ann") if event.by == "t-02"] == [(None, None, "viewed")]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE event SET at = at + 1 WHERE seq = 2", (2, "it was changed")),
        ("UPDATE event SET new = 'suppressed' WHERE seq = 2", (2, "it was changed")),
        ("UPDATE deed SET why = 'never' WHERE seq = 2", (2, "what was done was changed")),
        ("UPDATE deed SET \"by\" = 't-03' WHERE seq = 2", (2, "what was done was changed")),
        ("DELETE FROM deed WHERE seq = 2", (2, "what was done is missing")),
        ("DELETE FROM chain WHERE patient = 'virtual-bob'", None),
    ],
)
def test_a_change_behind_its_back_is_found_where_it_was_made(file: str, change: str, found: tuple[int, str] | None) -> None:
    faults = tampered(file, change)
    assert faults
    assert found is None or found in faults


def test_a_line_taken_out_is_missed(file: str) -> None:
    faults = tampered(file, "DELETE FROM deed WHERE seq = 2", "DELETE FROM event WHERE seq = 2")
    assert (3, "events before it are missing") in faults
    assert any(what == "it does not follow the event before it" for _, what in faults)


def test_the_database_refuses_a_move_that_no_alert_can_make(url: str) -> None:
    chart = opened(url)
    lived(chart)
    row = {"seq": 99, "at": 1, "chain": "c", "old": "expired", "new": "open", "digest": b"d", "prev": b"p", "hash": b"h"}
    with chart._database.writing() as tx, pytest.raises(IntegrityError, match="an alert cannot go that way"):
        tx.execute(tables.event.insert().values(**row))
    chart.close()


def test_a_chain_cannot_fork(url: str) -> None:
    chart = opened(url)
    lived(chart)
    with chart._database.writing() as tx:
        last = tx.execute(tables.event.select().order_by(tables.event.c.seq.desc()).limit(1)).one()
        twin = {**last._mapping, "seq": last.seq + 1, "hash": b"another"}
        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            tx.execute(tables.event.insert().values(**twin))
    chart.close()


def test_the_database_holds_the_moves_that_the_code_knows(chart: Chart) -> None:
    with chart._database.reading() as tx:
        held = {(row.old, row.new) for row in tx.execute(tables.legal.select())}
    assert held == {(old or "", new.value) for old, new in LEGAL} | {("", NOTED), ("", ERASED)}


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


moves = st.lists(st.sampled_from(["found", "over", "gone", "ack", "snooze", "wait", "send", "pause"]), max_size=12)


@given(moves)
@settings(max_examples=40, deadline=None)
def test_whatever_happens_the_audit_tells_the_state_of_every_alert(steps: list[str]) -> None:
    chart = opened("sqlite://")
    now = NOON
    for step in steps:
        now += HOUR
        alerts = [alert.id for alert in chart.alerts(therapist="t-02")]
        match step:
            case "found":
                judge(chart, [silent(NOON, 50), stopped(NOON)], now)
            case "over":
                judge(chart, [stopped(NOON)], now)
            case "gone":
                judge(chart, [], now)
            case "ack":
                [chart.acknowledge(alert, "t-02", now) for alert in alerts]
            case "snooze":
                [chart.snooze(alert, "t-02", now + 2 * HOUR, now) for alert in alerts]
            case "wait":
                chart.recover(now)
            case "send":
                drain(chart, now)
            case "pause":
                chart.pauses.set("p-ann", None, now, now + 3 * HOUR, "t-02", "ill", now)
    assert chart.verify() == []
    assert chart.replayed() == {alert.id: alert.state for alert in chart.alerts()}
    chart.close()
