"""A receiver whose line is down: what it heard meanwhile comes late, and all of it."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.processes import Gateway, ingesting, virtual_gateway
from ingest.batch import DAY, HOUR, MICROS
from ingest.catalog import Catalog
from ingest.spool import Spool
from ingest.stores.sqlite import SqliteStore
from lab.gateway import COMMIT, Orders
from tests.verbs import LONG, until

END = 1_793_577_600 * MICROS
START, HOLD_FROM = END - 4 * DAY, END - 2 * DAY
PROMPT, HELD = "virtual-steady", "virtual-desk"

#  steady:  ────────────────────────────────────── done │
#  desk:    ───────────────────┐ held back ············· │ release ─── done
#         START            HOLD_FROM                    END


def done(gateway: Gateway) -> dict[str, int]:
    while (told := gateway.said.get(timeout=LONG)).get("done") is None:
        pass
    totals: dict[str, int] = told["done"]
    return totals


@dataclass(frozen=True)
class Known:
    """What the gateway said, what the held band is complete to, and how many readings of each band are stored."""

    totals: dict[str, int]
    complete_to: int
    stored: dict[str, int]


def told(folder: Path) -> tuple[Known, Known]:
    """What was known when the rest was done, and when the held one was."""
    with ingesting(folder) as broker:
        orders = Orders(
            seed=3, patients=2, start=START, end=END, broker=broker, spool=folder / "spool.db", held=[HELD], hold_from=HOLD_FROM
        )
        with (
            virtual_gateway(orders) as gateway,
            closing(Catalog(folder / "catalog.db")) as catalog,
            closing(SqliteStore(folder / "store")) as store,
        ):
            first = done(gateway)
            assert until(lambda: (catalog.complete_to(PROMPT) or 0) > END - HOUR)
            frozen = Known(first, catalog.complete_to(HELD) or 0, store.readings())
            gateway.release()
            second = done(gateway)
            assert until(lambda: (catalog.complete_to(HELD) or 0) > END - HOUR)
            assert gateway.process.wait(LONG) == 0
            return frozen, Known(second, catalog.complete_to(HELD) or 0, store.readings())


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Known, Known]:
    return told(tmp_path_factory.mktemp("late"))


def test_a_held_band_stays_complete_to_where_its_line_went_down_and_the_others_go_on(known: tuple[Known, Known]) -> None:
    frozen, released = known
    assert HOLD_FROM - 2 * COMMIT < frozen.complete_to <= HOLD_FROM
    assert frozen.stored[HELD] < released.stored[HELD]
    assert frozen.stored[PROMPT] == released.stored[PROMPT]


def test_promise_1_what_was_held_back_is_stored_whole_once_it_is_released(known: tuple[Known, Known]) -> None:
    frozen, released = known
    assert released.totals == frozen.totals
    assert released.totals["notified"] == released.totals["accepted"] == sum(released.stored.values()) > 300_000


def test_promise_3_a_line_that_goes_down_does_so_at_the_same_reading_every_time(known: tuple[Known, Known], tmp_path: Path) -> None:
    assert told(tmp_path) == known


def test_once_released_both_receivers_go_on_in_real_time_until_told_to_stop(tmp_path: Path) -> None:
    #  history, 4 h ── hold, 2 h ── done │ release ── done │ live … stdin closed ── ended
    with ingesting(tmp_path) as broker:
        orders = Orders(
            seed=3,
            patients=2,
            start=END - 4 * HOUR,
            end=END,
            live=True,
            broker=broker,
            spool=tmp_path / "spool.db",
            held=[HELD],
            hold_from=END - 2 * HOUR,
        )
        with virtual_gateway(orders) as gateway, closing(Catalog(tmp_path / "catalog.db")) as catalog:
            done(gateway)
            gateway.release()
            done(gateway)
            assert until(lambda: all((catalog.complete_to(dev) or 0) > END for dev in (PROMPT, HELD)))
            assert gateway.process.stdin is not None
            gateway.process.stdin.close()
            assert gateway.process.wait(LONG) == 0


def test_a_gateway_that_is_not_told_to_release_ends_and_keeps_what_it_held(tmp_path: Path) -> None:
    with ingesting(tmp_path) as broker:
        orders = Orders(seed=3, patients=1, start=END - HOUR, end=END, broker=broker, spool=tmp_path / "spool.db", held=[PROMPT])
        with virtual_gateway(orders) as gateway:
            told = done(gateway)
            assert gateway.process.stdin is not None
            gateway.process.stdin.close()
            assert gateway.process.wait(LONG) == 0
    with closing(Spool(tmp_path / "spool-2.db")) as spool:
        assert sum(spool.accepted().values()) == told["accepted"] > 0
        assert spool.waiting()
