"""The drivers read the bytes that firmware sources and vendors' own tests say they read."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ingest.batch import Stream
from ingest.driver import BadFrame, Driver, Feed, Sighting
from ingest.drivers import heart_rate, infinitime

VECTORS = Path(__file__).parent / "vectors"
WATCH = json.loads((VECTORS / "infinitime_constructed.json").read_text())
RATES = json.loads((VECTORS / "hrs_2a37.json").read_text())["heart_rate_measurement_2A37"]


def feed(driver: Driver, stream: Stream) -> Feed:
    return next(feed for feed in driver.feeds if feed.stream is stream)


def values(driver: Driver, stream: Stream, vectors: list[dict[str, Any]]) -> list[list[int]]:
    read: list[list[int]] = driver.decode(feed(driver, stream), [bytes.fromhex(vector["hex"]) for vector in vectors]).tolist()
    return read


def test_steps_are_the_watchs_own_counter() -> None:
    assert values(infinitime.DRIVER, Stream.COUNTER, WATCH["step_count_00030001"]) == [[0], [1234], [65535]]


def test_motion_is_three_axes_of_1024_to_the_g() -> None:
    vectors = WATCH["motion_00030002"]
    assert values(infinitime.DRIVER, Stream.ACC, vectors) == [[vector[axis] for axis in "xyz"] for vector in vectors]
    upright = infinitime.DRIVER.decode(feed(infinitime.DRIVER, Stream.ACC), [bytes.fromhex(vectors[0]["hex"])])
    assert (upright * feed(infinitime.DRIVER, Stream.ACC).scale).tolist() == [vectors[0]["g"]]


def test_a_rate_of_zero_stays_zero_because_it_means_no_reading() -> None:
    assert values(infinitime.DRIVER, Stream.HR, WATCH["hr_2a37"]) == [[72], [0]]
    assert values(infinitime.DRIVER, Stream.BATTERY, WATCH["battery_2a19"]) == [[100]]


def test_every_layout_of_a_heart_rate_frame_is_read_in_one_go() -> None:
    assert values(heart_rate.DRIVER, Stream.HR, RATES) == [[vector["hr"]] for vector in RATES]


def test_a_rate_measured_off_the_skin_is_no_reading() -> None:
    assert heart_rate.beats([b"\x04\x50", b"\x06\x50", b"\x02\x50"]).tolist() == [[0], [80], [80]]


@pytest.mark.parametrize(
    "frame",
    [b"", b"\x00", b"\x01\x50", b"\x00\x50\x00", b"\x08\x50\x00", b"\x10\x50\x00", b"\x19\x50\x00\x01"],
    ids=["empty", "flags alone", "half a wide rate", "a byte too many", "half an energy", "half an interval", "no whole energy"],
)
def test_a_heart_rate_frame_that_does_not_fit_its_flags_is_refused(frame: bytes) -> None:
    with pytest.raises(BadFrame, match="do not fit its flags"):
        heart_rate.beats([b"\x00\x48", frame])


def test_a_refusal_says_which_bytes_and_what_was_expected() -> None:
    with pytest.raises(BadFrame, match=r"motion frame 0000000000: expected 6 bytes, not 5"):
        infinitime.DRIVER.decode(feed(infinitime.DRIVER, Stream.ACC), [bytes(6), bytes(5), bytes(7)])
    with pytest.raises(BadFrame, match="from 0 to 100"):
        heart_rate.percent([b"\x64", b"\x65"])
    with pytest.raises(BadFrame, match="fewer than"):
        infinitime.DRIVER.decode(feed(infinitime.DRIVER, Stream.COUNTER), [b"\xff\xff\xff\xff"])


def test_the_watch_is_given_the_patients_wall_clock_and_both_offsets() -> None:
    vector = WATCH["current_time_write_2a2b"][0]
    winter = dict(infinitime.DRIVER.greeting(datetime(2026, 11, 22, 4, 57, 4, tzinfo=ZoneInfo("Europe/Zurich"))))
    assert winter[infinitime.CURRENT_TIME].hex() == vector["hex"]
    assert winter[infinitime.LOCAL_TIME] == bytes([4, 0])
    summer = dict(infinitime.DRIVER.greeting(datetime(2026, 7, 1, 12, 0, tzinfo=ZoneInfo("America/St_Johns"))))
    assert np.frombuffer(summer[infinitime.LOCAL_TIME], np.int8).tolist() == [-14, 4]


def test_a_watch_is_told_by_its_name_or_in_a_passive_scan_by_its_services() -> None:
    services = (heart_rate.HEART_RATE_SERVICE, infinitime.DFU_SERVICE)
    assert infinitime.DRIVER.matches(Sighting("C0:FF:EE:00:00:01", "InfiniTime", (), -60))
    assert infinitime.DRIVER.matches(Sighting("C0:FF:EE:00:00:01", None, services, None))
    strap = Sighting("C0:FF:EE:00:00:02", "Strap", services[:1], -60)
    assert heart_rate.DRIVER.matches(strap)
    assert not infinitime.DRIVER.matches(strap)
