"""Nobody reads the same twice in a fortnight: a month of a patient's messages through the chart, as the day's budget lets them go."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from random import Random

import pytest

from alerts.alert import Audience, Message
from alerts.chart import Chart
from alerts.hours import local
from alerts.readability import telling
from alerts.reconcile import Change, Turn
from alerts.variety import FORTNIGHT
from detectors.finding import Finding
from detectors.outcome import Judged, Outcome, Source
from ingest.batch import DAY, HOUR, MINUTE
from tests.rounds import ANN, NEW_YORK, NOON, drain, silent, still

DAYS = 30


def asked(n: int, now: int) -> Finding:
    key = f"rx/core {n}/{local(now, NEW_YORK).date()}"
    judged = Judged(key, "core", now - 3 * HOUR, now - HOUR, Outcome.ASKED, None, Source.SENSOR, 0.9, {"ask": "not_seen"})
    return judged.finding("p-ann", 1)


def found(chance: Random, most: int) -> Iterator[tuple[int, Finding]]:
    """Up to so many a day, each at its time: half of them nudges, of which the night and the budget keep most back."""
    n = 0
    for day in range(DAYS):
        for minute in sorted(chance.sample(range(24 * 60), chance.randint(most // 2, most))):
            n += 1
            now = NOON + day * DAY + minute * MINUTE
            if chance.random() < 0.5:
                yield now, still(now, key=f"s{n}")
            elif chance.random() < 0.5:
                yield now, asked(n, now)
            else:
                yield now, replace(silent(now, 13), key=f"b{n}")


def month(detail: int, seed: int, most: int) -> list[tuple[int, Message]]:
    """What reached the patient, and when."""
    sent: list[tuple[int, Message]] = []
    with closing(Chart("sqlite://")) as chart:
        chart.admit(replace(ANN, detail=detail), NOON - DAY)
        before = NOON
        for now, finding in found(Random(seed), most):  # noqa: S311 — any fixed course will do
            sent += [(at, message) for at in range(before, now, 2 * HOUR) for message in drain(chart, at)]
            chart.record("p-ann", [Change(Turn.OPENED, finding)], now)
            before = now
    return [(at, message) for at, message in sent if message.audience is Audience.PATIENT]


@pytest.mark.parametrize(("detail", "seed", "most"), [(0, 1, 4), (0, 2, 14), (1, 3, 14), (2, 4, 14), (2, 5, 8)])
def test_no_patient_reads_the_same_twice_in_a_fortnight(detail: int, seed: int, most: int) -> None:
    sent = month(detail, seed, most)
    assert len(sent) > DAYS
    last: dict[str, int] = {}
    for at, message in sent:
        assert at - last.get(message.text, -DAYS * DAY) >= FORTNIGHT * DAY, message.text
        last[message.text] = at


def test_who_chose_no_detail_reads_nothing_that_tells() -> None:
    sent = month(0, 6, 10)
    assert sent
    assert [message.text for _, message in sent if telling(message.text)] == []


def test_who_chose_all_reads_which_set_and_how_long() -> None:
    texts = " ".join(message.text for _, message in month(2, 7, 8))
    assert "core set" in texts
    assert "55 minutes" in texts


def test_what_was_kept_back_uses_no_way_of_saying_it_up() -> None:
    """Two hundred nudges of one fortnight that nobody got are not remembered as said."""
    # they are as many as there are ways, five times over, so each would look as if it had been said
    with closing(Chart("sqlite://")) as chart:
        chart.admit(ANN, NOON - DAY)
        chart.record("p-ann", [Change(Turn.OPENED, still(NOON))], NOON)
        [first] = drain(chart, NOON)
        night = NOON + 11 * HOUR
        chart.record("p-ann", [Change(Turn.OPENED, still(night, key=f"n{n}")) for n in range(200)], night)
        for n in range(1, 20):
            chart.record("p-ann", [Change(Turn.OPENED, still(NOON + n * DAY // 2, key=f"d{n}"))], NOON + n * DAY // 2)
            assert first.text not in [message.text for message in drain(chart, NOON + n * DAY // 2)]
