"""Quiet hours on the wall clock, whatever they are and whatever the clock does."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.hours import NIGHT, Hours, local, quiet, quiet_end
from ingest.batch import DAY, HOUR, MICROS, MINUTE
from tests.rounds import NOON

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = 1_774_742_400 * MICROS
"""Sunday 29 March 2026, 01:00 in Berlin, where 02:00 is 03:00."""
AUTUMN = 1_792_879_200 * MICROS
"""Sunday 25 October 2026, 00:00 in Berlin, where 03:00 is 02:00."""

SPANS = st.lists(st.tuples(st.times(), st.times()).filter(lambda span: span[0] != span[1]), min_size=1, max_size=3)


@given(st.integers(0, 400 * DAY // MICROS), SPANS, st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]))
def test_the_end_of_quiet_hours_is_the_first_instant_that_is_not_quiet(after: int, spans: list[tuple[time, time]], name: str) -> None:
    hours: Hours = [(start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)) for start, end in spans]
    zone, now = ZoneInfo(name), NOON + after * MICROS
    end = quiet_end(now, zone, hours)
    assert now <= end <= now + DAY
    assert end == now + DAY or not quiet(end, zone, hours)
    assert all(quiet(at, zone, hours) for at in range(now, end, 7 * MINUTE))
    assert end == now or quiet(end - 1, zone, hours)


@pytest.mark.parametrize(
    ("now", "hours", "ends"),
    [
        (SPRING, ((time(22), time(2, 30)),), "03:00 CEST"),  # 02:30 never comes: at 03:00 it is over
        (SPRING, ((time(2), time(3)),), "01:00 CET"),  # an hour that never comes is never quiet
        (SPRING, NIGHT, "07:30 CEST"),
        (AUTUMN, ((time(22), time(2, 30)),), "02:30 CEST"),
        (AUTUMN + 3 * HOUR, ((time(22), time(2, 30)),), "02:30 CET"),  # 02:00 came again, and is quiet again
        (AUTUMN + 2 * HOUR, ((time(2), time(3)),), "03:00 CET"),  # the hour that comes twice is quiet both times
        (AUTUMN, NIGHT, "07:30 CET"),
    ],
)
def test_quiet_hours_end_by_the_wall_clock_when_the_clocks_change(now: int, hours: Hours, ends: str) -> None:
    assert f"{local(quiet_end(now, BERLIN, hours), BERLIN):%H:%M %Z}" == ends
