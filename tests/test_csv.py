import gzip
import random
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import table
from ingest.batch import MICROS, MINUTE, Batch, Stream
from ingest.format import Asides, Unreadable
from ingest.formats.csv import DEV, FORMAT

T = 1_772_438_400 * MICROS  # 2026-03-02T08:00:00Z
on_one_folder = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(folder: Path, text: str, zone: str | None = None) -> tuple[list[Batch], Asides]:
    path = folder / "some.csv"
    path.write_text(text)
    asides = Asides()
    return list(FORMAT.read(path, ZoneInfo(zone) if zone else None, asides)), asides


def values(batches: list[Batch], stream: Stream) -> list[list[float]]:
    return [row for batch in batches if batch.stream is stream for row in (batch.values * batch.scale).tolist()]


def times(batches: list[Batch], stream: Stream) -> list[int]:
    return [at for batch in batches if batch.stream is stream for at in batch.times.tolist()]


def test_motion_is_cut_at_cells_and_is_regular_where_the_sampling_is(tmp_path: Path) -> None:
    # 50 Hz from 2 s before a cell boundary; time stamps are whole milliseconds, as phones write them
    rows = [f"{T // 1000 - 2000 + 20 * i},0.1,-0.2,{1 if i else 7.9}" for i in range(350)]

    found, asides = read(tmp_path, "time_ms,x,y,z\n" + "\n".join(rows))

    assert asides.count == 0
    assert [(batch.t0 - T, batch.n, batch.dt, batch.dev) for batch in found] == [(-2 * MICROS, 100, 20_000, DEV), (0, 250, 20_000, DEV)]
    assert found[0].values.dtype == np.int16
    assert np.abs(np.array(values(found, Stream.ACC))[1:] - [0.1, -0.2, 1]).max() <= 0.00025


def test_uneven_sampling_keeps_the_time_of_every_sample(tmp_path: Path) -> None:
    uneven = [0, 20_000, 41_000, 60_000, 80_600]

    found, _ = read(tmp_path, "x,y,time_us,z\n" + "\n".join(f"0,0,{T + at},1" for at in uneven))

    assert [batch.dt for batch in found] == [None]
    assert (found[0].times - T).tolist() == uneven


def test_a_blow_beyond_eight_g_is_kept_on_a_coarser_scale(tmp_path: Path) -> None:
    found, asides = read(
        tmp_path, "time,x,y,z\n2026-03-02T08:00:00Z,-15.9,0,16\n2026-03-02T08:00:05Z,8,-7.99,0\n2026-03-02T08:00:10Z,1,0,0\n"
    )

    assert asides.count == 0
    assert [batch.scale for batch in found] == [1 / 2048, 1 / 2048, 1 / 4096]
    assert np.abs(np.array(values(found, Stream.ACC)) - [[-15.9, 0, 16], [8, -7.99, 0], [1, 0, 0]]).max() <= 0.0005


def test_rotation_travels_beside_acceleration(tmp_path: Path) -> None:
    found, _ = read(tmp_path, f"time_us,gx,gy,gz,x,y,z\n{T},250,-3000,1,0,0,1\n{T + 20_000},,,,0,0,1\n")

    assert values(found, Stream.GYR) == [[250, -3000, 1]]
    assert len(values(found, Stream.ACC)) == 2


def test_minutes_are_slots_and_an_empty_cell_is_unknown_not_zero(tmp_path: Path) -> None:
    found, asides = read(
        tmp_path,
        "time,steps,hr,intensity\n2026-03-02T09:00:00+01:00,0,61.5,0\n2026-03-02T09:01:00+01:00,,,1\n2026-03-02T09:02:00+01:00,112,,2\n",
    )

    assert asides.count == 0
    assert (values(found, Stream.STEPS), [at - T for at in times(found, Stream.STEPS)]) == ([[0], [112]], [0, 2 * MINUTE])
    assert values(found, Stream.HR) == [[61.5]]
    assert values(found, Stream.INTENSITY) == [[0], [1], [2]]


