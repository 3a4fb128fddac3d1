"""What holds for every recording format. Each has a small recording of its own in `tests/recordings`, named after it."""

import contextlib
import gzip
from collections import defaultdict
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import plugins
from ingest.batch import CELL, HOUR, Batch, Stream
from ingest.format import Asides, Format, Unreadable, chosen

FORMATS = plugins.formats()
ZONE = ZoneInfo("Europe/Berlin")
every_format = pytest.mark.parametrize("kind", FORMATS.values(), ids=list(FORMATS))
on_one_folder = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def recording(kind: Format) -> Path:
    found = sorted((Path(__file__).parent / "recordings").glob(f"{kind.name}.*"))
    assert found, f"put a small recording at tests/recordings/{kind.name}.*, so that the contract can be tried on it"
    return found[0]


def batches(kind: Format, path: Path) -> tuple[list[Batch], Asides]:
    asides = Asides()
    return list(kind.read(path, ZONE, asides)), asides


def facts(batch: Batch) -> tuple[object, ...]:
    return (batch.dev, batch.stream, batch.t0, batch.dt, batch.scale, batch.times.tobytes(), batch.values.tobytes())


def test_the_name_of_a_format_is_the_name_of_its_file() -> None:
    assert {name: kind.name for name, kind in FORMATS.items()} == {name: name for name in FORMATS}


@every_format
def test_one_format_alone_claims_its_recording(kind: Format) -> None:
    assert chosen(recording(kind), None, FORMATS) is kind


@every_format
def test_reading_twice_gives_the_same_batches_and_sets_nothing_aside(kind: Format) -> None:
    first, asides = batches(kind, recording(kind))
    again, _ = batches(kind, recording(kind))

    assert first
    assert list(map(facts, first)) == list(map(facts, again))
    assert asides.count == 0


@every_format
def test_batches_ascend_per_band_and_stream_and_keep_to_their_cells(kind: Format) -> None:
    last: dict[tuple[str, Stream], int] = defaultdict(lambda: -1)
    for batch in batches(kind, recording(kind))[0]:
        times = batch.times
        span = CELL if batch.stream in (Stream.ACC, Stream.GYR) else HOUR

        assert batch.n >= 1
        assert batch.t0 > last[batch.dev, batch.stream]
        assert (np.diff(times) >= 0).all()
        assert batch.t0 // span == int(times[-1]) // span
        last[batch.dev, batch.stream] = int(times[-1])


@every_format
def test_a_packed_recording_gives_the_same(kind: Format, tmp_path: Path) -> None:
    packed = tmp_path / f"{recording(kind).name}.gz"
    packed.write_bytes(gzip.compress(recording(kind).read_bytes()))

    assert list(map(facts, batches(kind, packed)[0])) == list(map(facts, batches(kind, recording(kind))[0]))


@every_format
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_truncated_gzip_is_unreadable(kind: Format, kept: float, tmp_path: Path) -> None:
    whole = gzip.compress(recording(kind).read_bytes())
    torn = tmp_path / "torn.csv.gz"
    torn.write_bytes(whole[: int(len(whole) * kept)])

    with pytest.raises(Unreadable, match=r"torn\.csv\.gz"):
        batches(kind, torn)


@every_format
def test_an_empty_a_missing_and_a_folder_are_unreadable(kind: Format, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    for name in ("empty.csv", "missing.csv", "."):
        with pytest.raises(Unreadable):
            batches(kind, tmp_path / name)


@every_format
@on_one_folder
@given(junk=st.binary(max_size=400))
def test_junk_is_unreadable_or_set_aside_never_a_traceback(kind: Format, tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk"
    path.write_bytes(junk)
    try:
        found, _ = batches(kind, path)
    except Unreadable:
        return
    assert not found


@every_format
@on_one_folder
@given(at=st.floats(0, 1), junk=st.binary(min_size=1, max_size=12), packed=st.booleans())
def test_a_scribbled_recording_never_ends_in_a_traceback(kind: Format, tmp_path: Path, at: float, junk: bytes, packed: bool) -> None:
    whole = recording(kind).read_bytes()
    whole = gzip.compress(whole) if packed else whole
    cut = int(at * len(whole))
    path = tmp_path / "scribbled"
    path.write_bytes(whole[:cut] + junk + whole[cut + len(junk) :])
    with contextlib.suppress(Unreadable):
        batches(kind, path)


def test_an_unknown_format_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="csv, fitbit"):
        chosen(tmp_path / "x", "gt3x", FORMATS)


def test_a_file_nobody_claims_is_answered_with_the_formats_there_are(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("name,address\nA,B\n")

    with pytest.raises(Unreadable, match=r"'name,address'.*csv, fitbit"):
        chosen(tmp_path / "odd.csv", None, FORMATS)
