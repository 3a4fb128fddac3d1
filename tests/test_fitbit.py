import gzip
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config import plugins
from ingest.batch import HOUR, MICROS, MINUTE, Batch, Stream
from ingest.format import Asides, Unreadable, chosen
from ingest.formats.fitbit import FORMAT

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NEW_YORK = ZoneInfo("America/New_York")


def read(folder: Path, text: str, zone: ZoneInfo | None = NEW_YORK) -> tuple[list[Batch], Asides]:
    path = folder / "minutes.csv"
    path.write_text(text)
    asides = Asides()
    return list(FORMAT.read(path, zone, asides)), asides


def slots(found: list[Batch], stream: Stream = Stream.STEPS) -> list[tuple[int, int]]:
    return [(at, count) for b in found if b.stream is stream for at, count in zip(b.times.tolist(), b.values[:, 0].tolist(), strict=True)]


@pytest.mark.parametrize(
    ("name", "bands", "streams"),
    [
        ("fitbit_minute_20users.csv.gz", 20, {Stream.STEPS, Stream.INTENSITY}),
        ("fitbit_hr_minute_3users.csv.gz", 3, {Stream.STEPS, Stream.INTENSITY, Stream.HR}),
    ],
)
def test_every_row_of_a_real_file_is_a_reading_of_each_stream_or_set_aside(name: str, bands: int, streams: set[Stream]) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    rows, walked = written(path)
    asides, counted, steps = Asides(), Counter[Stream](), 0

    kind = chosen(path, None, plugins.formats())
    devs = set()
    for batch in kind.read(path, NEW_YORK, asides):
        counted[batch.stream] += batch.n
        devs.add(batch.dev)
        steps += int(batch.values.sum()) if batch.stream is Stream.STEPS else 0

    assert kind is FORMAT
    assert set(counted) == streams
    assert {n + asides.count for n in counted.values()} == {rows}
    assert asides.count == 0
    assert len(devs) == bands
    assert steps == walked


def written(path: Path) -> tuple[int, int]:
    """(rows, steps) of a file, counted without any of our code."""
    with gzip.open(path, "rt") as lines:
        at = next(lines).strip().lower().split(",").index("steps")
        steps = [int(line.split(",")[at]) for line in lines]
    return len(steps), sum(steps)


def test_without_a_zone_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="--zone America/New_York"):
        read(tmp_path, "Id,t,steps,intensity\n1,2016-04-13 00:00:00,4,1\n", zone=None)


def test_each_id_is_a_band_and_bands_may_be_mixed(tmp_path: Path) -> None:
    found, asides = read(
        tmp_path,
        "Id,t,steps,intensity\n7,2016-04-13 00:00:00,4,1\n8,2016-04-12 23:00:00,5,1\n7,2016-04-13 00:01:00,6,1\n8,2016-04-12 23:01:00,,0\n",
    )
    midnight = 1_460_520_000 * MICROS  # 2016-04-13T04:00:00Z, midnight in New York

    assert asides.count == 0
    assert slots([b for b in found if b.dev == "fitbit-7"]) == [(midnight, 4), (midnight + MINUTE, 6)]
    assert slots([b for b in found if b.dev == "fitbit-8"]) == [(midnight - HOUR, 5)]


def test_minutes_the_clocks_went_over_are_set_aside(tmp_path: Path) -> None:
    # New York, 13 March 2016: 02:00 to 03:00 does not exist
    stamps = ["01:59", "02:00", "02:59", "03:00"]

    found, asides = read(tmp_path, "Id,t,steps\n" + "".join(f"7,2016-03-13 {at}:00,1\n" for at in stamps))

    assert [aside.line for aside in asides.first] == [3, 4]
    assert "does not exist in America/New_York" in asides.first[0].reason
    assert slots(found)[1][0] - slots(found)[0][0] == MINUTE


def test_a_night_of_twenty_five_hours_keeps_all_its_minutes(tmp_path: Path) -> None:
    # New York, 6 November 2016: the hour from 01:00 comes twice
    clock = [f"{h:02}:{m:02}" for h in (0, 1, 1, 2) for m in range(60)]

    found, asides = read(tmp_path, "Id,t,steps\n" + "".join(f"7,2016-11-06 {at}:00,1\n" for at in clock))

    assert asides.count == 0
    assert [at - slots(found)[0][0] for at, _ in slots(found)] == [MINUTE * i for i in range(240)]


def test_an_id_with_odd_characters_is_set_aside(tmp_path: Path) -> None:
    found, asides = read(tmp_path, "Id,t,steps\n../x,2016-11-06 00:00:00,1\n,2016-11-06 00:00:00,1\n7,2016-11-06 00:00:00,1\n")

    assert asides.count == 2
    assert {batch.dev for batch in found} == {"fitbit-7"}
