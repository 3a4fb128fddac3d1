"""The patient's wall clock over a row of instants is the one the zone itself would show."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.localtime import midnight, minute_of_day
from ingest.batch import HOUR, MICROS, MINUTE

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "America/Santiago"]


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(ZONES), st.integers(1_600_000_000 // 60, 1_850_000_000 // 60), st.sampled_from([1, 60, 24 * 60]), st.integers(0, 200)
)
def test_every_minute_shows_what_the_zone_shows(name: str, start: int, each: int, n: int) -> None:
    zone = ZoneInfo(name)
    instants = (start + each * np.arange(n, dtype=np.int64)) * MINUTE
    clocks = [datetime.fromtimestamp(int(t) // MICROS, UTC).astimezone(zone) for t in instants]
    assert minute_of_day(instants, zone).tolist() == [clock.hour * 60 + clock.minute for clock in clocks]


@pytest.mark.parametrize("name", ZONES)
def test_a_day_begins_at_midnight_however_long_the_day_before_was(name: str) -> None:
    zone = ZoneInfo(name)
    for day in range(400):
        noon = int(datetime(2026, 1, 1, 12, tzinfo=zone).timestamp()) * MICROS + day * 24 * HOUR
        begun = datetime.fromtimestamp(midnight(noon, zone) // MICROS, zone)
        # Santiago's clocks go forward at midnight: there is a day whose first minute is 01:00.
        assert (begun.hour, begun.minute) in {(0, 0), (1, 0)}
        before = datetime.fromtimestamp(midnight(noon, zone, -1) // MICROS, zone)
        assert begun.date() - before.date() == timedelta(days=1)
