"""The virtual InfiniTime."""

import json
import struct
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import DAY, HOUR, MICROS, MINUTE
from ingest.radio import RadioError
from lab.band import BATTERY, FIRMWARE, HEART, LOCAL_TIME, STEPS, STREAMS, TIME, XYZ, VirtualBand
from lab.day import EPOCH, Doing, midnight
from tests.wrist import BERLIN, START, Frames, band, first

VECTORS = Path(__file__).resolve().parents[2] / "shared" / "vectors" / "infinitime_constructed.json"


def local(at: int, zone: ZoneInfo = BERLIN) -> bytes:
    """What a collector writes to 0x2A2B at that time."""
    shown = (EPOCH + timedelta(microseconds=at)).astimezone(zone)
    return struct.pack("<HBBBBBBBB", shown.year, shown.month, shown.day, shown.hour, shown.minute, shown.second, 0, 0, 0)


def hear(worn: VirtualBand, at: int, *chars: str) -> dict[str, Frames]:
    heard: dict[str, Frames] = {char: [] for char in chars}
    for char in chars:
        worn.subscribe(char, partial(_keep, heard[char]), at)
    return heard


def _keep(frames: Frames, at: int, said: bytes) -> None:
    frames.append((at, said))


def heard_in(worn: VirtualBand, start: int, end: int, *edges: int) -> dict[str, Frames]:
    heard = hear(worn, start, *STREAMS)
    for edge in (*sorted(edges), end):
        worn.advance(edge)
    return heard


def test_the_same_seed_says_the_same_bytes() -> None:
    once, again, other = (heard_in(band(seed), START + 9 * HOUR, START + 10 * HOUR) for seed in (1, 1, 2))
    assert once == again != other


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 7 * 24 - 1), st.lists(st.integers(0, HOUR), max_size=60))
def test_an_hour_in_one_piece_is_the_hour_in_any_pieces(hour: int, cuts: list[int]) -> None:
    start = START + hour * HOUR
    whole = heard_in(band(), start, start + HOUR)
    assert heard_in(band(), start, start + HOUR, *(start + cut for cut in cuts)) == whole
    for frames in whole.values():
        times = [at for at, _ in frames]
        assert times == sorted(set(times))
        assert all(start <= at < start + HOUR for at in times)


def test_an_hour_in_one_piece_is_the_hour_in_sixty() -> None:
    start = START + 18 * HOUR
    sixty = heard_in(band(), start, start + HOUR, *(start + n * MINUTE for n in range(60)))
    assert sixty == heard_in(band(), start, start + HOUR)
    assert all(sixty.values())


def test_what_it_says_is_what_the_body_did_in_the_documented_layout() -> None:
    worn = band()
    walk = first(worn, Doing.WALKING)
    heard = heard_in(worn, walk.start, walk.end)
    counted = [int.from_bytes(said, "little") for _, said in heard[STEPS]]
    assert np.diff(counted).tolist() == [1] * (len(worn.body.steps(walk.start, walk.end)) - 1)
    felt = {tuple(xyz) for xyz in worn.body.acceleration(walk.start - MICROS, walk.end)[1].tolist()}
    assert {struct.unpack("<hhh", said) for _, said in heard[XYZ]} <= felt
    measured = worn.body.heart(walk.start, walk.end)[1]
    assert [said for _, said in heard[HEART]][-1] == bytes((0, measured[-1]))
    assert all(len(said) == 1 and said[0] <= 100 for _, said in heard[BATTERY])


def test_the_layouts_are_those_of_the_constructed_vectors() -> None:
    if not VECTORS.exists():
        pytest.skip("the band vectors are not here: ../shared/vectors")
    vectors = json.loads(VECTORS.read_text())
    written = bytes.fromhex(vectors["current_time_write_2a2b"][0]["hex"])
    worn = band()
    worn.write(TIME, written, START)
    assert worn.read(TIME, START)[:7] == written[:7]
    worn.write(TIME, local(START), START)
    heard = heard_in(worn, START, START + DAY)
    steps = {v["steps"]: v["hex"] for v in vectors["step_count_00030001"]}
    assert heard[STEPS][1233][1].hex() == steps[1234]
    at, bpm = worn.body.heart(START, START + DAY)
    beats = {when: said.hex() for when, said in heard[HEART]}
    for vector in vectors["hr_2a37"]:
        said = {beats[when] for when in at[bpm == vector["bpm"]].tolist() if when in beats}
        assert said == {vector["hex"]}
    charge = first(worn, Doing.CHARGING)
    full = [v["hex"] for v in vectors["battery_2a19"] if v["percent"] == 100]
    assert [worn.read(BATTERY, charge.end).hex()] == full
    z = [bytes.fromhex(v["hex"]) for v in vectors["motion_00030002"]]
    assert {len(said) for _, said in heard[XYZ]} == {len(said) for said in z}


