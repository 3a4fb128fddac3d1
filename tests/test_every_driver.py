"""What every band driver must keep, found by itself: a newcomer's file is tested before its author writes a test."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.plugins import drivers
from ingest.batch import COLUMNS
from ingest.driver import BadFrame, Driver, Feed, Sighting

DRIVERS = drivers()
FEEDS = [pytest.param(driver, feed, id=f"{name}-{feed.stream}") for name, driver in DRIVERS.items() for feed in driver.feeds]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

every_driver = pytest.mark.parametrize("driver", DRIVERS.values(), ids=DRIVERS.keys())
zones = st.sampled_from(
    ["UTC", "Europe/Dublin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Marquesas"]
)
instants = st.integers(946_684_800, 4_102_444_800)


@every_driver
def test_a_driver_bears_the_name_of_its_file(driver: Driver) -> None:
    assert DRIVERS[driver.name] is driver


@every_driver
def test_every_characteristic_is_a_full_uuid_in_lower_case_and_carries_one_stream(driver: Driver) -> None:
    written = [char for char, _ in driver.greeting(datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("UTC")))]
    for char in [feed.char for feed in driver.feeds] + written + ([driver.alive] if driver.alive else []):
        assert UUID.fullmatch(char), char
    assert len({feed.char for feed in driver.feeds}) == len({feed.stream for feed in driver.feeds}) == len(driver.feeds) > 0
    assert all(feed.scale > 0 and (feed.period is None or feed.period > 0) for feed in driver.feeds)


@every_driver
def test_an_unknown_advertisement_is_nobodys(driver: Driver) -> None:
    assert not driver.matches(Sighting("00:00:00:00:00:00", None, (), None))


@pytest.mark.parametrize(("driver", "feed"), FEEDS)
@given(frames=st.lists(st.binary(max_size=24), max_size=8))
def test_any_bytes_are_rows_of_numbers_or_a_bad_frame_and_nothing_else(driver: Driver, feed: Feed, frames: list[bytes]) -> None:
    try:
        values = driver.decode(feed, frames)
    except BadFrame:
        return
    assert values.shape == (len(frames), COLUMNS.get(feed.stream, 1))
    assert values.dtype in (np.int16, np.int32)


@pytest.mark.parametrize(("driver", "feed"), FEEDS)
@given(frames=st.lists(st.binary(min_size=1, max_size=6), min_size=1, max_size=8))
def test_frames_mean_the_same_alone_and_together(driver: Driver, feed: Feed, frames: list[bytes]) -> None:
    good, alone = [], []
    for frame in frames:
        try:
            alone.append(driver.decode(feed, [frame])[0].tolist())
        except BadFrame:
            continue
        good.append(frame)
    assert driver.decode(feed, good).tolist() == alone


@every_driver
@given(instant=instants, zone=zones)
def test_a_band_can_be_greeted_at_any_local_time(driver: Driver, instant: int, zone: str) -> None:
    for char, payload in driver.greeting(datetime.fromtimestamp(instant, ZoneInfo(zone))):
        assert UUID.fullmatch(char)
        assert 0 < len(payload) <= 20  # what fits a write with the smallest MTU
