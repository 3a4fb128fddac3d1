"""What is too old is forgotten once a day, and what was made of it stays."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from alerts.refresh import refresh
from cli.line import Books, tidy
from ingest.batch import DAY, HOUR, MINUTE, Batch, Cause, Span, Stream
from ingest.catalog import Catalog
from ingest.gateways import Claim, Told
from ingest.ingester import Ingester
from ingest.store import DEAD_KEPT, RAW_KEPT, REST_KEPT, TILES_KEPT
from ingest.stores.sqlite import SqliteStore
from ingest.tile import tiled
from tests.batches import NOON, plain

DEV = "d1"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Books]:
    with closing(SqliteStore(tmp_path / "store")) as store, closing(Catalog(tmp_path / "catalog.db")) as catalog:
        yield Books(store, catalog, Ingester(store, catalog, lambda: NOON))


def hear(kept: Books, batches: list[Batch], at: int) -> None:
    moves = [batch for batch in batches if batch.stream == Stream.ACC]
    kept.store.write(batches, {DEV: tiled(moves)} if moves else {}, at)
    kept.catalog.record(batches, [], [], [], at)


def worn() -> list[Batch]:
    """Two hours on a wrist that moves, from noon on, with a pulse each minute."""
    cells = range(NOON, NOON + 2 * HOUR, 5_000_000)
    moves = [plain(Stream.ACC, t0, 50, value=500 + 400 * (i % 7)) for i, t0 in enumerate(cells)]
    return [*moves, *(plain(t0=NOON + i * HOUR, n=60) for i in range(2))]


def tidied(kept: Books, now: int) -> None:
    """At `now`, by an ingester that has run for a day."""
    tidy(kept, now - DAY)
    tidy(kept, now)


@pytest.mark.parametrize("after", [RAW_KEPT + 2 * DAY, TILES_KEPT + 2 * DAY])
def test_minutes_and_bouts_survive_a_late_message_once_what_they_were_made_of_is_forgotten(kept: Books, after: int) -> None:
    #  noon ── two hours, made │ … raw, then tiles forgotten … │ one late pulse of the first hour
    hear(kept, worn(), NOON)
    refresh(kept.store, kept.catalog, DEV, NOON + DAY)
    before, bouts = kept.store.minutes(DEV, NOON - HOUR, NOON + 4 * HOUR), kept.store.bouts(DEV, NOON - HOUR, NOON + 4 * HOUR)
    assert np.isfinite(before["moving"]).sum() > 100
    tidied(kept, NOON + after)
    assert not kept.store.batches(DEV, Stream.ACC, NOON, NOON + HOUR)
    hear(kept, [plain(t0=NOON + 7, n=1, value=180)], NOON + after)
    refresh(kept.store, kept.catalog, DEV, NOON + after)
    assert kept.store.minutes(DEV, NOON - HOUR, NOON + 4 * HOUR).tobytes() == before.tobytes()
    assert kept.store.bouts(DEV, NOON - HOUR, NOON + 4 * HOUR) == bouts


def test_an_old_hour_of_which_nothing_was_made_is_made_of_what_comes_and_its_neighbour_stays(kept: Books) -> None:
    hear(kept, [batch for batch in worn() if batch.t0 >= NOON + HOUR], NOON)
    refresh(kept.store, kept.catalog, DEV, NOON + DAY)
    before = kept.store.minutes(DEV, NOON + HOUR, NOON + 4 * HOUR)
    late = NOON + TILES_KEPT + 2 * DAY
    tidied(kept, late)
    hear(kept, [plain(n=60)], late)
    refresh(kept.store, kept.catalog, DEV, late)
    assert np.nanmax(kept.store.minutes(DEV, NOON, NOON + HOUR)["hr"]) == 70
    assert kept.store.minutes(DEV, NOON + HOUR, NOON + 4 * HOUR).tobytes() == before.tobytes()


def test_while_all_is_held_late_data_change_what_was_made(kept: Books) -> None:
    hear(kept, worn(), NOON)
    refresh(kept.store, kept.catalog, DEV, NOON + DAY)
    tidied(kept, NOON + RAW_KEPT - 3 * DAY)
    hear(kept, [plain(t0=NOON + 7, n=1, value=180)], NOON + 20 * DAY)
    refresh(kept.store, kept.catalog, DEV, NOON + 20 * DAY)
    assert np.nanmax(kept.store.minutes(DEV, NOON, NOON + HOUR)["hr"]) > 70


def test_a_new_catalog_forgets_nothing_for_a_day_and_then_once_a_day(kept: Books) -> None:
    old = plain(Stream.ACC, NOON - 40 * DAY)
    due = []
    for hours in range(0, 72, 6):
        hear(kept, [old], NOON)
        tidy(kept, NOON + hours * HOUR)
        due.append(not kept.store.batches(DEV, Stream.ACC, NOON - 41 * DAY, NOON))
    assert due == [False] * 4 + [True] + [False] * 3 + [True] + [False] * 3


@pytest.mark.parametrize("name", ["{}.copy.db", "{} (1).db", "raw-.db", "raw-2026-1-8.db", "raw-2026-13-40.db"])
def test_a_file_left_beside_the_day_files_is_neither_read_nor_forgotten(kept: Books, tmp_path: Path, name: str) -> None:
    hear(kept, worn(), NOON)
    (of_day,) = (tmp_path / "store").glob("raw-*.db")
    before, stray = kept.store.daily(NOON - DAY, NOON + DAY), of_day.with_name(name.format(of_day.stem))
    shutil.copy(of_day, stray)
    assert kept.store.daily(NOON - DAY, NOON + DAY) == before
    assert len(kept.store.batches(DEV, Stream.ACC, NOON, NOON + HOUR)) == 720
    kept.store.trim(NOON + RAW_KEPT + 2 * DAY)
    assert (of_day.exists(), stray.exists()) == (False, True)


def test_the_catalog_forgets_what_explains_nothing_that_is_held_any_more(kept: Books) -> None:
    told = Told("g1", "s1", 1, {DEV: [(NOON // DAY, 3)]})
    gap = Span(DEV, NOON, NOON + MINUTE, Cause.RANGE)
    kept.catalog.record([plain()], [("s1", gap)], [], [Claim("s1", DEV, NOON, 1)], NOON, told=[told])
    kept.ingester.take([("keepup/1/home/g1", b"\xff")])
    tidied(kept, NOON + DEAD_KEPT - DAY)
    assert len(kept.catalog.dead()) == 1
    tidied(kept, NOON + DEAD_KEPT + DAY)
    assert kept.catalog.dead() == []
    tidied(kept, NOON + REST_KEPT - DAY)
    known = kept.catalog
    assert (known.spans(DEV, NOON, NOON + HOUR), known.bands(), len(known.gateways.all())) == ([gap], [DEV], 1)
    tidied(kept, NOON + REST_KEPT + 2 * DAY)
    assert (known.spans(DEV, 0, 2**62), known.bands(), known.gateways.all(), known.gateways.books(0, 2**40)) == ([], [], [], [])
