"""The chart when many want it at once, or its server does not answer."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Semaphore

import pytest
from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from alerts import database
from alerts.chart import Chart, ChartUnavailable
from tests.postgres import Postgres
from tests.rounds import ANN, NOON


def test_writers_that_wait_leave_connections_to_those_who_read(file: str) -> None:
    #  another process writes ──────────────┤
    #      40 writers of ours wait ─────────┴─ all have written
    #      readers                 read
    chart = Chart(file)
    chart.admit(ANN, NOON)
    other = sqlite3.connect(file.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    pool, begun = chart._database._engine.pool, Semaphore(0)
    assert isinstance(pool, QueuePool)

    def write(number: int) -> None:
        begun.release()
        chart.beat(f"part-{number}", NOON)

    with ThreadPoolExecutor(40) as crowd:
        written = [crowd.submit(write, number) for number in range(40)]
        for _ in written:
            begun.acquire()
        while not pool.checkedout():
            pass
        assert chart.patients() == [ANN]
        assert pool.checkedout() <= 1
        other.close()
        for one in written:
            one.result()
    assert len(chart.heartbeats()) == 40
    chart.close()


def test_too_many_who_ask_and_too_long_a_wait_are_the_same_to_whoever_asks(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = Chart(file)
    monkeypatch.setattr(chart._database._engine.pool, "_timeout", 0)
    monkeypatch.setattr(database, "WAIT", 0)
    with ExitStack() as held:
        for _ in range(16):
            held.enter_context(chart._database.reading())
        with pytest.raises(ChartUnavailable, match="too many at once"):
            chart.patients()
    with chart._database.writing(), pytest.raises(ChartUnavailable, match="being written by others"):
        chart.beat("watch", NOON)
    assert chart.patients() == []
    chart.close()


def test_postgres_waits_for_nobody_without_end(postgres: Postgres) -> None:
    url = postgres.chart()
    for asked, idle in ((url, "1min"), (f"{url}&options=-c%20idle_in_transaction_session_timeout%3D7s", "7s")):
        chart = Chart(asked)
        with chart._database.reading() as tx:
            told = [tx.execute(text(f"SHOW {name}")).scalar() for name in ("lock_timeout", "idle_in_transaction_session_timeout")]
            assert told == ["30s", idle]
            libpq = tx.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]  # psycopg's
            assert libpq["connect_timeout"] == "5"
            assert libpq["keepalives_idle"] == "30"
        chart.close()
