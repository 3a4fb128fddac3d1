"""The jobs of the speed table that have live bands, in short: real processes, and at the end the books."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer

from cli import bench as verb
from cli.line import wall
from ingest.batch import MICROS, Span
from lab.bench import drain, outage
from lab.bench.books import Books, summed
from lab.bench.job import Bench, Figure, Outcome
from lab.bench.late import LateSpool
from lab.bench.live import Heard
from lab.bench.windows import windows
from tests.batches import NOON
from tests.mosquitto import PROGRAM

needs_a_broker = pytest.mark.skipif(PROGRAM is None, reason="mosquitto is not installed")
WHOLE = Books(balanced=True, accepted=9, stored=9, dead=0)


def bench(folder: Path, bands: int = 3, seconds: float = 2, hours: float = 0.1) -> Bench:
    return Bench(folder, wall, verb._line, bands=bands, seconds=seconds, hours=hours)


def by_name(figures: Sequence[Figure]) -> dict[str, float]:
    return {figure.what: figure.value for figure in figures}


@needs_a_broker
def test_a_backlog_goes_whole_into_the_store_behind_live_bands(tmp_path: Path) -> None:
    came = drain.run(bench(tmp_path))
    found = by_name(came.figures)
    assert found["backlog, 0.1 h of 3 bands"] == 3 * 360
    assert found["stored"] == found["accepted"] >= 3 * 360 * 50
    assert came.ratio == pytest.approx(found["drained"] / 20, rel=0.01)
    assert 0 < found["ingester: memory at the start"] <= found["ingester: memory at most"]


@needs_a_broker
def test_while_the_store_is_away_rows_wait_and_all_of_them_are_stored_once_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    #  heard, warm | away 3 s, bands go on | back: what waited, then as ever 2 s | hush, books
    monkeypatch.setattr(outage, "WARM", 1.0)
    monkeypatch.setattr(outage, "SETTLED", 2.0)
    monkeypatch.setattr(outage, "which", lambda _: None)  # the double, which is there at once
    came = outage.run(bench(tmp_path, seconds=3))
    found = by_name(came.figures)
    assert found["protocol double away, 3 live bands"] >= 3
    assert found["spooled at most"] >= 3 * 2  # a commit a second
    assert "until all was stored" in found
    assert 0 < found["then notification to stored, p99"] < 5
    assert found["stored"] == found["accepted"] > 0
    assert came.ratio > 0


def test_a_backlog_ends_before_now_and_has_a_commit_of_each_band_for_each_second(tmp_path: Path) -> None:
    made = drain.filled(tmp_path / "spool.db", Bench(tmp_path, lambda: NOON, verb._line, bands=2, hours=10 / 3600))
    assert (made.rows, made.seconds, made.bands) == (20, 10, 2)
    spool = LateSpool(tmp_path / "spool.db", lambda: NOON, None)
    assert spool.accepted() == {"band-00000": 500, "band-00001": 500}
    assert {spool.heard_to(dev) for dev in spool.accepted()} == {made.end}
    assert NOON - 6 * MICROS < made.end <= NOON
    spool.close()


def test_only_rows_behind_the_backlog_are_late_and_each_reading_once(tmp_path: Path) -> None:
    #  row 1, 2: backlog | row 3: 5 samples, 20 ms apart, live | answered at NOON
    spool = LateSpool(tmp_path / "spool.db", lambda: NOON, 2)
    for batch in windows(1, 3, 5, NOON):
        spool.commit([batch], [Span(batch.dev, batch.t0, batch.end)], {})
    newest = list(windows(1, 3, 5, NOON))[-1]
    spool.trim([(1, 2)], [])
    assert spool.late() == []
    spool.trim([(1, 3)], [])
    spool.trim([(1, 3)], [])
    assert spool.late() == ((NOON - newest.times) // 1000).tolist()
    assert spool.late() == []
    spool.close()


@pytest.mark.parametrize(
    ("row", "balanced", "whole"),
    [
        pytest.param({"accepted": 9, "stored": 9, "dead": 0}, True, True, id="all stored"),
        pytest.param({"accepted": 9, "stored": 8, "dead": 0}, True, False, id="one on its way for ever"),
        pytest.param({"accepted": 9, "stored": 8, "dead": 1}, True, False, id="one set aside"),
        pytest.param({"accepted": 9, "stored": 10, "dead": 0}, False, False, id="one twice"),
        pytest.param({"accepted": None, "stored": 9, "dead": None}, False, False, id="nobody knows"),
        pytest.param({"accepted": 0, "stored": 0, "dead": 0}, True, False, id="nothing at all"),
    ],
)
def test_books_are_whole_where_all_that_was_accepted_is_stored(row: dict[str, int | None], balanced: bool, whole: bool) -> None:
    assert summed(json.dumps({"balanced": balanced, "rows": [row]})).whole == whole


def test_books_are_not_whole_while_the_gateway_still_holds_something() -> None:
    assert WHOLE.whole
    assert not replace(WHOLE, over=False).whole


@pytest.mark.parametrize("lost", [0, 1])
def test_a_job_falls_short_where_a_reading_is_lost(lost: int) -> None:
    books = Books(balanced=not lost, accepted=9, stored=9 - lost, dead=0)
    flat = {"gateway": 60.0, "ingester": 80.0}
    ear = Heard(np.ones(9), np.ones(9), bands=1, seconds=1.0)
    outcomes = [
        drain._outcome(drain.Backlog(20, 20 * 3600, 3600, NOON), drain.Drained(10.0, [100] * 9, []), books),
        outage._outcome("influx", outage.Outage(600.0, 9, flat, flat, 5.0), ear, [], books),
    ]
    assert [came.met for came in outcomes] == [not lost] * 2


def test_a_gateway_that_grows_in_an_outage_falls_short() -> None:
    before, after = {"gateway": 60.0, "ingester": 80.0}, {"gateway": 600.0, "ingester": 80.0}
    ear = Heard(np.ones(9), np.ones(9), bands=1, seconds=1.0)
    came = outage._outcome("double", outage.Outage(600.0, 9, before, after, None), ear, [], WHOLE)
    assert (came.ratio, came.met) == (0.1, False)
    assert "until all was stored: NOT within" in by_name(came.figures)


def test_a_backlog_has_fewer_bands_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {}

    def done(job: str, bands: int, seconds: float, hours: float) -> Outcome:
        given[job] = (bands, seconds, hours)
        return Outcome([], 1.0, 1.0, "")

    monkeypatch.setattr(verb, "_done", done)
    monkeypatch.setattr(verb, "end_alike", lambda: None)  # signals are the test runner's
    for bands in (None, 3):
        with pytest.raises(typer.Exit):
            verb.bench(["drain", "outage"], list_=False, bands=bands, seconds=7, hours=24, json_=True)
        assert given == {"drain": (bands or 20, 7, 24), "outage": (bands or 200, 7, 24)}