def test_a_day_of_minutes_keeps_every_time(tmp_path: Path) -> None:
    rows = "".join(f"{T // MICROS + 60 * i},{i % 100}\n" for i in range(1440))

    found, asides = read(tmp_path, "time_s,steps\n" + rows)

    assert asides.count == 0
    assert times(found, Stream.STEPS) == [T + MINUTE * i for i in range(1440)]
    assert max(batch.end - batch.t0 for batch in found) <= 60 * MINUTE


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-03-02T08:00:01Z,1,2", "3 fields"),
        ("2026-03-02T08:00:01Z,1,2,0,0", "5 fields"),
        ("2026-03-02T08:00:01Z,oops,0,1", "x is 'oops', not a number"),
        ("2026-03-02T08:00:01Z,0,nan,1", "not a finite number"),
        ("2026-03-02T08:00:01Z,0,0,inf", "z is"),
        ("2026-03-02T08:00:01Z,0,0,16.1", "z is 16.1, outside -16 to 16 g"),
        ("2026-03-02T08:00:01Z,0,,1", "together or not at all"),
        ("2026-03-02T08:00:01Z,,,", "nothing but a time"),
        ("2026-03-02T08:00:01,0,0,1", "--zone"),
        ("yesterday,0,0,1", "not ISO 8601"),
        ("2026-03-02T07:59:59.5Z,0,0,1", "the clock jumps back by 0.5 s"),
        ("2027-03-02T08:00:01Z,0,0,1", "the clock is ahead"),
        ("\ufffd\x00,0,0,1", "not ISO 8601"),
    ],
)
def test_an_unreadable_row_is_set_aside_with_its_line_and_the_rest_is_kept(tmp_path: Path, row: str, reason: str) -> None:
    good = ["2026-03-02T08:00:00Z,0,0,1", row, "2026-03-02T08:00:02Z,0,0,1", "", "2026-03-02T08:00:03Z,0,0,1"]

    found, asides = read(tmp_path, "\ntime,x,y,z\n" + "\n".join(good) + "\n")

    assert [aside.line for aside in asides.first] == [4]
    assert reason in asides.first[0].reason
    assert [at - T for at in times(found, Stream.ACC)] == [0, 2 * MICROS, 3 * MICROS]


