"""The audit: nothing can be changed without it showing, and a patient can be forgotten without anything breaking."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from alerts import tables
from alerts.alert import LEGAL
from alerts.audit import ERASED, NOTED, Walk
from alerts.chart import Chart
from ingest.batch import DAY, HOUR
from tests.rounds import ANN, BOB, NOON, drain, judge, silent, still, stopped


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
