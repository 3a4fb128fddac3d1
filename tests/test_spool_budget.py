"""A spool keeps to its budget: raw motion makes way first, each loss is a gap under its own number, and the books balance."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import CELL, DAY, MICROS, MINUTE, Batch, Cause, Span, Stream
from ingest.body import decode, encode
from ingest.spool import Spool
from ingest.thinning import joined, thinned
from ingest.wire import Parcel, ranges, unpack
from tests.batches import NOON, noise, plain

KB = 1 << 10
LITTLE = 400 * KB
PAGES = 64 * KB
"""What may come on top of a budget while it is kept to: a commit's own pages."""


def minute(i: int, dev: str = "d1") -> tuple[list[Batch], list[Span]]:
    """A minute of motion at 10 Hz, one heart rate and the time the link was alive."""
    t0 = NOON + i * MINUTE
    motion = [noise(Stream.ACC, t0 + cell * CELL, 50, dev) for cell in range(12)]
    return [*motion, plain(t0=t0, n=1, dev=dev)], [Span(dev, t0, t0 + MINUTE)]


def hear(spool: Spool, minutes: range, dev: str = "d1") -> None:
    for i in minutes:
        spool.commit(*minute(i, dev), {})


def parcels(spool: Spool) -> dict[int, Parcel]:
    """As they lie in the file, without taking them out to be sent."""
    with closing(sqlite3.connect(spool.path)) as db:
        return {seq: unpack(parcel) for seq, parcel in db.execute("select seq, parcel from row order by seq")}


def streams(parcel: Parcel) -> set[Stream]:
    return {decode(body).stream for _, body in parcel.bodies}


def lost(parcel: Parcel) -> list[tuple[int, int]]:
    """Stretches of which the motion went, or all."""
    return [(span.t0, span.t1) for span in parcel.spans if span.cause in (Cause.THINNED, Cause.OVERFLOW)]


def alive(parcel: Parcel) -> list[tuple[int, int]]:
    return [(span.t0, span.t1) for span in parcel.spans if span.cause is None]


def size(spool: Spool) -> int:
    with closing(sqlite3.connect(spool.path)) as db:
        pages, size = (db.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * size)


def tabled(spool: Spool, table: str) -> Counter[tuple[str, int]]:
    with closing(sqlite3.connect(spool.path)) as db:
        return Counter({(dev, day): n for dev, day, n in db.execute(f"select dev, day, n from {table}")})


def balanced(spool: Spool) -> bool:
    """accepted = answered + thinned + waiting, for each band and day."""
    waiting = Counter({(dev, day): n for dev, days in spool.waiting_by_day().items() for day, n in days})
    return tabled(spool, "accepted") == tabled(spool, "answered") + tabled(spool, "thinned") + waiting


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path / "spool.db", LITTLE, reserve=KB)
    yield made
    made.close()


def test_raw_motion_makes_way_first_and_the_oldest_before_the_newer(spool: Spool) -> None:
    #   minutes   0 ....................................... 160
    #   left      | heart rate and gaps |   everything        |
    hear(spool, range(160))
    kept = parcels(spool)
    assert list(kept) == list(range(1, 161))
    whole = [seq for seq, parcel in kept.items() if Stream.ACC in streams(parcel)]
    assert whole == list(range(whole[0], 161))
    assert 80 < whole[0] < 130
    assert all(streams(parcel) >= {Stream.HR} for parcel in kept.values())
    assert size(spool) <= LITTLE + PAGES


def test_each_loss_is_a_gap_under_the_number_of_its_row(spool: Spool) -> None:
    hear(spool, range(160))
    for seq, parcel in parcels(spool).items():
        t0 = NOON + (seq - 1) * MINUTE
        assert lost(parcel) == ([] if Stream.ACC in streams(parcel) else [(t0, t0 + MINUTE)])
        assert Span("d1", t0, t0 + MINUTE) in parcel.spans


def test_neighbours_that_lost_their_motion_are_one_gap() -> None:
    #   one second and a bit of it after the other, as a gateway commits: each part of a cell ends just after its last sample
    seconds = [noise(Stream.ACC, NOON + i * MICROS + 40_000, 9) for i in range(60)]
    rows = [thinned(Parcel([(9, encode(batch))]), "d1", raw_only=True)[0] for batch in seconds]
    assert joined([span for row in rows for span in row.spans]) == [Span("d1", NOON, NOON + MINUTE, Cause.THINNED)]


def test_where_a_word_of_a_counter_went_the_link_is_not_called_alive() -> None:
    # else its silence would be that of somebody who does not walk
    counter = replace(plain(Stream.COUNTER, NOON + 70 * MICROS, n=1), dt=None, offsets=np.zeros(1, np.int32))
    parcel = Parcel([(1, encode(counter))], [Span("d1", NOON, NOON + 5 * MINUTE)])
    left, gone = thinned(parcel, "d1", raw_only=False)
    assert (left.bodies, gone) == ([], 1)
    assert left.spans == [
        Span("d1", NOON, NOON + MINUTE),
        Span("d1", NOON + MINUTE, NOON + 2 * MINUTE, Cause.OVERFLOW),
        Span("d1", NOON + 2 * MINUTE, NOON + 5 * MINUTE),
    ]