def test_a_clock_that_jumps_back_loses_only_what_it_says_twice(tmp_path: Path) -> None:
    #  rows   0 1 2 3 4 | 2 3 4 5 6   the clock is put back by three seconds after the fifth row
    seconds = [0, 1, 2, 3, 4, 2, 3, 4, 5, 6]

    found, asides = read(tmp_path, "time_us,x,y,z\n" + "".join(f"{T + s * MICROS},0,0,1\n" for s in seconds))

    assert [(at - T) // MICROS for at in times(found, Stream.ACC)] == [0, 1, 2, 3, 4, 4, 5, 6]
    assert [aside.line for aside in asides.first] == [7, 8]


def test_a_wild_time_at_the_end_of_a_stretch_costs_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHUNK", 2)
    seconds = [0, 1, 2, 4_000_000, 3, 4, 5, 6]

    found, asides = read(tmp_path, "time_us,x,y,z\n" + "".join(f"{T + s * MICROS},0,0,1\n" for s in seconds))

    assert [(at - T) // MICROS for at in times(found, Stream.ACC)] == [0, 1, 2, 3, 4, 5, 6]
    assert [(aside.line, aside.reason) for aside in asides.first] == [(5, "the clock is ahead of the rows that follow")]


def test_the_same_minute_twice_counts_its_steps_once(tmp_path: Path) -> None:
    found, asides = read(tmp_path, f"time_us,steps\n{T},50\n{T},50\n{T + MINUTE},60\n")

    assert values(found, Stream.STEPS) == [[50], [60]]
    assert "a row is a minute" in asides.first[0].reason


def test_bands_in_one_file_have_clocks_of_their_own(tmp_path: Path) -> None:
    found, asides = read(tmp_path, f"dev,time_us,steps\nleft,{T + MINUTE},1\nright,{T},2\nleft,{T + 2 * MINUTE},3\na b,{T},4\n")

    assert {(batch.dev, tuple(batch.values[:, 0].tolist())) for batch in found} == {("left", (1, 3)), ("right", (2,))}
    assert "the band's name" in asides.first[0].reason


def test_local_times_are_read_in_the_zone_given(tmp_path: Path) -> None:
    found, _ = read(tmp_path, "time,steps\n2026-03-02 09:00:00,5\n", zone="Europe/Berlin")

    assert times(found, Stream.STEPS) == [T]


def test_quotes_spaces_and_other_columns_do_no_harm(tmp_path: Path) -> None:
    found, asides = read(tmp_path, f'"Label", "Time_us" ,"Z","Y","X"\r\nwalk, "{T}" ,"1","0","0.5"\r\n')

    assert asides.count == 0
    assert values(found, Stream.ACC) == [[0.5, 0, 1]]


@pytest.mark.parametrize("header", ["a,b", "time,x,y", "time,time_s,steps", "x,y,z", "time,steps,steps", "time,label", "timestamp,x,y,z"])
def test_a_header_that_names_no_table_is_answered_with_one_that_does(tmp_path: Path, header: str) -> None:
    with pytest.raises(Unreadable, match=r"time,x,y,z\[,gx,gy,gz\]"):
        read(tmp_path, header + "\n1,2,3\n")


def test_the_end_of_a_torn_gzip_is_missed_but_what_came_before_was_given(tmp_path: Path) -> None:
    noise = random.Random(1)  # noqa: S311 noise that packs badly
    rows = "".join(f"{T + 20_000 * i},{noise.random():.4f},{noise.random():.4f},1\n" for i in range(40_000))
    path = tmp_path / "torn.csv.gz"
    path.write_bytes(gzip.compress(f"time_us,x,y,z\n{rows}".encode())[:-30_000])
    got: list[Batch] = []
    with pytest.raises(Unreadable, match="Check that the file is there and whole"):
        got.extend(FORMAT.read(path, None, Asides()))

    assert sum(batch.n for batch in got) > 20_000


NIGHT = datetime(2026, 3, 29, 0, 59)  # noqa: DTZ001 the hour before the clocks go forward, as it is written
CELLS = st.sampled_from(["", " ", "0", "1", "-0.5", "15.99", "17", "nan", "inf", "x", '"1"', "1e3", "60", "2.5"])
STAMPS = st.one_of(
    st.integers(0, 400).map(lambda s: (NIGHT + timedelta(seconds=20 * s)).isoformat() + "Z"),
    st.integers(0, 400).map(lambda s: (NIGHT + timedelta(seconds=20 * s, minutes=31)).isoformat()),
    st.sampled_from(["", "2026", "never", "2026-03-29T01:00:00+02:00"]),
)
ROW = st.builds(lambda at, cells: ",".join([at, *cells]), STAMPS, st.lists(CELLS, min_size=4, max_size=4))


@on_one_folder
@given(rows=st.lists(st.one_of(ROW, st.text(st.characters(blacklist_categories=["Cs"]), max_size=9)), max_size=30))
def test_every_row_is_a_reading_or_is_set_aside(tmp_path: Path, rows: list[str]) -> None:
    rows = [" ".join(row.split()) for row in rows]

    found, asides = read(tmp_path, "time,x,y,z,note\n" + "\n".join(rows) + "\n", zone="Europe/Berlin")

    assert sum(batch.n for batch in found) + asides.count == sum(bool(row) for row in rows)


@on_one_folder
@given(rows=st.lists(ROW, max_size=25))
def test_the_quick_way_and_the_careful_way_read_the_same(tmp_path: Path, rows: list[str]) -> None:
    def told(careful: bool) -> list[tuple[object, ...]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(table, "CHUNK", 7)
            if careful:
                patch.setattr(table, "_parsed", table._careful)
            found, asides = read(tmp_path, "time,x,y,z,steps\n" + "\n".join(rows) + "\n", zone="Europe/Berlin")
        kept = [(b.dev, b.stream, b.t0, b.dt, b.scale, b.times.tobytes(), b.values.tobytes()) for b in found]
        return [*kept, tuple(sorted(aside.line for aside in asides.first))]

    assert told(careful=False) == told(careful=True)
