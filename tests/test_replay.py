"""A recording replayed: the same bytes give the same answers, whichever way they go and in whatever order they arrive (promise 3)."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from alerts.chart import Patient, Wearing
from alerts.sight import SETTLE
from alerts.watch import STEP
from cli.line import clinic
from detectors.finding import Finding
from ingest.batch import MICROS, Batch
from ingest.format import Asides
from ingest.formats.csv import FORMAT
from ingest.play import play, recorded
from ingest.spool import Spool
from ingest.wire import Message, seal
from tests.verbs import started, until

FITBIT = Path(__file__).resolve().parents[2] / "shared" / "data" / "fitbit_hr_minute_3users.csv.gz"
START = 1_772_434_800 * MICROS  # 2026-03-02T07:00Z
KEYS = ["patient", "kind", "key", "start", "end", "state", "evidence"]

# 07:00      08:00          10:00    10:30      11:30  11:45                      24:45
# "desk":  walks ── still, worn ── walks ── still ── walks ┃ not a word … (silent band)
# "wrist":       08:00 motion 08:10 ─ only gravity ─ 09:10 motion 09:15, as acceleration at 5 Hz


def _minutes() -> Iterator[str]:
    for minute in range(18 * 60):
        still = 60 <= minute < 180 or 210 <= minute < 270
        if minute < 285:
            yield f"desk,{_iso(minute * 60)},,,,{0 if still else 80 + minute % 7},{62 + minute % 5 if still else 95 + minute % 9}"
        if minute % 60 == 5:
            yield f"other,{_iso(minute * 60)},,,,30,88"


def _motion() -> Iterator[str]:
    dice = np.random.default_rng(4)
    for i in range(75 * 60 * 5):
        busy = i < 10 * 300 or i >= 70 * 300
        x, y, z = dice.normal((0.1, -0.2, 0.95), 0.25 if busy else 0.001)
        yield f"wrist,{_iso(3600 + i / 5)},{x:.4f},{y:.4f},{z:.4f},,"
        if i % 300 == 0:
            yield f"wrist,{_iso(3600 + i // 5)},,,,0,{70 + i // 300 % 4}"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(START / MICROS + seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def table(path: Path) -> Path:
    path.write_text("\n".join(["dev,time,x,y,z,steps,hr", *_minutes(), *_motion()]) + "\n")
    return path


def begun(*words: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cli.main", "replay", *map(str, words)]
    quiet = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=quiet)


def ended(*processes: subprocess.Popen[str], within: float = 60) -> list[str]:
    """What each said on stdout; all must have gone well and quietly."""
    try:
        said = [process.communicate(timeout=within) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [(process.returncode, errors) for process, (_, errors) in zip(processes, said, strict=True)] == [(0, "")] * len(processes)
    return [out for out, _ in said]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Stdout of three runs over one recording: direct, direct again, over MQTT."""
    file = table(tmp_path_factory.mktemp("replay") / "two-bands.csv")
    ways = ("direct", "direct", "mqtt")
    return ended(*(begun(file, "--through", way, "--json") for way in ways))


def test_promise_3_the_same_bytes_give_the_same_answers_direct_and_over_mqtt_and_again(told: list[str]) -> None:
    direct, again, mqtt = told
    assert direct == again
    assert direct == mqtt


def test_stdout_holds_findings_only_one_a_line_sorted_by_patient_start_and_kind(told: list[str]) -> None:
    lines = [json.loads(line) for line in told[0].splitlines()]
    assert [list(line) for line in lines] == [KEYS] * len(lines)
    order = [(line["patient"], line["start"], line["kind"]) for line in lines]
    assert order == sorted(order)
    assert [(line["patient"], line["kind"], line["start"][11:16], line["state"]) for line in lines] == [
        ("desk", "still_too_long", "08:00", "closed"),
        ("desk", "still_too_long", "10:30", "closed"),
        ("desk", "silent_band", "11:45", "open"),
        ("wrist", "still_too_long", "08:10", "closed"),
        ("wrist", "silent_band", "09:15", "open"),
    ]


def test_one_name_for_several_bands_is_refused(tmp_path: Path) -> None:
    process = begun(table(tmp_path / "two-bands.csv"), "--patient", "p-1", "--json")
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert "p-1 is none of them" in " ".join(errors.replace("│", " ").split())


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> list[Batch]:
    return list(FORMAT.read(table(tmp_path_factory.mktemp("recording") / "two-bands.csv"), None, Asides()))


