"""The independent reader finds each fault that a storm could leave, and none where there is none."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.batch import CELL, MICROS, Batch, Cause, Span, Stream
from ingest.stores.sqlite import SqliteStore
from ingest.tile import tiled
from lab.chaos.reader import Account, Claimed, Told, account
from lab.chaos.witness import Evidence, fingerprint

T0 = 1_790_000_000 * MICROS
SECOND = MICROS
STORED, HEALED = T0 + 20 * SECOND, T0 + 30 * SECOND
"""When what is in the store arrived; when the storm was over."""
# one band:  |0 … alive … 5| 5 gap 8 |8 … alive … 10|, a sample every half second
SPANS = (
    Span("b", T0, T0 + 5 * SECOND),
    Span("b", T0 + 5 * SECOND, T0 + 8 * SECOND, Cause.GATEWAY),
    Span("b", T0 + 8 * SECOND, T0 + 10 * SECOND),
)


def said(start: int, end: int) -> list[tuple[int, tuple[int, ...]]]:
    return [(at, (at // 500_000 % 1000, 7, -9)) for at in range(start, end, 500_000)]


HEARD = said(T0, T0 + 10 * SECOND)


def batch(frames: Sequence[tuple[int, tuple[int, ...]]]) -> Batch:
    t0 = frames[0][0]
    offsets = np.array([at - t0 for at, _ in frames], np.int32)
    return Batch("b", Stream.ACC, t0, None, offsets, np.array([values for _, values in frames], np.int16), 1 / 1024)


FIRST, SECOND_BATCH = batch(HEARD[:5]), batch(HEARD[5:10])
LAST = batch([frame for frame in HEARD if frame[0] >= T0 + 8 * SECOND])
GOOD = (FIRST, SECOND_BATCH, LAST)
EVIDENCE = Evidence({Stream.ACC: HEARD}, {(b.stream, b.t0): (b.n, fingerprint(b)) for b in GOOD})
TOLD = Told("b", T0, T0 + 10 * SECOND, sum(b.n for b in GOOD), EVIDENCE, SPANS, ())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path)) as opened:
        yield opened


def read(store: SqliteStore, batches: Sequence[Batch], told: Told = TOLD) -> Account:
    for one in batches:
        store.write([one], {"b": tiled([one])}, STORED)
    return account(store, told, HEALED)


def faults(found: Account) -> dict[str, int]:
    names = ("lost", "duplicated", "altered", "unexplained", "claims_wrong")
    return {name: n for name in names if (n := getattr(found, name))}


def test_books_that_balance_have_no_fault(store: SqliteStore) -> None:
    assert T0 % CELL == 0  # so that no batch crosses one
    found = read(store, GOOD)

    assert faults(found) == {}
    assert (found.accepted, found.stored, found.stored_in_storm) == (14, 14, 14)
    assert found.gaps == {"gateway": 3 * SECOND}


def test_a_batch_that_was_committed_and_is_not_stored_is_lost(store: SqliteStore) -> None:
    assert faults(read(store, GOOD[1:])) == {"lost": FIRST.n}


def test_a_batch_that_the_witness_could_not_write_down_any_more_is_no_fault(store: SqliteStore) -> None:
    unwritten = {key: told for key, told in EVIDENCE.committed.items() if key[1] != LAST.t0}

    assert faults(read(store, GOOD, replace(TOLD, evidence=Evidence(EVIDENCE.heard, unwritten)))) == {}


def test_what_was_heard_on_a_living_link_and_never_accepted_is_lost(store: SqliteStore) -> None:
    mute = Evidence(EVIDENCE.heard, {key: told for key, told in EVIDENCE.committed.items() if key[1] != FIRST.t0})

    assert faults(read(store, GOOD[1:], replace(TOLD, accepted=TOLD.accepted - FIRST.n, evidence=mute))) == {"lost": FIRST.n}


def test_a_batch_with_its_times_rewritten_is_altered_and_there_twice(store: SqliteStore) -> None:
    moved = replace(FIRST, t0=FIRST.t0 + 250_000)

    assert faults(read(store, [*GOOD, moved])) == {"duplicated": FIRST.n, "altered": FIRST.n}


def test_a_value_that_nobody_said_is_altered(store: SqliteStore) -> None:
    values = FIRST.values.copy()
    values[2, 0] += 1

    assert faults(read(store, [replace(FIRST, values=values), *GOOD[1:]]))["altered"] == FIRST.n


def test_a_batch_without_its_features_is_lost_to_every_rule(store: SqliteStore) -> None:
    store.write([FIRST], {}, STORED)

    assert faults(read(store, GOOD[1:])) == {"lost": FIRST.n}


def test_time_without_a_word_is_unexplained(store: SqliteStore) -> None:
    silent = replace(TOLD, spans=(SPANS[0], SPANS[2]), evidence=Evidence({Stream.ACC: [*HEARD[:10], *HEARD[16:]]}, EVIDENCE.committed))

    assert faults(read(store, GOOD, silent)) == {"unexplained": 3 * SECOND}


def test_a_claim_is_wrong_where_something_before_it_came_later(store: SqliteStore) -> None:
    #        claimed at 19 s: nothing had arrived   claimed at 21 s: all had
    early, late = (Claimed(T0 + at * SECOND, "b", T0 + 4 * SECOND) for at in (19, 21))
    found = read(store, GOOD, replace(TOLD, claims=(early, late)))

    assert (found.claims, faults(found)) == (2, {"claims_wrong": 1})


def test_a_claim_up_to_where_nothing_was_yet_is_right(store: SqliteStore) -> None:
    assert faults(read(store, GOOD, replace(TOLD, claims=(Claimed(T0 + 19 * SECOND, "b", T0),)))) == {}


def test_a_notification_told_twice_counts_once(store: SqliteStore) -> None:
    twice = sorted([*HEARD, (HEARD[3][0] + 900, HEARD[3][1])])

    assert faults(read(store, GOOD, replace(TOLD, evidence=Evidence({Stream.ACC: twice}, EVIDENCE.committed)))) == {}


def test_before_a_bands_first_commit_nothing_is_promised(store: SqliteStore) -> None:
    early = Evidence({Stream.ACC: [*said(T0 - 2 * SECOND, T0), *HEARD]}, EVIDENCE.committed)

    assert faults(read(store, GOOD, replace(TOLD, evidence=early))) == {}


def test_a_catalog_that_lost_every_span_is_found(store: SqliteStore) -> None:
    assert faults(read(store, GOOD, replace(TOLD, spans=()))) == {"lost": 6, "unexplained": 10 * SECOND}
