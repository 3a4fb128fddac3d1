"""The books after any day at all: commits, losses, repeats and poison in any order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import DAY, HOUR, Span, Stream
from ingest.stores.sqlite import SqliteStore
from tests.batches import NOON
from tests.bookkeeping import END, Site, hour, site

_gateway, _band = st.sampled_from(["g1", "g2"]), st.sampled_from(["d1", "d2"])
_days = st.lists(
    st.tuples(st.just("commit"), _gateway, _band, st.integers(1, 4))
    | st.tuples(st.sampled_from(["carry", "lose"]), _gateway, _band, st.integers(1, 5))
    | st.tuples(st.sampled_from(["dated", "undated"]), _gateway, _band, st.integers(1, 12))
    | st.tuples(st.just("status"), _gateway, _band, st.just(0)),
    max_size=25,
)
Day = list[tuple[str, str, str, int]]


def lived(home: Site, day: Day) -> None:
    """Commits, deliveries whose answers are lost, repeats, poison and statuses as drawn; then all is delivered and told."""
    at = dict.fromkeys(home.spools, 0)
    told: list[tuple[str, bytes]] = []
    for what, gateway, dev, n in day:
        if what == "commit":
            at[gateway] += 1
            there = int(gateway[1])
            home.accept(
                gateway, hour(at[gateway], dev, n, there), hour(at[gateway] + 12, dev, 2, there), upto=NOON + (at[gateway] + 1) * HOUR
            )
        elif what in ("carry", "lose"):
            told += [(gateway, message) for message in home.messages(gateway)[:n]]
            home.carry(gateway, [message for name, message in told[-n:] if name == gateway], answered=what == "carry")
            if told:  # an old one once more
                home.carry(told[0][0], [told[0][1]])
        elif what == "status":
            home.status(gateway)
        elif (gateway, n) not in home.sent:
            home.poisoned.setdefault((gateway, n), what == "dated")
    for gateway in home.spools:
        for dev in home.spools[gateway].claims():
            home.spools[gateway].commit([], [Span(dev, home.spools[gateway].heard_to(dev) or NOON, END + DAY)], {})
        home.settle(gateway)


@settings(max_examples=25, deadline=None)
@given(_days)
def test_whatever_is_lost_repeated_or_poisoned_on_the_way_the_books_balance_in_the_end(
    day: Day,
) -> None:
    with site(gateways=("g1", "g2")) as home:
        lived(home, day)
        books = home.books()
        assert books.balanced, books
        assert sum(one.waiting + one.lost for one in books.rows) == 0
        accepted = sum(sum(spool.accepted().values()) for spool in home.spools.values())
        assert accepted == sum(one.accepted or 0 for one in books.rows) == sum(one.stored + (one.dead or 0) for one in books.rows)


@settings(max_examples=25, deadline=None)
@given(_days.filter(lambda day: any(what == "commit" for what, *_ in day)), st.integers(0, 30))
def test_one_batch_dropped_by_the_store_is_found_whatever_else_happens(day: Day, which: int) -> None:
    with site(gateways=("g1", "g2")) as home:
        lived(home, day)
        held = [batch for dev in ("d1", "d2") for batch in home.behind.store.batches(dev, Stream.HR, NOON - DAY, END + DAY)]
        if held:
            gone = held[which % len(held)]
            store = home.behind.store
            assert isinstance(store, SqliteStore)
            store._db.execute("delete from batch where dev = ? and t0 = ?", (gone.dev, gone.t0))
            assert not home.books().balanced