def judged(folder: Path, batches: list[Batch], order: list[int], at_once: int) -> list[tuple[Finding, str]]:
    """Findings after the rows of a spool arrived in this order (repeats too), so many at once, each handful judged as far as it may be."""
    recording = recorded(batches)
    assert recording is not None
    with clinic(folder, lambda: recording.end) as behind, closing(Spool(folder / "spool.db")) as spool:
        for dev, first in recording.first.items():
            behind.chart.admit(Patient(dev, ZoneInfo("UTC"), "t-1", virtual=True), first)
            behind.chart.hand_over(Wearing(dev, dev, first))
        for _ in play(recording, spool, SETTLE + STEP):
            pass
        rows, watch, now = spool.oldest(0, 1000), behind.watch(), recording.start // STEP * STEP
        coming = [rows[i % len(rows)] for i in order] + rows
        for i in range(0, len(coming), at_once):
            part = [Message(spool.id, spool.next_turn(), {}, [(row.seq, row.parcel)]) for row in coming[i : i + at_once]]
            for _, ack in behind.ingester.take([("g", seal(message)) for message in part]):
                spool.trim(ack.stored, [seq for seq, _ in ack.dead])
            behind.ingester.take([("g", seal(Message(spool.id, spool.next_turn(), spool.claims())))])
            now = max(watch.follow(now), default=now)
        assert spool.waiting() == 0
        return behind.chart.findings()


@pytest.fixture(scope="module")
def in_order(batches: list[Batch], tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Finding, str]]:
    return judged(tmp_path_factory.mktemp("in-order"), batches, [], 5)


@settings(max_examples=4, deadline=None, phases=[Phase.reuse, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.integers(0, 99), max_size=40), at_once=st.integers(3, 30))
def test_promise_3_whatever_the_order_of_arrival_the_findings_are_the_same(
    batches: list[Batch],
    in_order: list[tuple[Finding, str]],
    tmp_path_factory: pytest.TempPathFactory,
    order: list[int],
    at_once: int,
) -> None:
    assert len(in_order) == 5
    assert judged(tmp_path_factory.mktemp("shuffled"), batches, order, at_once) == in_order


def test_hours_of_which_a_recording_holds_nothing_are_not_waited_out_over_mqtt(tmp_path: Path) -> None:
    #  07:00 one minute ───── ten hours without a row ───── 17:00 one minute
    file = tmp_path / "hole.csv"
    file.write_text("\n".join(["time,steps,hr", *(f"{_iso(hour * 3600)},20,80" for hour in (0, 10))]) + "\n")
    direct, mqtt = ended(begun(file, "--json"), begun(file, "--through", "mqtt", "--json"), within=25)
    assert direct == mqtt


def test_promise_3_three_real_days_give_the_same_answers_direct_and_over_mqtt(tmp_path: Path) -> None:
    if not FITBIT.exists():
        pytest.skip(f"{FITBIT} is not there: it comes with the shared data, not with the project")
    file = tmp_path / "three-days.csv.gz"
    with gzip.open(FITBIT, "rt") as whole, gzip.open(file, "wt") as part:
        header = next(whole)
        part.writelines([header, *(line for line in whole if "2016-04-02" <= line.split(",")[1] < "2016-04-05")])
    words = (file, "--zone", "America/New_York", "--json")
    direct, mqtt = ended(begun(*words), begun(*words, "--through", "mqtt"))
    assert direct == mqtt
    assert len(direct.splitlines()) > 3
    assert {json.loads(line)["patient"][:7] for line in direct.splitlines()} == {"fitbit-"}


def test_a_person_is_told_what_was_read_and_in_the_clock_of_their_zone(tmp_path: Path) -> None:
    #  UTC 07:00 ─ two minutes of steps; Berlin is an hour ahead
    file = tmp_path / "minute.csv"
    file.write_text(f"time,steps\n{_iso(0)},20\n{_iso(60)},20\n")
    process = begun(file, "--zone", "Europe/Berlin", "--patient", "p-1")
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Read 2 readings of 1 band, 2026-03-02T08:00:00+01:00 to 2026-03-02T08:01:00+01:00." in errors
    assert out == "No findings.\n"


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_replay_that_is_told_to_end_leaves_nothing_behind(tmp_path: Path, asked: signal.Signals) -> None:
    (tmp_path / "temporary").mkdir()
    with started(tmp_path / "said", "replay", table(tmp_path / "two.csv"), "--speed", "1", TMPDIR=str(tmp_path / "temporary")) as verb:
        assert until(lambda: any((tmp_path / "temporary").glob("keepup-replay-*/chart.db")))
        verb.process.send_signal(asked)
        assert verb.ended() == 130
    assert "Traceback" not in verb.said
    assert list((tmp_path / "temporary").iterdir()) == []