def test_a_quiet_wrist_is_silent_on_motion_and_no_value_comes_twice_in_a_row() -> None:
    worn = band()
    sleep = first(worn, Doing.ASLEEP)
    heard = heard_in(worn, sleep.start + MINUTE, sleep.start + 121 * MINUTE)
    assert 0 < len(heard[XYZ]) < 0.05 * 2 * 36000
    for char in (STEPS, XYZ, HEART):
        said = [payload for _, payload in heard[char]]
        assert all(a != b for a, b in pairwise(said))


def test_motion_arrives_within_one_connection_interval_of_the_sensors_poll() -> None:
    walk = first(band(), Doing.WALKING)
    frames = heard_in(band(), walk.start, walk.start + MINUTE)[XYZ]
    assert max(at % 100_000 for at, _ in frames) < 30_000
    assert len(frames) >= 595


def test_it_says_nothing_that_nobody_asked_for() -> None:
    worn = band()
    heard = hear(worn, START, HEART)
    worn.advance(START + DAY)
    assert worn.notified == {STEPS: 0, XYZ: 0, BATTERY: 0, HEART: len(heard[HEART])}


def test_every_reading_it_hands_over_is_counted_reads_included() -> None:
    worn = band()
    heard = heard_in(worn, START + 7 * HOUR, START + 8 * HOUR)
    for char in STREAMS:
        worn.read(char, START + 8 * HOUR)
        worn.read(FIRMWARE, START + 8 * HOUR)
    assert worn.notified == {char: len(heard[char]) + 1 for char in STREAMS}


def test_the_step_counter_goes_back_at_the_bands_own_midnight() -> None:
    # Berlin      ...|16:30   |17:00 = midnight in Karachi (UTC+5 against UTC+1: 20:00, 00:00 is 20:00 Berlin)
    worn = band()
    karachi = ZoneInfo("Asia/Karachi")
    reset = midnight(date(2026, 11, 19), karachi)
    worn.write(TIME, local(reset - 12 * HOUR, karachi), reset - 12 * HOUR)
    heard = hear(worn, reset - 12 * HOUR, STEPS)
    worn.advance(reset + 2 * HOUR)
    zeros = [at for at, said in heard[STEPS] if said == bytes(4)]
    assert zeros == [reset]
    before = [int.from_bytes(said, "little") for at, said in heard[STEPS] if at < reset]
    assert before == sorted(before)
    assert int.from_bytes(worn.read(STEPS, reset + 2 * HOUR), "little") == len(worn.body.steps(reset, reset + 2 * HOUR))


def test_setting_the_clock_into_hour_zero_puts_the_counter_back_once() -> None:
    worn = band()
    noon = START + 12 * HOUR
    worn.write(TIME, local(noon), noon)
    later = noon + 6 * HOUR
    assert worn.read(STEPS, later) != bytes(4)
    heard = hear(worn, later, STEPS)
    for _ in range(2):
        worn.write(TIME, local(START + DAY), later)
    assert [said for _, said in heard[STEPS]] == [bytes(4)]


def test_steps_taken_while_nobody_listens_are_in_the_counter_afterwards() -> None:
    worn = band()
    worn.write(TIME, local(START + 1 * HOUR), START + 1 * HOUR)
    worn.advance(START + 20 * HOUR)
    assert int.from_bytes(worn.read(STEPS, START + 20 * HOUR), "little") == len(worn.body.steps(START, START + 20 * HOUR))


def test_it_keeps_the_clock_and_the_offset_that_it_was_given() -> None:
    worn = band()
    assert worn.read(TIME, START)[:4] == struct.pack("<HBB", 2026, 1, 1)
    worn.write(TIME, local(START), START)
    worn.write(LOCAL_TIME, b"\x04\x00", START)
    assert worn.read(TIME, START + HOUR)[:7] == local(START + HOUR)[:7]
    assert worn.read(LOCAL_TIME, START + HOUR) == b"\x04\x00"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda b: b.read("0000ffff-0000-1000-8000-00805f9b34fb", START), "no characteristic"),
        (lambda b: b.write(STEPS, bytes(4), START), "cannot be written"),
        (lambda b: b.write(TIME, bytes(7), START), "too few"),
        (lambda b: b.write(TIME, bytes(10), START), "year 0"),
        (lambda b: b.subscribe(FIRMWARE, print, START), "does not notify"),
    ],
    ids=["read", "write", "short", "no date", "subscribe"],
)
def test_what_a_band_cannot_do_is_said_with_the_next_step(act: Callable[[VirtualBand], object], words: str) -> None:
    with pytest.raises(RadioError, match=words) as said:
        act(band())
    assert said.value.hint


def test_the_watchs_clock_is_local_to_its_wearer() -> None:
    shown = datetime(2026, 11, 22, 4, 57, 4, tzinfo=BERLIN)
    assert local((shown - EPOCH) // timedelta(microseconds=1)).hex() == "ea070b16043904000000"
