"""What is too old is forgotten once a day, and what was made of it stays."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from alerts.refresh import refresh
from cli.line import Books
from cli.tidy import tidy
from ingest.batch import DAY, HOUR, MINUTE, Batch, Cause, Span, Stream
from ingest.catalog import Catalog
from ingest.gateways import Claim, Told
from ingest.ingester import Ingester
from ingest.store import DEAD_KEPT, RAW_KEPT, REST_KEPT, TILES_KEPT, StoreUnavailable
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
    tell(kept, at)


def tell(kept: Books, at: int) -> None:
    """A gateway that goes on says what time it is there."""
    kept.catalog.record([], [], [], [Claim("another", "d2", at, at)], at)


def worn() -> list[Batch]:
    """Two hours on a wrist that moves, from noon on, with a pulse each minute."""
    cells = range(NOON, NOON + 2 * HOUR, 5_000_000)
    moves = [plain(Stream.ACC, t0, 50, value=500 + 400 * (i % 7)) for i, t0 in enumerate(cells)]
    return [*moves, *(plain(t0=NOON + i * HOUR, n=60) for i in range(2))]


def tidied(kept: Books, now: int) -> None:
    """At `now`, by an ingester that has run for a day."""
    for at in (now - DAY, now):
        tell(kept, at)
        tidy(kept, at)


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
        hear(kept, [old], NOON + hours * HOUR)
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
    assert (known.spans(DEV, NOON, NOON + HOUR), known.bands(), len(known.gateways.all())) == ([gap], [DEV, "d2"], 1)
    tidied(kept, NOON + REST_KEPT + 2 * DAY)
    assert (known.spans(DEV, 0, 2**62), known.bands(), known.gateways.all(), known.gateways.books(0, 2**40)) == ([], ["d2"], [], [])


def test_a_clock_that_is_ahead_empties_no_store_and_once_it_is_right_again_time_goes_on(kept: Books) -> None:
    #  noon, heard ── a day ── two looks at a clock three years ahead ── right again, a day and a month later
    hear(kept, worn(), NOON)
    told = Told("g1", "s1", 1, {DEV: [(NOON // DAY, 3)]})
    kept.catalog.record([], [("s1", Span(DEV, NOON, NOON + 2 * HOUR))], [], [], NOON, told=[told])
    tidied(kept, NOON + DAY)
    before = kept.store.readings(), kept.catalog.spans(DEV, 0, 2**62), kept.catalog.gateways.all()
    with capture_logs() as logs:
        tidy(kept, NOON + DAY + 3 * 365 * DAY)
        tidy(kept, NOON + DAY + 3 * 365 * DAY + 2 * DAY)
    assert [(line["event"], line["days"]) for line in logs] == [("this machine's clock is far ahead of all gateways", 3 * 365)]
    assert (kept.store.readings(), kept.catalog.spans(DEV, 0, 2**62), kept.catalog.gateways.all()) == before
    tidied(kept, NOON + RAW_KEPT + 2 * DAY)
    assert kept.store.readings() == {DEV: 120}
    assert kept.catalog.held_since(RAW_KEPT) == NOON + 4 * DAY


def test_where_gateways_are_silent_no_more_is_forgotten_than_a_day_after_what_they_told_last(kept: Books) -> None:
    hear(kept, [plain(Stream.ACC, NOON - days * DAY) for days in (29, 30)], NOON)
    with capture_logs() as logs:
        for days in range(40):
            tidy(kept, NOON + days * DAY)
    assert [batch.t0 for batch in kept.store.batches(DEV, Stream.ACC, 0, NOON)] == [NOON - 29 * DAY]
    assert kept.catalog.held_since(RAW_KEPT) == NOON + DAY - 28 * DAY
    assert logs == []


class Cramped(Catalog):
    """Finds no room for a word while a file of this folder is there."""

    room: Path

    def trim(self, now: int) -> None:
        if list(self.room.glob("raw-*.db")):
            raise StoreUnavailable("the disk is full")
        super().trim(now)


class Silent(SqliteStore):
    """Forgets nothing, for it does not answer."""

    def trim(self, now: int) -> None:
        raise StoreUnavailable(f"it does not answer at {now}")


def test_a_disk_that_is_full_of_what_is_too_old_is_freed_of_it_though_there_is_no_room_for_a_word_of_it(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store")) as store, closing(Cramped(tmp_path / "catalog.db")) as catalog:
        catalog.room = tmp_path / "store"
        kept = Books(store, catalog, Ingester(store, catalog, lambda: NOON))
        hear(kept, worn(), NOON)
        tidied(kept, NOON + RAW_KEPT + 2 * DAY)
        assert list(catalog.room.glob("raw-*.db")) == []
        assert catalog.held_since(RAW_KEPT) == NOON + 4 * DAY


def test_a_store_that_does_not_answer_keeps_the_catalog_from_nothing(tmp_path: Path) -> None:
    with closing(Silent(tmp_path / "store")) as store, closing(Catalog(tmp_path / "catalog.db")) as catalog, capture_logs() as logs:
        kept = Books(store, catalog, Ingester(store, catalog, lambda: NOON))
        hear(kept, worn(), NOON)
        tidied(kept, NOON + RAW_KEPT + 2 * DAY)
        assert catalog.held_since(RAW_KEPT) == NOON + 4 * DAY
    assert [line["reason"] for line in logs] == [f"it does not answer at {NOON + RAW_KEPT + 2 * DAY}"]
