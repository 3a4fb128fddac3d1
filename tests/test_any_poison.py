"""Any mixture of good and bad, from several gateways, in any order and portions."""

from collections import Counter
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import DAY, HOUR, Stream
from ingest.body import encode
from ingest.catalog import Catalog
from ingest.dead import PARCEL
from ingest.store import REST_KEPT
from ingest.wire import Message, Parcel, pack, seal
from tests.batches import NOON, plain
from tests.ward import BAD, STRANGE, Picky, Ward, at

GOOD = st.builds(lambda i: at(i), st.integers(0, 400))
POISON = st.one_of(
    st.binary(min_size=1, max_size=12).map(lambda junk: b"\xff" + junk),
    st.integers(0, 400).map(lambda i: at(i, BAD)),
    st.integers(0, 400).map(lambda i: at(i, STRANGE)),
    st.integers(0, 400).map(lambda i: encode(plain(t0=NOON - REST_KEPT - (i + 1) * HOUR))),
    st.integers(0, 400).map(lambda i: encode(plain(t0=NOON + 2 * DAY + i * HOUR))),
    st.integers(0, 400).map(lambda i: encode(plain(t0=i))),
    st.integers(0, 400).map(lambda i: at(i)[:-3]),
)
ROWS = st.lists(st.tuples(st.booleans(), st.lists(st.tuples(st.booleans(), GOOD, POISON), max_size=4)), min_size=1, max_size=12)
"""Rows of one gateway: (whether it cannot be opened at all, bodies: (whether it is good, the good one, the bad one))."""


@settings(max_examples=30, deadline=None)
@given(gateways=st.lists(ROWS, min_size=1, max_size=3), data=st.data())
def test_whatever_comes_in_whatever_order_the_good_is_stored_the_poison_kept_and_each_row_answered_once(
    tmp_path_factory: pytest.TempPathFactory, gateways: list[list[tuple[bool, list[tuple[bool, bytes, bytes]]]]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("ward")
    messages, good, poison, rows_dead, rows = [], set[bytes](), set[bytes](), set[tuple[str, int]](), set[tuple[str, int]]()
    for g, rows_of in enumerate(gateways):
        for seq, (broken, bodies) in enumerate(rows_of):
            chosen = [one if fine else bad for fine, one, bad in bodies]
            spool, parcel = f"s{g}", pack(Parcel([(3, body) for body in chosen]))
            parcel = b"\xff" + parcel if broken else parcel
            rows.add((spool, seq))
            poison |= {parcel} if broken else {body for body, (fine, _, _) in zip(chosen, bodies, strict=True) if not fine}
            good |= set() if broken else {body for body, (fine, _, _) in zip(chosen, bodies, strict=True) if fine}
            if broken or not all(fine for fine, _, _ in bodies):
                rows_dead.add((spool, seq))
            messages.append((f"keepup/1/home/{spool}", seal(Message(spool, seq, {}, [(seq, parcel)]))))
    order = data.draw(st.permutations(messages))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(order)), max_size=4)) | {0, len(order)})

    with closing(Picky(folder / "store")) as store, closing(Catalog(folder / "catalog.db")) as catalog:
        ward = Ward(store, catalog)
        stored: Counter[tuple[str, int]] = Counter()
        dead: Counter[tuple[str, int]] = Counter()
        for a, b in pairwise(cuts):
            now_stored, now_dead = ward.take(*order[a:b])
            stored += now_stored
            dead.update(list(now_dead))
        assert dead == Counter(rows_dead)
        assert stored == Counter(rows - rows_dead)
        assert ward.payloads() == poison
        assert sum(store.readings().values()) == 3 * len(good)
        assert {encode(b) for b in store.batches("d1", Stream.HR, 0, NOON + DAY)} == good
        assert all(one.part == PARCEL or one.part >= 0 for one in catalog.dead())
        assert ward.ingester.tally.readings >= 3 * len(good)
        assert sum(ward.ingester.tally.dead.values()) >= len(poison)
