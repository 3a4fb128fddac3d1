"""A recording as if it were heard just now: what is due when, and where it goes on."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.play import BEYOND, Pace, opened, rest
from cli.recordings import times
from config.settings import Recording as Written
from ingest.batch import DAY, HOUR, MINUTE, Batch
from ingest.play import play
from ingest.spool import Spool
from tests.batches import NOON

BAND = "r-1"


def day(folder: Path) -> Path:
    rows = (f"{NOON // 1_000_000 + 60 * n},{n % 40},{60 + n % 30}" for n in range(600))
    (folder / "day.csv").write_text("\n".join(["time_s,steps,hr", *rows]))
    return folder / "day.csv"


@given(st.integers(0, 10 * DAY), st.one_of(st.none(), st.floats(1, 1e6)), st.integers(-30 * DAY, 30 * DAY))
def test_nothing_comes_before_its_own_time_and_nothing_overtakes(at: int, speed: float | None, began: int) -> None:
    pace = Pace(NOON, NOON + began, speed)
    assert pace.due(NOON + at) >= NOON + at
    assert pace.due(NOON + at) <= pace.due(NOON + at + MINUTE)


def test_in_real_time_a_reading_is_due_when_it_bears_the_time() -> None:
    pace = Pace(NOON, NOON, 1.0)
    assert [pace.due(NOON + at) - NOON for at in (0, MINUTE, HOUR)] == [0, MINUTE, HOUR]


@pytest.mark.parametrize(("speed", "takes"), [(1.0, 600 * MINUTE), (10.0, 60 * MINUTE), (None, 0)])
def test_a_virtual_patients_recording_ends_by_the_time_it_is_said_and_its_nights_stay_nights(
    tmp_path: Path, speed: float | None, takes: int
) -> None:
    now = NOON + 100 * DAY + 5 * HOUR
    found = opened(day(tmp_path), None, None, None, BAND, 0)
    written = Written(file=tmp_path / "day.csv", patient="virtual-anna", speed=speed)
    first, moved, began = times(written, found, now)
    end = found.end + moved
    assert moved % DAY == 0
    assert now + takes - DAY < end <= now + takes
    assert (first, Pace(first, began, speed).due(end)) == (found.start + moved, end)


def test_where_it_was_ended_it_goes_on_and_nothing_is_said_twice(tmp_path: Path) -> None:
    #  said:  |--1--|--2--|--3--| ended        |--4--| ...
    recording = opened(day(tmp_path), None, None, None, BAND, 0)
    for slices in (0, 1, 3, 100):
        spool = Spool(tmp_path / f"{slices}.db")
        for _, _ in zip(range(slices), play(recording, spool, BEYOND), strict=False):
            pass
        left = rest(recording, spool)
        if left is not None:
            for _ in play(left, spool, BEYOND):
                pass
        assert rest(recording, spool) is None
        assert spool.accepted() == {BAND: 1200}
        assert spool.heard_to(BAND) == recording.end + BEYOND
        spool.close()


def test_a_bands_times_are_moved_whole_and_it_is_called_anew(tmp_path: Path) -> None:
    def told(batches: list[Batch]) -> list[tuple[str, int, int]]:
        return [(batch.dev, batch.t0, batch.end) for batch in batches]

    here = list(opened(day(tmp_path), None, None, None, BAND, 0).batches)
    there = list(opened(day(tmp_path), None, None, None, "r-2", 3 * DAY).batches)
    assert told(there) == [("r-2", start + 3 * DAY, end + 3 * DAY) for _, start, end in told(here)]
