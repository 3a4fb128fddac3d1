"""A band that goes from one gateway to another, while the first goes on with other bands: two spools, one ingester."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from cli.line import Books
from ingest.batch import DAY, HOUR, Span
from ingest.catalog import Catalog
from ingest.ingester import Ingester
from ingest.spool import Spool
from ingest.stores.sqlite import SqliteStore
from tests.batches import NOON, plain
from tests.bookkeeping import END, Site


class Clinic:
    """Gateways a and b, each for as long as it runs."""

    def __init__(self, folder: Path, behind: Books) -> None:
        self._folder, self.behind = folder, behind

    def complete_to(self, dev: str) -> int | None:
        return self.behind.catalog.complete_to(dev)

    @contextmanager
    def runs(self, gateway: str, bands: Sequence[str] | None = None) -> Iterator[Spool]:
        with closing(Spool(self._folder / f"{gateway}.db")) as spool:
            if bands is not None:
                spool.hear_only(bands)
            yield spool

    def settle(self, gateway: str, spool: Spool) -> None:
        Site(self.behind, {gateway: spool}).settle(gateway)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with ExitStack() as stack:
        store, catalog = SqliteStore(tmp_path / "store"), Catalog(tmp_path / "catalog.db")
        for close in (store.close, catalog.close):
            stack.callback(close)
        yield Clinic(tmp_path, Books(store, catalog, Ingester(store, catalog, lambda: END)))


def heard(spool: Spool, dev: str, start: int, end: int) -> None:
    """Hours after noon; a reading at each beginning."""
    span = Span(dev, NOON + start * HOUR, NOON + end * HOUR)
    spool.commit([plain(t0=span.t0, n=1, dev=dev)], [span], {})


def test_a_band_that_moved_is_complete_as_far_as_its_new_gateway_says_once_the_old_one_is_not_to_hear_it(clinic: Clinic) -> None:
    #        noon         1 h          2 h          3 h
    #  a     moved, stays │ stays ───────────────────    its file still knows of moved
    #  b                  │ moved ──────────────────
    with clinic.runs("a", ["moved", "stays"]) as a:
        for dev in ("moved", "stays"):
            heard(a, dev, 0, 1)
        clinic.settle("a", a)
    with clinic.runs("a", ["stays"]) as a, clinic.runs("b", ["moved"]) as b:
        heard(b, "moved", 1, 3)
        clinic.settle("b", b)
        assert clinic.complete_to("moved") == NOON + HOUR
        heard(a, "stays", 1, 2)
        clinic.settle("a", a)
        assert clinic.complete_to("moved") == NOON + 2 * HOUR  # b alone knows what came later, but a may still speak of it
        heard(a, "stays", 2, 3)
        clinic.settle("a", a)
        assert clinic.complete_to("moved") == NOON + 3 * HOUR


def test_what_still_waits_of_a_band_that_moved_is_not_claimed_away(clinic: Clinic) -> None:
    with clinic.runs("a", ["moved", "stays"]) as a:
        heard(a, "moved", 0, 1)
    with clinic.runs("a", ["stays"]) as a:
        heard(a, "stays", 0, 9)
        assert a.claims() == {"moved": NOON, "stays": NOON}
        clinic.settle("a", a)
        assert a.claims() == {"moved": NOON + 9 * HOUR, "stays": NOON + 9 * HOUR}


def test_a_gateway_that_is_retired_and_speaks_again_does_not_hold_up_a_band_it_hears_no_more(clinic: Clinic) -> None:
    with clinic.runs("a", ["moved", "stays"]) as a, clinic.runs("b", ["moved"]) as b:
        for dev in ("moved", "stays"):
            heard(a, dev, 0, 1)
        heard(b, "moved", 1, 5)
        clinic.settle("a", a)
        clinic.settle("b", b)
    with clinic.runs("a", ["stays"]) as a:
        assert clinic.behind.catalog.gateways.retire(a.id, NOON + 4 * HOUR)
        assert clinic.complete_to("moved") == NOON + 5 * HOUR
        heard(a, "stays", 1, 5)
        clinic.settle("a", a)
        assert [one.retired for one in clinic.behind.catalog.gateways.all() if one.spool == a.id] == [None]
        assert clinic.complete_to("moved") == NOON + 5 * HOUR


def test_a_band_that_comes_back_is_never_claimed_less_far_than_it_was(clinic: Clinic) -> None:
    with clinic.runs("a", ["moved", "stays"]) as a:
        for dev in ("moved", "stays"):
            heard(a, dev, 0, 1)
        clinic.settle("a", a)
    with clinic.runs("a", ["stays"]) as a:
        heard(a, "stays", 1, 5)
        clinic.settle("a", a)
    with clinic.runs("a", ["moved", "stays"]) as a:
        assert a.heard_to("moved") == a.claim("moved") == NOON + 5 * HOUR
        heard(a, "stays", 5, 6)
        clinic.settle("a", a)
        assert a.claim("moved") == NOON + 5 * HOUR


def test_a_spool_that_was_told_of_no_bands_claims_each_as_far_as_it_was_heard(clinic: Clinic) -> None:
    with clinic.runs("a") as a:
        heard(a, "one", 0, 1)
    with clinic.runs("a") as a:
        heard(a, "two", 0, DAY // HOUR)
        clinic.settle("a", a)
        assert a.claims() == {"one": NOON + HOUR, "two": NOON + DAY}
