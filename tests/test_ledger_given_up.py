"""What a gateway gave up for want of room though it had come here: stored and no longer accepted, and nobody's fault."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import main
from ingest.batch import CELL, DAY, HOUR, MINUTE, Cause, Span, Stream
from ingest.catalog import Catalog
from ingest.gateways import Book, Claim, Gateway, Told
from ingest.ledger import Ledger, drawn, given_up
from ingest.spool import Spool
from ingest.stores.sqlite import SqliteStore
from tests.batches import NOON, noise, plain
from tests.bookkeeping import END, MIDNIGHT, TODAY, site

HOME = ("d1", TODAY)


def told(accepted: int, stored: int, *full: tuple[str, int]) -> Ledger:
    gateway = Gateway("s", "g1", NOON, telling=True, retired=None, claims={"d1": END})
    return drawn([Book("s", "d1", TODAY, accepted, behind=False)], [gateway], {HOME: stored}, {}, {}, full)


def test_what_came_before_it_was_given_up_balances_and_says_why() -> None:
    #  accepted ── sent, stored, the answer lost ── no room: the motion of it goes ── the rest is sent and answered
    with site() as home:
        spool = Spool(Path(home.spools["g1"].path).with_name("little.db"), budget=300_000, reserve=65_536)
        home.spools = {**home.spools, "g1": spool}
        for i in range(60):
            home.accept("g1", *(noise(Stream.ACC, NOON + i * MINUTE + n * CELL, 50) for n in range(12)), upto=NOON + (i + 1) * MINUTE)
            home.carry("g1", home.messages("g1")[-1:], answered=False)
        assert spool.thinned_by_day()
        home.accept("g1", upto=END)
        home.settle("g1")
        books, stored = home.books(), sum(home.behind.store.readings().values())
        spool.close()
    (row,) = (one for one in books.rows if one.accepted)
    assert row.missing is not None
    assert (row.stored, row.missing < 0) == (stored, True)
    assert row.note is not None
    assert "gave them up for want of room" in row.note
    assert books.balanced


def test_more_stored_than_accepted_balances_only_where_something_was_given_up() -> None:
    assert told(3, 5, HOME).balanced
    assert told(3, 5, HOME).rows[0].missing == -2
    assert [told(3, 5, *full).balanced for full in ((), (("d1", TODAY + 1),), (("d2", TODAY),))] == [False] * 3


def test_what_was_given_up_elsewhere_makes_up_for_nothing_that_is_missing() -> None:
    gateway = Gateway("s", "g1", NOON, telling=True, retired=None, claims={"d1": END, "d2": END})
    entries = [Book("s", dev, TODAY, 3, behind=False) for dev in ("d1", "d2")]
    found = drawn(entries, [gateway], {HOME: 5, ("d2", TODAY): 1}, {}, {}, {HOME, ("d2", TODAY)})
    assert [(row.missing, bool(row.note)) for row in found.rows] == [(-2, True), (2, False)]
    assert not found.balanced


@pytest.mark.parametrize("cause", Cause)
def test_only_gaps_for_want_of_room_tell_of_it_on_each_day_they_touch(cause: Cause) -> None:
    span = Span("d1", MIDNIGHT - HOUR, MIDNIGHT + DAY, cause)
    days = {HOME, ("d1", TODAY + 1)} if cause in (Cause.THINNED, Cause.OVERFLOW) else set()
    assert given_up([Span("d1", NOON, END), span]) == days


def test_the_verb_says_so_in_words_and_ends_well(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store")) as store, closing(Catalog(tmp_path / "catalog.db")) as catalog:
        store.write([plain()], {}, NOON)
        gap = Span("d1", NOON, NOON + MINUTE, Cause.OVERFLOW)
        claims, told_ = [Claim("s", "d1", END, 1)], [Told("g1", "s", 1, {"d1": [(TODAY, 1)]})]
        catalog.record([plain()], [("s", gap)], [], claims, NOON, told=told_)
    done = CliRunner().invoke(main.app, ["ledger", str(tmp_path), "--json"])
    (row,) = json.loads(done.stdout)["rows"]
    assert (done.exit_code, row["missing"]) == (0, -2)
    assert "want of room" in row["note"]
    assert "d1, 2026-11-22: more is stored than is still accepted" in CliRunner().invoke(main.app, ["ledger", str(tmp_path)]).stdout
