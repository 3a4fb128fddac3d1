"""The chart on disk: what it promises is tried with a kill, a broken file and a read-only folder."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from alerts import tables
from alerts.chart import Chart, ChartUnavailable, Wearing
from ingest.batch import DAY
from tests.rounds import ANN, NOON, drain, judge, silent, still


def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    try:
        with engine.begin() as tx:
            done = tx.execute(text(sql))
            return [tuple(row) for row in done] if done.returns_rows else []
    finally:
        engine.dispose()


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
    assert len(drain(again, NOON)) == 2
    assert len(drain(again, NOON + DAY)) == 1
    again.close()


def test_the_migrations_make_exactly_the_tables_the_code_works_with(url: str) -> None:
    Chart(url).close()
    engine = create_engine(url)
    with engine.connect() as tx:
        context = MigrationContext.configure(tx)
        assert compare_metadata(context, tables.METADATA) == []
        assert context.get_current_revision() is not None
    engine.dispose()


@pytest.mark.parametrize("change", ["UPDATE event SET at = 0", "DELETE FROM event"])
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
    with pytest.raises(IntegrityError, match=r"(?i)check constraint"):
        rows(url, f"INSERT INTO budget_slot (site, recipient, local_day, slot, nudge, message) {row}")


KILLED = """
import os, shutil, sys
from sqlalchemy import event
from alerts.chart import Chart
from ingest.batch import DAY
from tests.rounds import ANN, NOON, judge, silent, still
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
    steps = 46
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


def test_postgresql_without_what_speaks_to_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ChartUnavailable, match=r"pip install 'keepup\[postgres\]'"):
        Chart("postgresql+psycopg://keepup:secret@localhost/clinic")
    with pytest.raises(ChartUnavailable, match=r"write postgresql\+psycopg://") as told:
        Chart("postgresql://keepup:secret@localhost/clinic")
    assert "secret" not in str(told.value)


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


def test_no_changes_touch_nothing(file: str) -> None:
    chart = Chart(file)
    chart.close()
    Path(file.removeprefix("sqlite:///")).unlink()
    chart.record("p-ann", [], NOON)
    assert not Path(file.removeprefix("sqlite:///")).exists()
