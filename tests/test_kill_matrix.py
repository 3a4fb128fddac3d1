"""The proof by killing: eight days of `tests.ordeal`, a real chart, real receivers, and a child that dies at every crash point there is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.chart import Chart
from tests.ordeal import ANN, WANTED
from tests.passes import furnished
from tests.postgres import Postgres
from tests.storms import ordeal, sqlite
from tests.verdict import faults


def test_the_course_is_what_it_says_when_nobody_dies() -> None:
    with ordeal(sqlite) as lived:
        lived.course(0)
        lived.course(0, moody=True)
    assert lived.faults == []
    assert len(WANTED) > 30
    assert lived.letters > 60


def test_whoever_dies_now_and_then_loses_doubles_and_exceeds_nothing() -> None:
    with ordeal(sqlite) as lived:
        lived.course(150, seed=1, moody=True)
    assert lived.faults == [], lived
    assert lived.kills >= 100, lived


@pytest.mark.long
def test_whoever_dies_at_any_crash_point_loses_doubles_and_exceeds_nothing() -> None:
    with ordeal(sqlite) as lived:
        lived.course(0)
        every = lived.missed
        for _ in range(6):
            if lived.missed:
                lived.course(9999)
        lived.course(100, seed=1)
        for seed in range(2, 12):
            if seed < 4 or lived.kills < 1000:
                lived.course(100, seed, moody=True)
    assert lived.faults == [], lived
    assert every > 900
    assert lived.missed == 0, lived
    assert lived.kills >= 1000, lived
    assert min(lived.unknown, lived.repeats) > 0, lived


def test_on_postgres_nothing_is_lost_doubled_or_exceeded_either(postgres: Postgres) -> None:
    def fresh() -> str:
        url = postgres.chart()
        furnished(url)
        return url

    def charts(_: Path) -> Callable[[], str]:
        return fresh

    with ordeal(charts) as lived:
        lived.course(80)
        lived.course(40, seed=1, moody=True)
    assert lived.faults == [], lived
    assert lived.kills >= 100, lived


def test_who_looks_on_sees_a_fault_where_there_is_one() -> None:
    with ordeal(sqlite) as lived:
        assert lived.course(0) == []
        first = next(letter for letter in lived.witnessed if letter.channel == "email")
        assert any("arrived 2 times" in what for what in faults(lived.url, [*lived.witnessed, first], calm=True))
        assert any("never did" in what for what in faults(lived.url, lived.witnessed[1:], calm=True))
        chart = Chart(lived.url)
        chart.erase(ANN.id, first.at)
        chart.close()
        assert any("is lost" in what for what in faults(lived.url, lived.witnessed, calm=True))
