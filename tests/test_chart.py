"""The chart, on real files: what it promises is tried with threads, a kill and a read-only disk."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from alerts import people, tables
from alerts.alert import Audience, Message, MessageState, State
from alerts.chart import Chart, ChartUnavailable, Patient, Wearing
from alerts.reconcile import Change, Turn, reconcile
from detectors.finding import Finding
from ingest.batch import DAY, HOUR, MICROS, MINUTE

NEW_YORK = ZoneInfo("America/New_York")
NOON = 1_793_725_200 * MICROS
"""Tuesday 3 November 2026, 12:00 in New York."""
ANN = Patient("p-ann", NEW_YORK, "t-02", False)
BOB = Patient("virtual-bob", NEW_YORK, "t-03", True)


@pytest.fixture(params=["file", "memory"])
def chart(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chart]:
    opened = Chart("sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path}/chart.db")
    for patient in (ANN, BOB):
        opened.admit(patient, NOON - 30 * DAY)
    yield opened
    opened.close()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/chart.db"


def still(now: int, minutes: int = 55, end: int | None = None, patient: Patient = ANN, key: str | None = None) -> Finding:
    start = now - minutes * MINUTE
    return Finding(patient.id, "still_too_long", key or f"s{start}", start, end, {"still_min": minutes, "coverage": 0.97})


def silent(now: int, hours: float, patient: Patient = ANN) -> Finding:
    start = now - round(hours * HOUR)
    return Finding(patient.id, "silent_band", f"s{start}", start, None, {"silent_h": hours})


def judge(chart: Chart, found: list[Finding], now: int, patient: Patient = ANN) -> list[Turn]:
    """One step of the watch over the last ten days."""
    changes = reconcile(found, chart.judgements(patient.id, now - 10 * DAY, now), now - 10 * DAY, now, now)
    chart.record(patient.id, changes, now)
    return [change.kind for change in changes]


def states(chart: Chart, **which: str) -> list[State]:
    return [alert.state for alert in chart.alerts(**which)]  # type: ignore[arg-type]  # the keywords are the chart's own


def drain(chart: Chart, now: int) -> list[Message]:
    """Sends all that may go out now."""
    sent = []
    while (message := chart.claim(now)) is not None:
        chart.settle(message.id, "sent", now)
        sent.append(message)
    return sent


# people


def test_a_patient_is_admitted_once_and_a_second_time_corrects_the_zone(chart: Chart) -> None:
    chart.admit(Patient("p-ann", ZoneInfo("Europe/Berlin"), "t-02", False), NOON)
    assert chart.patient("p-ann") == Patient("p-ann", ZoneInfo("Europe/Berlin"), "t-02", False)


def test_a_therapist_sees_only_their_own_patients(chart: Chart) -> None:
    assert chart.patients("t-02") == [ANN]
    assert chart.patients() == [ANN, BOB]
    assert chart.patient("virtual-bob", "t-02") is None


def test_handing_a_band_over_takes_it_from_who_had_it(chart: Chart) -> None:
    chart.hand_over(Wearing("band-1", "p-ann", NOON - DAY))
    chart.hand_over(Wearing("band-1", "virtual-bob", NOON))
    assert chart.wearings("p-ann") == [Wearing("band-1", "p-ann", NOON - DAY, NOON)]
    assert chart.wearings("virtual-bob") == [Wearing("band-1", "virtual-bob", NOON)]


def test_a_band_is_never_on_two_people_at_once(chart: Chart) -> None:
    chart.hand_over(Wearing("band-1", "p-ann", NOON))
    with pytest.raises(ValueError, match="band-1 is on p-ann for part of that time"):
        chart.hand_over(Wearing("band-1", "virtual-bob", NOON - DAY))
    chart.hand_over(Wearing("band-1", "virtual-bob", NOON - DAY, NOON))


def test_a_band_for_an_unknown_patient_is_refused_with_the_next_step(chart: Chart) -> None:
    with pytest.raises(ValueError, match="p-nobody is not in the chart; admit"):
        chart.hand_over(Wearing("band-1", "p-nobody", NOON))
    with pytest.raises(ValueError, match="p-nobody is not in the chart; admit"):
        chart.record("p-nobody", [Change(Turn.OPENED, silent(NOON, 13))], NOON)


def test_only_the_right_password_of_the_right_therapist_opens_the_door(url: str) -> None:
    chart = Chart(url)
    chart.employ("t-02", "correct horse")
    assert chart.login("t-02", "correct horse")
    assert not chart.login("t-02", "wrong horse")
    assert not chart.login("t-03", "correct horse")
    chart.employ("t-02", "battery staple")
    assert not chart.login("t-02", "correct horse")
    chart.close()
    assert b"battery staple" not in Path(url.removeprefix("sqlite:///")).read_bytes()


def test_an_unknown_therapist_costs_as_much_work_as_a_wrong_password() -> None:
    known, nobody = people.hashed("a password"), people._NOBODY
    assert known.split("$")[1:4] == nobody.split("$")[1:4]  # algorithm, version, memory, passes, lanes
    assert len(known) == len(nobody)


# findings, alerts, messages


def test_a_still_bout_in_the_afternoon_is_told_to_the_patient_alone(chart: Chart) -> None:
    assert judge(chart, [still(NOON)], NOON) == [Turn.OPENED]
    [alert] = chart.alerts()
    assert (alert.audience, alert.state, alert.evidence["still_min"]) == (Audience.PATIENT, State.OPEN, 55)
    [message] = drain(chart, NOON)
    assert (message.recipient, message.channel, message.step, message.alert) == ("p-ann", "mqtt", "first", alert.id)
    assert message.expires == NOON + 12 * HOUR  # midnight in New York


def test_the_same_findings_again_change_nothing_and_tell_nobody(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    drain(chart, NOON)
    assert judge(chart, [still(NOON)], NOON) == []
    assert drain(chart, NOON) == []


def test_a_bout_found_when_it_is_over_is_on_record_and_told_to_nobody(chart: Chart) -> None:
    judge(chart, [still(NOON, end=NOON - MINUTE)], NOON)
    assert [state for _, state in chart.findings("p-ann")] == ["closed"]
    assert chart.alerts() == []


def test_stillness_seen_hours_ago_is_no_reason_to_nudge_now(chart: Chart) -> None:
    judge(chart, [still(NOON - 3 * HOUR)], NOON)
    assert chart.alerts() == []


def test_thirty_still_minutes_are_noted_and_fifty_are_told(chart: Chart) -> None:
    start = NOON - 35 * MINUTE
    judge(chart, [still(NOON, 35)], NOON)
    assert chart.alerts() == []
    later = start + 50 * MINUTE
    judge(chart, [still(later, 50)], later)
    assert states(chart) == [State.OPEN]


def test_a_nudge_is_not_sent_once_its_bout_is_over(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    judge(chart, [still(NOON, end=NOON)], NOON + MINUTE)
    assert states(chart) == [State.RESOLVED]
    assert drain(chart, NOON + MINUTE) == []


def test_a_nudge_in_the_quiet_hours_is_never_sent_though_the_alert_is_there(chart: Chart) -> None:
    night = NOON + 10 * HOUR
    judge(chart, [still(night)], night)
    assert states(chart) == [State.OPEN]
    assert drain(chart, night) == drain(chart, night + 10 * HOUR) == []


def test_a_nudge_never_outlives_its_day(chart: Chart) -> None:
    # 21:29 claimed, broker down ─── midnight ─── 07:31
    evening = NOON + 9 * HOUR + 29 * MINUTE
    judge(chart, [still(evening)], evening)
    message = chart.claim(evening)
    assert message is not None
    chart.settle(message.id, "queued", evening)
    assert drain(chart, evening + 2 * MINUTE) == []
    assert drain(chart, NOON + 19 * HOUR + 31 * MINUTE) == []


def test_a_silent_band_is_told_to_the_patient_after_12_hours_and_to_the_therapist_after_48(chart: Chart) -> None:
    # last heard NOON ── +12 h (midnight, held to 07:30) ── +48 h
    step = 5 * MINUTE
    seen: list[tuple[int, Audience]] = []
    for now in range(NOON + 11 * HOUR, NOON + 50 * HOUR, step):
        judge(chart, [silent(now, (now - NOON) / HOUR)] if now >= NOON + 12 * HOUR else [], now)
        seen += [((now - NOON) // MINUTE, message.audience) for message in drain(chart, now)]
    assert seen == [(19 * 60 + 30, Audience.PATIENT), (48 * 60, Audience.THERAPIST)]
    assert states(chart, therapist="t-02") == [State.OPEN, State.OPEN]


def test_a_band_heard_again_resolves_its_alerts_and_corrects_nobody(chart: Chart) -> None:
    judge(chart, [silent(NOON, 50)], NOON)
    assert len(drain(chart, NOON)) == 2
    judge(chart, [], NOON + HOUR)
    assert states(chart) == [State.RESOLVED, State.RESOLVED]
    assert drain(chart, NOON + HOUR) == []


def test_late_data_retract_an_alert_and_correct_who_was_told(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    drain(chart, NOON)
    judge(chart, [], NOON + HOUR)
    assert states(chart) == [State.RETRACTED]
    assert [(message.step, message.recipient) for message in drain(chart, NOON + HOUR)] == [("correction", "p-ann")]


def test_an_alert_already_resolved_is_still_retracted_when_it_never_was(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    drain(chart, NOON)
    judge(chart, [still(NOON, end=NOON)], NOON + MINUTE)
    judge(chart, [], NOON + HOUR)
    assert [event.new for event in chart.events(chart.alerts()[0].id)] == [State.OPEN, State.RESOLVED, State.RETRACTED]


def test_who_was_not_told_is_not_corrected(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    judge(chart, [], NOON + HOUR)
    assert drain(chart, NOON + HOUR) == []


def test_who_was_told_more_than_72_hours_ago_is_not_corrected(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    drain(chart, NOON)
    judge(chart, [], NOON + 73 * HOUR)
    assert states(chart) == [State.RETRACTED]
    assert drain(chart, NOON + 73 * HOUR) == []


def test_what_is_found_again_after_its_retraction_is_on_record_and_told_to_nobody_twice(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    judge(chart, [], NOON + MINUTE)
    assert judge(chart, [still(NOON)], NOON + 2 * MINUTE) == [Turn.REOPENED]
    assert [state for _, state in chart.findings()] == ["open"]
    assert states(chart) == [State.RETRACTED]
    assert drain(chart, NOON + 2 * MINUTE) == []


def test_texts_about_a_virtual_patient_are_marked(chart: Chart) -> None:
    judge(chart, [still(NOON, patient=BOB)], NOON, BOB)
    [message] = drain(chart, NOON)
    assert message.virtual
    assert message.text.startswith("Virtual: ")


def test_a_patient_gets_at_most_two_nudges_and_three_messages_a_local_day(chart: Chart) -> None:
    sent: list[Message] = []
    over: list[Finding] = []
    for now in range(NOON, NOON + 4 * HOUR, HOUR):
        judge(chart, [*over, still(now)], now)
        sent += drain(chart, now)
        over.append(still(now, end=now + MINUTE))
    assert len(chart.alerts()) == 4
    assert len(sent) == 2
    for n in range(2):
        chart.record("p-ann", [Change(Turn.OPENED, silent(NOON, 20 + n))], NOON + 5 * HOUR)
    assert len(drain(chart, NOON + 5 * HOUR)) == 1
    assert drain(chart, NOON + 9 * HOUR) == []
    assert len(drain(chart, NOON + 20 * HOUR)) == 1  # the fourth waits for the next morning


def test_four_threads_cannot_send_a_patient_more_than_the_day_allows(url: str) -> None:
    chart = Chart(url)
    chart.admit(ANN, NOON)
    chart.admit(BOB, NOON)
    for patient in (ANN, BOB):
        chart.record(patient.id, [Change(Turn.OPENED, still(NOON, patient=patient, key=f"k{n}")) for n in range(8)], NOON)
        chart.record(patient.id, [Change(Turn.OPENED, silent(NOON, 13 + n, patient)) for n in range(8)], NOON)
    with ThreadPoolExecutor(4) as threads:
        sent = [message for batch in threads.map(lambda _: drain(chart, NOON), range(4)) for message in batch]
    chart.close()
    assert len({message.id for message in sent}) == len(sent) == 6
    for patient in (ANN, BOB):
        assert sum(message.recipient == patient.id for message in sent) == 3


def test_two_watchers_at_once_leave_one_alert(url: str) -> None:
    charts = [Chart(url), Chart(url)]
    charts[0].admit(ANN, NOON)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda chart: judge(chart, [still(NOON)], NOON), charts))
    assert states(charts[0]) == [State.OPEN]
    assert len(drain(charts[1], NOON)) == 1
    for chart in charts:
        chart.close()


def test_therapists_acknowledge_their_own_alerts_once_and_for_all(chart: Chart) -> None:
    judge(chart, [silent(NOON, 50)], NOON)
    [mine] = [alert for alert in chart.alerts(therapist="t-02") if alert.audience is Audience.THERAPIST]
    [patients] = [alert for alert in chart.alerts(therapist="t-02") if alert.audience is Audience.PATIENT]
    assert not chart.acknowledge(mine.id, "t-03", NOON)
    assert not chart.acknowledge(patients.id, "t-02", NOON)
    assert not chart.acknowledge("no such alert", "t-02", NOON)
    assert chart.acknowledge(mine.id, "t-02", NOON)
    assert chart.acknowledge(mine.id, "t-02", NOON + HOUR)
    assert [(event.by, event.old, event.new, event.at) for event in chart.events(mine.id)] == [
        ("watch", None, State.OPEN, NOON),
        ("t-02", State.OPEN, State.ACKED, NOON),
    ]


def test_an_acknowledged_alert_is_resolved_with_its_finding(chart: Chart) -> None:
    judge(chart, [silent(NOON, 50)], NOON)
    for alert in chart.alerts():
        chart.acknowledge(alert.id, "t-02", NOON)
    judge(chart, [], NOON + HOUR)
    assert states(chart) == [State.RESOLVED, State.RESOLVED]


def test_an_alert_that_nobody_answered_expires_after_thirty_days(chart: Chart) -> None:
    judge(chart, [silent(NOON, 50)], NOON)
    drain(chart, NOON)
    assert chart.recover(NOON + 29 * DAY) == 0
    assert chart.recover(NOON + 30 * DAY) == 2
    assert states(chart) == [State.EXPIRED, State.EXPIRED]


# the database


def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    with engine.begin() as tx:
        found = [tuple(row) for row in tx.execute(text(sql))]
    engine.dispose()
    return found


def contents(chart: Chart) -> tuple[object, ...]:
    audit = [chart.events(alert.id) for alert in chart.alerts()]
    return chart.patients(), chart.wearings("p-ann"), chart.findings(), chart.alerts(), audit


def test_a_reopened_file_holds_everything(url: str) -> None:
    chart = Chart(url)
    chart.admit(ANN, NOON)
    chart.hand_over(Wearing("band-1", "p-ann", NOON))
    judge(chart, [still(NOON), silent(NOON, 50)], NOON)
    before = (chart.patients(), chart.wearings("p-ann"), chart.findings(), chart.alerts(), [chart.events(a.id) for a in chart.alerts()])
    chart.close()
    again = Chart(url)
    assert before == (
        again.patients(),
        again.wearings("p-ann"),
        again.findings(),
        again.alerts(),
        [again.events(a.id) for a in again.alerts()],
    )
    assert len(drain(again, NOON)) == 3
    again.close()


def test_the_migrations_make_exactly_the_tables_the_code_works_with(url: str) -> None:
    Chart(url).close()
    engine = create_engine(url)
    with engine.connect() as tx:
        context = MigrationContext.configure(tx)
        assert compare_metadata(context, tables.METADATA) == []
        assert context.get_current_revision() is not None
    engine.dispose()


@pytest.mark.parametrize("change", ["UPDATE event SET why = 'never'", "DELETE FROM event"])
def test_a_line_of_the_audit_cannot_be_changed(url: str, change: str) -> None:
    chart = Chart(url)
    chart.admit(ANN, NOON)
    judge(chart, [still(NOON)], NOON)
    chart.close()
    with pytest.raises(IntegrityError, match="events are never changed"):
        rows(url, change)
    assert rows(url, "SELECT count(*) FROM event") == [(1,)]


@pytest.mark.parametrize(
    "row",
    [
        "SELECT site, 'p-ann', '2026-11-03', 4, NULL, id FROM message",
        "SELECT site, 'p-ann', '2026-11-03', 3, 3, id FROM message",
    ],
    ids=["a fourth message", "a third nudge"],
)
def test_the_database_itself_refuses_more_than_the_day_allows(url: str, row: str) -> None:
    chart = Chart(url)
    chart.admit(ANN, NOON)
    judge(chart, [still(NOON)], NOON)
    chart.close()
    with pytest.raises(IntegrityError, match="CHECK"):
        rows(url, f"INSERT INTO budget_slot (site, recipient, local_day, slot, nudge, message) {row}")


KILLED = """
import os, shutil, sys
from sqlalchemy import event
from alerts.chart import Chart
from tests.test_chart import ANN, NOON, judge, silent, still
folder, steps = sys.argv[1], int(sys.argv[2])
for step in range(steps):
    shutil.copy(f"{folder}/blank.db", f"{folder}/{step}.db")
    if os.fork():
        print(os.waitstatus_to_exitcode(os.wait()[1]))
        continue
    chart = Chart(f"sqlite:///{folder}/{step}.db")
    left = [step]
    def fall(*_):
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
    event.listen(chart._database._engine, "before_cursor_execute", fall)
    judge(chart, [still(NOON), silent(NOON, 50)], NOON)
    os._exit(0)
