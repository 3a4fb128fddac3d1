"""The books: what was accepted is stored, set aside, on its way or lost, and whoever drops a reading is found."""

from collections.abc import Sequence

import cbor2
import pytest

from ingest.batch import HOUR, MICROS, MINUTE, Batch, Cause, Span
from ingest.body import encode
from ingest.dead import PARCEL, SPANS, Dead
from ingest.gateways import Book, Claim, Gateway
from ingest.ledger import Ledger, drawn, set_aside, unheard
from ingest.stores.sqlite import SqliteStore
from ingest.tile import Tiles
from tests.batches import NOON
from tests.bookkeeping import END, MIDNIGHT, TODAY, UNDATED, hour, site


class Forgetful(SqliteStore):
    """A broken one: says that it stored a batch, and did not."""

    def write(self, batches: Sequence[Batch], tiles: dict[str, Tiles], arrived: int) -> None:
        super().write(batches[:-1], tiles, arrived)


def row(books: Ledger, day: int = TODAY, dev: str = "d1") -> tuple[int | None, int, int | None, int, int, int | None]:
    found = next(one for one in books.rows if (one.band, one.day) == (dev, day))
    return found.accepted, found.stored, found.dead, found.waiting, found.lost, found.missing


def test_what_is_accepted_and_stored_balances_by_day() -> None:
    with site() as home:
        home.accept("g1", hour(0), hour(1), hour(13), upto=END)
        home.settle("g1")
        assert home.books().balanced
        assert (row(home.books()), row(home.books(), TODAY + 1)) == ((6, 6, 0, 0, 0, 0), (3, 3, 0, 0, 0, 0))


def test_what_a_gateway_still_holds_is_on_its_way_and_not_missing() -> None:
    # noon ── two hours ── told, the first delivered │ the day is not claimed
    with site() as home:
        home.accept("g1", hour(0), upto=NOON + HOUR)
        home.accept("g1", hour(1), upto=END)
        home.carry("g1", home.messages("g1")[:1])
        home.status("g1")
        assert row(home.books()) == (6, 3, 0, 3, 0, 0)
        assert home.books().balanced
        home.settle("g1")
        assert row(home.books()) == (6, 6, 0, 0, 0, 0)


def test_what_came_since_the_books_were_told_is_not_too_much() -> None:
    with site() as home:
        home.accept("g1", hour(0), upto=NOON + HOUR)
        home.settle("g1")
        home.accept("g1", hour(1), upto=NOON + 2 * HOUR)
        home.carry("g1", home.messages("g1"))
        assert row(home.books()) == (3, 6, 0, 0, 0, 0)
        assert home.books().balanced


def test_a_gateway_that_never_told_its_books_leaves_them_unknown_and_not_balanced() -> None:
    with site() as home:
        home.accept("g1", hour(0), upto=END)
        home.carry("g1", home.messages("g1"))
        assert row(home.books()) == (None, 3, 0, 0, 0, None)
        assert not home.books().balanced


def test_what_is_stored_of_a_band_nobody_told_of_is_unknown() -> None:
    with site() as home:
        home.behind.store.write([hour(0)], {}, NOON)
        assert row(home.books()) == (None, 3, 0, 0, 0, None)
        assert not home.books().balanced


def test_more_stored_than_accepted_never_balances() -> None:
    with site() as home:
        home.accept("g1", hour(0), upto=END)
        home.settle("g1")
        home.behind.store.write([hour(1)], {}, NOON)
        assert row(home.books()) == (3, 6, 0, 0, 0, -3)
        assert not home.books().balanced


def test_two_gateways_that_hear_one_band_are_added() -> None:
    with site(gateways=("g1", "g2")) as home:
        for n, gateway in enumerate(home.spools):
            home.accept(gateway, hour(0, gateway=n), upto=END)
            home.settle(gateway)
        assert row(home.books()) == (6, 6, 0, 0, 0, 0)


def test_a_dead_letter_counts_for_the_day_its_bytes_tell() -> None:
    with site() as home:
        home.poisoned["g1", 1] = True
        home.accept("g1", hour(0), hour(1), upto=END)
        home.settle("g1")
        assert row(home.books()) == (6, 3, 3, 0, 0, 0)
        assert home.books().balanced


def test_a_dead_letter_that_tells_no_day_accounts_for_as_much_as_is_missing_and_no_more() -> None:
    with site() as home:
        home.poisoned["g1", 1] = False
        home.accept("g1", hour(0), hour(1), upto=END)
        home.settle("g1")
        books = home.books()
        assert row(books) == (6, 3, 0, 0, 0, 3)
        assert [(one.band, one.day, one.dead) for one in books.rows][-1] == (None, None, 3)
        assert books.balanced
        home.accept("g1", hour(2), upto=END)
        home.spools["g1"].trim([(2, 2)], [])  # somebody answers for what was never stored
        home.settle("g1")
        assert not home.books().balanced


def test_a_dead_letter_that_was_stored_after_all_is_counted_once() -> None:
    letter = Dead("s", 1, 0, "rejected", 3, encode(hour(0)))
    assert set_aside([letter]) == {("d1", TODAY): 3}
    assert set_aside([letter], lambda dev, stream, t0: (dev, stream, t0) == ("d1", "hr", NOON)) == {}


