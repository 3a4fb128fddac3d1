"""What passed a radio can be played back, and says the same."""

import asyncio
import json
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from ingest.batch import MICROS, MINUTE, Stream
from ingest.collect import Collector
from ingest.driver import Driver
from ingest.drivers.heart_rate import BATTERY, HEART_RATE
from ingest.drivers.heart_rate import DRIVER as STRAP
from ingest.drivers.infinitime import DRIVER as WATCH
from ingest.drivers.infinitime import MOTION, STEPS
from ingest.format import Unreadable
from ingest.radio import Radio, RadioError
from ingest.radios.recorder import Recorder
from ingest.radios.recording import RecordingRadio
from ingest.session import Band, Pace
from lab.clock import Clock, run
from tests.scripted import Ledger, ScriptedBand, ScriptedRadio, xyz

T = 1_767_225_600 * MICROS
Line = dict[str, object]


async def collect(radio: Radio, seconds: float, driver: Driver = WATCH) -> tuple[Ledger, Collector]:
    ledger = Ledger()
    bands = [Band("b-0", "A", driver, ZoneInfo("UTC"))]
    collector = Collector(radio, bands, ledger, dice=Random(1), pace=Pace(commit=10))  # noqa: S311 # jitter, no secret
    running = asyncio.create_task(collector.run())
    await asyncio.sleep(seconds)
    collector.stop()
    await running
    return ledger, collector


def readings(ledger: Ledger, stream: Stream) -> list[tuple[int, list[int]]]:
    mine = [batch for batch in ledger.batches if batch.stream == stream]
    return [(int(at), row) for batch in mine for at, row in zip(batch.times, batch.values.tolist(), strict=True)]


def written(path: Path, *lines: Line) -> Path:
    path.write_text("\n".join(json.dumps(line) for line in ({"keepup-radio": 1}, *lines)) + "\n")
    return path


@pytest.mark.parametrize("name", ["walk.jsonl", "walk.jsonl.gz"])
def test_a_recorded_hour_played_back_makes_the_same_readings(tmp_path: Path, name: str) -> None:
    # live:  heard ─ connected ─ motion … ✂ dropped ─ connected ─ … stop;   then the recording, from its own first line
    says = sorted(
        [(T + 20 * MICROS + i * 100_000, MOTION, xyz(i)) for i in range(1500)]
        + [(T + i * MINUTE, STEPS, bytes([i, 0, 0, 0])) for i in range(1, 5)]
    )
    band, live_clock = ScriptedBand("A", says, drops=[T + 80 * MICROS]), Clock(T)

    async def live() -> Ledger:
        recorder = Recorder(ScriptedRadio(live_clock, [band]), tmp_path / name)
        ledger, _ = await collect(recorder, 300)
        recorder.close()
        return ledger

    heard = run(live(), live_clock)
    radio = RecordingRadio(tmp_path / name)
    again, collector = run(collect(radio, 300), Clock(radio.start))
    assert radio.asides.count == 0
    for stream in (Stream.ACC, Stream.COUNTER):
        first = {at: row for at, row in readings(heard, stream) if any(at == said for said, _, _ in says)}
        assert first.items() <= dict(readings(again, stream)).items()
        assert len(first) > (1000 if stream == Stream.ACC else 3)
    assert collector.tally.heard == collector.tally.accepted + collector.tally.repeats
    assert [span.cause for span in again.spans].count(None) > 1


def test_a_few_lines_by_hand_are_a_recording(tmp_path: Path) -> None:
    beats = [{"at": T + i * MICROS, "dev": "A", "char": HEART_RATE, "hex": f"00{60 + i:02x}"} for i in range(30)]
    battery: Line = {"at": T + 30 * MICROS, "dev": "A", "char": BATTERY, "hex": "50"}
    radio = RecordingRadio(written(tmp_path / "strap.jsonl", *beats, battery))
    ledger, _ = run(collect(radio, 40, STRAP), Clock(radio.start))
    assert readings(ledger, Stream.HR) == [(T + i * MICROS, [60 + i]) for i in range(30)]


def test_lines_that_cannot_be_used_are_set_aside_with_their_number_and_reason(tmp_path: Path) -> None:
    good: Line = {"at": T, "address": "A", "char": HEART_RATE, "hex": "0048"}
    path = written(
        tmp_path / "torn.jsonl",
        good,
        {"at": T - 5, "address": "A", "char": HEART_RATE, "hex": "0049"},
        {"at": T, "address": "A", "hex": "0"},
    )
    path.write_text(path.read_text() + '{"at": 17672256')
    asides = RecordingRadio(path).asides
    assert [aside.line for aside in asides.first] == [3, 4, 5]
    assert asides.first[0].reason == "earlier than the line before it"


def test_a_notification_between_connections_is_set_aside(tmp_path: Path) -> None:
    lines: list[Line] = [
        {"at": T, "address": "A", "event": "connected"},
        {"at": T + 1, "address": "A", "event": "dropped"},
        {"at": T + 2, "address": "A", "char": HEART_RATE, "hex": "0048"},
    ]
    (aside,) = RecordingRadio(written(tmp_path / "gap.jsonl", *lines)).asides.first
    assert (aside.line, aside.reason) == (4, "a notification outside of any connection")


@pytest.mark.parametrize("content", ["", "time,x,y,z\n1,2,3,4\n", '{"keepup-radio": 2}\n', "[]\n", '"\n'])
def test_what_is_no_recording_is_refused_in_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(content)
    with pytest.raises(Unreadable, match="its first line should be"):
        RecordingRadio(path)


def test_a_band_can_only_be_connected_while_it_was(tmp_path: Path) -> None:
    lines: list[Line] = [
        {"at": T, "address": "A", "event": "heard"},
        {"at": T + 10 * MICROS, "address": "A", "event": "connected"},
        {"at": T + 20 * MICROS, "address": "A", "event": "dropped"},
    ]
    radio = RecordingRadio(written(tmp_path / "short.jsonl", *lines))
    ended: list[int] = []

    async def main() -> None:
        with pytest.raises(RadioError, match="no connection to this band at this time"):
            await radio.connect("A", lambda: None)
        (heard,) = await radio.scan(60)
        assert (heard.address, radio.now()) == ("A", T + 10 * MICROS)
        link = await radio.connect("A", lambda: ended.append(radio.now()))
        assert await radio.scan(1) == []
        await asyncio.sleep(30)
        with pytest.raises(RadioError, match="has ended"):
            await link.read(BATTERY)

    run(main(), Clock(radio.start))
    assert ended == [T + 20 * MICROS]


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    path = written(tmp_path / "kept.jsonl")
    with pytest.raises(FileExistsError):
        Recorder(ScriptedRadio(Clock(T), []), path)
