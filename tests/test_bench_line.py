"""The jobs of the speed table that need no other program: what they make is what gateways send, and what they find decides."""

import json
import os
from itertools import pairwise
from pathlib import Path

import pytest
import typer

from cli import bench as verb
from ingest.batch import CELL, DAY
from ingest.body import decode
from ingest.wire import unpack, unseal
from lab.bench import bytes as weighing
from lab.bench.cost import cpu, resident
from lab.bench.job import Bench, Figure, Outcome, Unmeasured
from lab.bench.windows import gateway, message, windows
from lab.chaos.storm import Site
from tests.batches import NOON


def no_line(*_: object) -> Site:
    raise Unmeasured("this job is to need no line")


def test_prepared_windows_are_what_the_ingester_reads() -> None:
    made = list(windows(3, 2, 250, NOON))
    assert [(b.dev, b.n, b.last // CELL - b.t0 // CELL) for b in made[:3]] == [(f"band-0000{i}", 250, 0) for i in range(3)]
    read = unseal(message(made[3:5], 7))
    parcel = unpack(read.rows[1][1])
    assert [seq for seq, _ in read.rows] == [7, 8]
    assert read.claims == {batch.dev: batch.t0 for batch in made[3:5]}
    assert (decode(parcel.bodies[0][1]).values == made[4].values).all()
    assert [(span.t0, span.t1) for span in parcel.spans] == [(made[4].t0, made[4].end)]


def test_windows_of_a_band_follow_each_other_and_bands_are_spread_over_gateways() -> None:
    ours = [b for b in windows(2, 12, 50, NOON) if b.dev == "band-00001"]
    assert all(a.end == b.t0 for a, b in pairwise(ours))
    assert [gateway(f"band-{n:05d}") for n in (0, 199, 200, 9_999)] == [0, 0, 1, 49]


def test_fewer_commits_take_fewer_bytes_and_no_sample_less_than_its_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighing, "SECONDS", 20)
    monkeypatch.setattr(weighing, "BANDS", 2)
    wire = {f.what: f.value for f in weighing.run(Bench(tmp_path, lambda: NOON + DAY, no_line)).figures if "wire" in f.what}
    assert wire["on the wire, a commit in 1 s"] > wire["on the wire, a commit in 10 s"] > 0


def test_a_ratio_below_the_least_falls_short() -> None:
    assert [Outcome([], ratio, 0.5, "x").met for ratio in (0.49, 0.5)] == [False, True]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc on this machine")
def test_a_process_that_works_costs_processor_time_and_memory() -> None:
    before = cpu(os.getpid())
    while cpu(os.getpid()) == before:
        sum(range(10_000))
    assert resident(os.getpid()) > 1


def test_a_job_that_cannot_be_done_here_says_so_and_counts_neither_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verb, "_line", no_line)
    monkeypatch.setattr(verb, "end_alike", lambda: None)  # signals are the test runner's
    with pytest.raises(typer.Exit) as end:
        verb.bench(["embedded"], list_=False, json_=True)
    assert end.value.exit_code == 0
    assert json.loads(capsys.readouterr().out)["jobs"] == {"embedded": {"met": None, "why": "this job is to need no line"}}


def test_an_unknown_job_is_answered_with_those_there_are() -> None:
    with pytest.raises(typer.BadParameter, match=r"tilez is no job. They are tiles, ingest"):
        verb.bench(["tilez"])


def test_what_is_told_to_machines_has_every_figure_and_the_verdict() -> None:
    told = json.loads(json.dumps(verb._told(Outcome([Figure("a", 2.0, "s")], 2.0, 1.0, "a beside b"))))
    assert told["met"] is True
    assert told["figures"] == [{"what": "a", "value": 2.0, "unit": "s", "goal": ""}]
