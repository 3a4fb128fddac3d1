from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import HOUR, MICROS, MINUTE
from ingest.stamp import Unclear, in_order, instant, instants

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [ZoneInfo(place) for place in ("Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")]
OLD, NEW = datetime(1971, 1, 1), datetime(2099, 1, 1)  # noqa: DTZ001 times as they are written, without a zone


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * MICROS


@pytest.mark.parametrize(
    "text",
    ["2026-03-02T08:20:00Z", "2026-03-02T09:20:00+01:00", "2026-03-02 08:20:00.000000Z", "2026-03-02T08:20Z", "20260302T082000Z"],
)
def test_a_time_with_a_zone_needs_no_other(text: str) -> None:
    assert instant(text, None) == (us("2026-03-02T08:20:00Z"),) * 2


@pytest.mark.parametrize(
    "text", ["", "now", "NaT", "today", "2026-03-02", "08:20:00Z", "2026-02-30T00:00:00Z", "1969-12-31T23:59:59Z", "2100-01-01T00:00:00Z"]
)
def test_what_names_no_instant_is_refused_alone_and_among_others(text: str) -> None:
    with pytest.raises(Unclear):
        instant(text, BERLIN)
    with pytest.raises(Unclear):
        instants(["2026-03-02T08:20:00Z", text], BERLIN)
    with pytest.raises(Unclear):
        instants([text, text], BERLIN)


def test_a_time_without_a_zone_says_what_to_do() -> None:
    with pytest.raises(Unclear, match="--zone"):
        instant("2026-03-02T08:20:00", None)


def test_a_local_time_the_clocks_went_over_does_not_exist() -> None:
    with pytest.raises(Unclear, match="does not exist in Europe/Berlin"):
        instant("2026-03-29T02:30:00", BERLIN)


def test_the_second_pass_of_a_doubled_hour_is_told_by_the_clock_going_back() -> None:
    # Berlin, 25 October 2026: 02:00 comes again after 02:59
    #  local  01:30  02:00  02:30  02:59  02:00  02:30  03:00
    #  UTC    23:30  00:00  00:30  00:59  01:00  01:30  02:00
    local = ["01:30", "02:00", "02:30", "02:59", "02:00", "02:30", "03:00"]
    early, late = instants([f"2026-10-25T{at}:00" for at in local], BERLIN)

    told = in_order(early, late, 0)

    assert np.diff(told).tolist() == [30 * MINUTE, 30 * MINUTE, 29 * MINUTE, MINUTE, 30 * MINUTE, 30 * MINUTE]
    assert told[0] == us("2026-10-24T23:30:00Z")


def test_a_jitter_within_the_doubled_hour_is_not_taken_for_its_second_pass() -> None:
    early, late = instants(["2026-10-25T02:30:00.500", "2026-10-25T02:30:00.490"], BERLIN)

    assert (in_order(early, late, 0) == early).all()


def test_the_second_pass_is_also_told_from_the_row_before_the_stretch() -> None:
    early, late = instants(["2026-10-25T02:10:00"], BERLIN)

    assert in_order(early, late, int(early[0]) + HOUR // 2)[0] == late[0]


@settings(deadline=None, max_examples=150)
@given(
    start=st.datetimes(OLD, NEW),
    steps=st.lists(st.integers(0, 7_200_000_000), max_size=6),
    zone=st.sampled_from(ZONES),
    suffix=st.sampled_from(["", "Z", "+05:45", "-03:30"]),
)
def test_many_at_once_are_read_as_each_alone(start: datetime, steps: list[int], zone: ZoneInfo, suffix: str) -> None:
    texts = [(start + timedelta(microseconds=sum(steps[:i]))).isoformat() + suffix for i in range(len(steps) + 1)]
    try:
        alone = [instant(text, zone) for text in texts]
    except Unclear:
        with pytest.raises(Unclear):
            instants(texts, zone)
        return
    early, late = instants(texts, zone)

    assert list(zip(early.tolist(), late.tolist(), strict=True)) == alone


@given(at=st.integers(0, 4_102_444_799_999_999), zone=st.sampled_from(ZONES))
def test_an_instant_written_locally_is_one_of_its_two_readings(at: int, zone: ZoneInfo) -> None:
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone).replace(tzinfo=None)
    if local.year in (1969, 2100):
        return

    assert at in instant(local.isoformat(), zone)