"""


def test_a_kill_between_any_two_statements_leaves_no_alert_without_message_and_no_message_without_alert(tmp_path: Path) -> None:
    # The child dies before its n-th statement: reads, BEGIN, finding, alert, event, message, alert, … COMMIT.
    blank = Chart(f"sqlite:///{tmp_path}/blank.db")
    blank.admit(ANN, NOON)
    blank.close()
    steps = 24
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(steps)]
    codes = subprocess.run(command, cwd=Path(__file__).parents[1], check=True, capture_output=True, text=True).stdout.split()
    counts = " UNION ALL ".join(f"SELECT count(*) FROM {table}" for table in ("finding", "alert", "event", "message"))
    whole, nothing = [(2,), (3,), (3,), (3,)], [(0,)] * 4
    assert codes.count("9") > 12
    for step, code in enumerate(codes):
        url = f"sqlite:///{tmp_path}/{step}.db"
        assert rows(url, counts) == (whole if code == "0" else nothing), (step, code)
    assert codes[-1] == "0"
    survivor = Chart(f"sqlite:///{tmp_path}/12.db")
    judge(survivor, [still(NOON), silent(NOON, 50)], NOON)
    survivor.close()
    assert rows(f"sqlite:///{tmp_path}/12.db", counts) == whole


def test_a_chart_in_a_missing_folder_says_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(ChartUnavailable, match=r"nowhere/chart\.db cannot be used: .*Check that its folder exists"):
        Chart(f"sqlite:///{tmp_path}/nowhere/chart.db")


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "chart.db").write_text("dear diary, " * 500)
    with pytest.raises(ChartUnavailable, match="file is not a database"):
        Chart(f"sqlite:///{tmp_path}/chart.db")


def test_an_address_that_is_none_says_what_one_looks_like() -> None:
    with pytest.raises(ChartUnavailable, match=r"sqlite:///chart\.db"):
        Chart("chart.db")


def test_a_chart_of_a_newer_keepup_is_left_alone(url: str) -> None:
    Chart(url).close()
    engine = create_engine(url)
    with engine.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ChartUnavailable, match="update KeepUp"):
        Chart(url)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs POSIX users")
def test_a_read_only_chart_is_an_error_with_the_next_step() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chart.db"
        chart = Chart(f"sqlite:///{path}")
        chart.admit(ANN, NOON)
        chart.close()
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        me = os.geteuid()
        if me == 0:
            os.seteuid(65534)  # root may write anything
        try:
            with pytest.raises(ChartUnavailable, match=r"readonly database.*this user may write the file"):
                Chart(f"sqlite:///{path}")
        finally:
            os.seteuid(me)
            Path(folder).chmod(0o755)


def test_no_changes_touch_nothing(url: str) -> None:
    chart = Chart(url)
    chart.close()
    Path(url.removeprefix("sqlite:///")).unlink()
    chart.record("p-ann", [], NOON)
    assert not Path(url.removeprefix("sqlite:///")).exists()


def test_a_message_row_is_told_by_its_state(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    message = chart.claim(NOON)
    assert message is not None
    assert message.state is MessageState.SENDING
    assert message.attempts == 1
    assert chart.claim(NOON) is None