def test_a_row_that_cannot_be_read_as_a_whole_is_dated_by_its_bodies_and_else_nobody_knows_how_many_it_holds() -> None:
    newer = cbor2.dumps({"v": 2, "batches": [[3, encode(hour(0))], [2, UNDATED]], "spans": []})
    assert set_aside([Dead("s", 1, PARCEL, "version", 5, newer)]) == {("d1", TODAY): 3, None: 2}
    assert set_aside([Dead("s", 1, PARCEL, "unreadable", 0, UNDATED)]) == {None: None}
    assert set_aside([Dead("s", 1, SPANS, "future", 0, newer), Dead("", -1, -2, "cut short", 0, UNDATED)]) == {}
    assert not drawn([], [], {}, {None: None}, {}).balanced


def test_what_a_retired_gateway_never_delivered_is_lost_and_said_so() -> None:
    #  g1  noon ── one hour, delivered ── one hour, never ─────────── ✕ retired
    #  g2                                                  ── one hour, delivered
    with site(gateways=("g1", "g2")) as home:
        home.accept("g1", hour(0), upto=NOON + HOUR)
        home.settle("g1")
        home.accept("g1", hour(1), upto=NOON + 2 * HOUR)
        home.status("g1")
        home.accept("g2", hour(2), upto=END)
        home.settle("g2")
        assert row(home.books()) == (9, 6, 0, 3, 0, 0)
        home.behind.catalog.gateways.retire(home.spools["g1"].id, END)
        assert row(home.books()) == (9, 6, 0, 0, 3, 0)
        assert home.books().balanced
        home.settle("g1")
        assert row(home.books()) == (9, 9, 0, 0, 0, 0)


def test_a_spool_of_an_older_keepup_counts_until_it_has_delivered_the_day() -> None:
    old = Gateway("old", "g1", NOON, telling=False, retired=None, claims={"d1": MIDNIGHT})
    book = [Book("new", "d1", day, 3, behind=False) for day in (TODAY, TODAY + 1)]
    new = Gateway("new", "g1", NOON, telling=True, retired=None, claims={"d1": END})
    books = drawn(book, [old, new], {("d1", TODAY): 3, ("d1", TODAY + 1): 3}, {}, {})
    assert [one.accepted for one in books.rows] == [3, None]


def test_a_store_that_drops_a_batch_is_found() -> None:
    with site(Forgetful) as home:
        home.accept("g1", hour(0), upto=END)
        home.settle("g1")
        assert row(home.books()) == (3, 0, 0, 0, 0, 3)
        assert not home.books().balanced


@pytest.mark.parametrize("behind", [True, False])
def test_only_readings_after_the_books_were_told_may_be_too_many(behind: bool) -> None:
    gateway = Gateway("s", "g1", NOON, telling=True, retired=None, claims={"d1": END})
    books = drawn([Book("s", "d1", TODAY, 3, behind)], [gateway], {("d1", TODAY): 4}, {}, {})
    assert books.balanced == behind


def test_gaps_are_told_in_seconds_by_cause_and_only_where_nobody_heard_the_band() -> None:
    #  noon      1 h       2 h       3 h       4 h
    #  g1 ─alive─│··range··│··range··│··clock (alive too)
    #  g2                  │─ alive ─│
    spans = [
        Span("d1", NOON, NOON + HOUR),
        Span("d1", NOON + HOUR, NOON + 3 * HOUR, Cause.RANGE),
        Span("d1", NOON + HOUR, NOON + HOUR + 30 * MINUTE, Cause.BATTERY, False),
        Span("d1", NOON + 2 * HOUR, NOON + 4 * HOUR),
        Span("d1", NOON + 3 * HOUR, NOON + 4 * HOUR, Cause.CLOCK, off=HOUR),
        Span("d1", MIDNIGHT - HOUR, MIDNIGHT + MICROS, Cause.RADIO),
    ]
    assert dict(unheard("d1", spans, TODAY - 1, TODAY + 1)) == {
        ("d1", TODAY): {"clock": 3600.0, "battery": 1800.0, "range": 1800.0, "radio": 3600.0},
        ("d1", TODAY + 1): {"radio": 1.0},
    }


def test_motion_that_was_given_up_is_in_the_books_where_the_band_was_heard_and_what_went_with_it_only_once() -> None:
    #  noon      1 h       2 h       3 h
    #  ─ alive ──│·overflow│─ alive ─│
    #       │······ thinned ····│
    spans = [
        Span("d1", NOON, NOON + HOUR),
        Span("d1", NOON + HOUR // 2, NOON + 2 * HOUR + HOUR // 2, Cause.THINNED),
        Span("d1", NOON + HOUR, NOON + 2 * HOUR, Cause.OVERFLOW),
        Span("d1", NOON + 2 * HOUR, NOON + 3 * HOUR),
    ]
    assert dict(unheard("d1", spans, TODAY, TODAY)) == {("d1", TODAY): {"overflow": 3600.0, "thinned": 3600.0}}


def test_one_claim_says_nothing_of_another_spools_day() -> None:
    with site() as home:
        home.behind.catalog.record([], [], [], [Claim("elsewhere", "d2", END, 1)], NOON)
        home.accept("g1", hour(0), upto=NOON + HOUR)
        home.status("g1")
        assert row(home.books()) == (3, 0, 0, 3, 0, 0)