def test_the_books_say_what_was_given_up(spool: Spool) -> None:
    hear(spool, range(160))
    gone = sum(1 for parcel in parcels(spool).values() if lost(parcel))
    assert spool.accepted() == {"d1": 160 * 601}
    assert spool.thinned_by_day() == {"d1": [(NOON // DAY, gone * 600)]}
    assert spool.books() == {("d1", NOON // DAY): 160 * 601 - gone * 600}
    spool.trim([(1, 20), (120, 140)], [])
    assert balanced(spool)
    assert spool.touched() == {("d1", NOON // DAY)}
    assert spool.touched() == set()


def test_when_raw_motion_is_gone_the_rest_goes_and_gaps_are_joined_but_never_dropped(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", 130 * KB, reserve=KB)
    hear(spool, range(600))
    assert size(spool) <= 130 * KB + PAGES
    assert balanced(spool)
    told = sorted(time for parcel in parcels(spool).values() for time in lost(parcel))
    reach = NOON
    for start, end in told:
        assert start <= reach
        reach = max(reach, end)
    assert not any(start < there < end for parcel in parcels(spool).values() for start, end in lost(parcel) for there, _ in alive(parcel))
    rest = [decode(body) for parcel in parcels(spool).values() for _, body in parcel.bodies]
    assert reach >= min(batch.t0 for batch in rest)
    assert spool.claim("d1") == NOON
    spool.close()


def test_gaps_that_were_joined_have_a_number_that_no_earlier_answer_knows(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", 130 * KB, reserve=KB)
    hear(spool, range(600))
    kept = parcels(spool)
    joined = [seq for seq, parcel in kept.items() if any(end - start > MINUTE for start, end in lost(parcel))]
    assert joined
    assert all(kept[seq].bodies == [] for seq in joined)
    assert spool.trim(ranges(set(range(1, joined[-1])) - kept.keys()), []) == 0
    assert parcels(spool) == kept
    assert spool.claim("d1") == NOON
    spool.close()


def test_what_is_on_its_way_makes_way_last(spool: Spool) -> None:
    hear(spool, range(50))
    out = {row.seq for row in spool.oldest(10, 20)}
    hear(spool, range(50, 160))
    kept = parcels(spool)
    assert all(Stream.ACC in streams(kept[seq]) for seq in out)
    assert lost(kept[1])
    assert lost(kept[40])


def test_a_row_the_disk_changed_does_not_stop_what_makes_way(spool: Spool) -> None:
    hear(spool, range(10))
    with closing(sqlite3.connect(spool.path)) as db, db:
        db.execute("update row set parcel = x'00' where seq = 3")
    hear(spool, range(10, 160))
    assert size(spool) <= LITTLE + PAGES
    (rotten,) = spool.oldest(2, 1)
    assert [span.cause for span in unpack(rotten.parcel).spans] == [Cause.CORRUPT]
    assert balanced(spool)


@settings(max_examples=15, deadline=None)
@given(
    budget=st.integers(80, 300),
    turns=st.lists(st.tuples(st.sampled_from(["d1", "d2"]), st.integers(1, 30), st.integers(0, 10), st.booleans()), max_size=25),
)
def test_whatever_comes_and_goes_every_reading_is_kept_answered_or_a_gap(
    tmp_path_factory: pytest.TempPathFactory, budget: int, turns: list[tuple[str, int, int, bool]]
) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool") / "spool.db", budget * KB, reserve=KB)
    heard: list[Batch] = []
    answered: list[tuple[str, int, int]] = []
    at = 0
    for dev, minutes, taken, newest in turns:
        for i in range(at, at + minutes):
            batches, spans = minute(i, dev)
            heard += batches
            spool.commit(batches, spans, {})
        at += minutes
        rows = spool.newest(taken, ()) if newest else spool.oldest(0, taken)
        answered += [told for row in rows for told in _told(row.dev, unpack(row.parcel))]
        spool.trim(ranges(row.seq for row in rows), [])
    kept = answered + [told for parcel in parcels(spool).values() for told in _told("", parcel)]
    exact = {(dev, t0) for dev, t0, end in kept if end == 0}
    gaps = {(dev, t0, end) for dev, t0, end in kept if end}
    assert [b for b in heard if (b.dev, b.t0) not in exact and not any(d == b.dev and s <= b.t0 < e for d, s, e in gaps)] == []
    assert balanced(spool)
    spool.close()


def _told(_dev: str, parcel: Parcel) -> list[tuple[str, int, int]]:
    batches = [decode(body) for _, body in parcel.bodies]
    return [(b.dev, b.t0, 0) for b in batches] + [(s.dev, s.t0, s.t1) for s in parcel.spans if s.cause in (Cause.THINNED, Cause.OVERFLOW)]
