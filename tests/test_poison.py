"""What can never be stored is found, kept byte for byte and answered, and nothing good beside it waits or is lost."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from math import log2
from pathlib import Path
from typing import NoReturn

import cbor2
import pytest

from ingest.batch import DAY, HOUR, MINUTE, Batch, Clock, Quality, Span, Stream
from ingest.body import decode, encode
from ingest.catalog import Catalog
from ingest.dead import MESSAGE, SPANS
from ingest.deflate import legible
from ingest.store import RAW_KEPT, REST_KEPT, StoreUnavailable
from ingest.wire import Message, Parcel, pack, seal, unpack, unseal
from tests.batches import NOON, plain
from tests.ward import BAD, STRANGE, Picky, Ward, at, told


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with closing(Picky(tmp_path / "store")) as store, closing(Catalog(tmp_path / "catalog.db")) as catalog:
        yield Ward(store, catalog)


@pytest.mark.parametrize("culprits", [[0], [63], [17], [5, 6], [0, 31, 63]])
def test_what_the_store_will_never_take_is_found_among_many_in_few_writes(ward: Ward, culprits: list[int]) -> None:
    bodies = [at(i, BAD if i in culprits else 70) for i in range(64)]
    stored, dead = ward.take(*(told(i, body) for i, body in enumerate(bodies)))
    assert dead == {("s", i): "a field has another type" for i in culprits}
    assert stored == Counter(("s", i) for i in range(64) if i not in culprits)
    assert ward.store.readings() == {"d1": 3 * (64 - len(culprits))}
    assert ward.payloads() == {bodies[i] for i in culprits}
    assert ward.store.writes <= 1 + 2 * len(culprits) * log2(64)


def test_only_the_bad_body_of_a_row_is_set_aside(ward: Ward) -> None:
    _, dead = ward.take(told(1, at(0), at(1, BAD), at(2)))
    assert list(dead) == [("s", 1)]
    assert ward.store.readings() == {"d1": 6}
    assert [(one.part, one.readings) for one in ward.catalog.dead()] == [(1, 3)]


@pytest.mark.parametrize("fails_at", range(1, 8))
def test_a_store_that_goes_away_half_way_answers_nothing_and_all_is_well_later(ward: Ward, fails_at: int) -> None:
    #  writes: all ✗ │ half ✓ │ half ✗ │ …      the store goes away at one of them, and is back for the next attempt
    messages = [told(i, at(i, BAD if i == 6 else 70)) for i in range(8)]
    ward.store.fails_at = fails_at
    with pytest.raises(StoreUnavailable):
        ward.take(*messages)
    assert ward.catalog.dead() == []
    stored, dead = ward.take(*messages)
    assert (sum(stored.values()), list(dead)) == (7, [("s", 6)])
    assert ward.store.readings() == {"d1": 21}


def test_a_defect_that_one_body_brings_out_stops_nobody_and_no_word_of_a_patient_is_kept_with_it(ward: Ward) -> None:
    stored, dead = ward.take(told(1, at(0)), told(1, at(1, STRANGE), spool="other"), told(2, at(2)))
    assert stored == Counter([("s", 1), ("s", 2)])
    assert dead == {("other", 1): "a defect of this KeepUp (ZeroDivisionError)"}
    assert ward.payloads() == {at(1, STRANGE)}


def test_a_defect_that_strikes_every_batch_holds_nobody_up_and_after_the_update_all_of_it_is_stored(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbling(_: object) -> NoReturn:
        raise KeyError("nothing")

    bodies = [at(i) for i in range(16)]
    with monkeypatch.context() as broken:
        broken.setattr("ingest.ingester._tiles", stumbling)
        for spool, some in (("a", bodies[:8]), ("b", bodies[8:])):
            stored, dead = ward.take(*(told(i, body, spool=spool) for i, body in enumerate(some)))
            assert (stored, len(dead), set(dead.values())) == (Counter(), 8, {"a defect of this KeepUp (KeyError)"})
    assert (ward.payloads(), ward.store.readings()) == (set(bodies), {})
    assert ward.ingester.tally.struck_since == NOON
    ward.now = NOON + HOUR
    assert ward.ingester.retry(list(ward.catalog.letters.all())) == []
    assert (ward.payloads(), ward.store.readings()) == (set(), {"d1": 48})
    assert ward.ingester.tally.struck_since is None


PASSING = [MemoryError(), OSError(24, "Too many open files"), ImportError("x"), RuntimeError("can't start new thread")]


@pytest.mark.parametrize("where", ["ingest.ingester.unseal", "ingest.ingester.unpack", "ingest.body.cbor2.loads", "ingest.ingester._tiles"])
@pytest.mark.parametrize("error", [*PASSING, sqlite3.OperationalError("Ann Example")], ids=lambda error: type(error).__name__)
def test_a_fault_that_passes_is_not_taken_for_poison(ward: Ward, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception) -> None:
    def short(*_: object) -> NoReturn:
        raise error

    messages = [told(i, at(i), spans=[Span("d1", NOON, NOON + HOUR)]) for i in range(4)]
    with monkeypatch.context() as moment:
        moment.setattr(where, short)
        with pytest.raises(StoreUnavailable) as held:
            ward.take(*messages)
    assert "Ann Example" not in str(held.value)
    assert (ward.catalog.dead(), ward.store.readings()) == ([], {})
    assert ward.take(*messages) == (Counter(("s", i) for i in range(4)), {})


def test_memory_that_runs_out_says_nothing_of_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*_: object) -> NoReturn:
        raise MemoryError

    sealed = told(1, at(0))[1]
    monkeypatch.setattr(cbor2, "loads", short)
    for read in (unseal, unpack, decode, legible):
        with pytest.raises(MemoryError):
            read(sealed)


def test_a_message_that_the_catalog_stumbles_over_is_set_aside_whole(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    record = ward.catalog.record

    def stumbling(*args: object, **more: object) -> None:
        if any(claim.dev == "odd" for claim in args[3]):  # type: ignore[attr-defined] # the claims
            raise KeyError("odd")
        record(*args, **more)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(ward.catalog, "record", stumbling)
    odd = "keepup/1/home/x", seal(Message("x", 1, {"odd": NOON}, [(9, pack(Parcel([(3, at(1))])))]))
    stored, dead = ward.take(told(1, at(0)), odd, told(2, at(2)))
    assert stored == Counter([("s", 1), ("s", 2)])
    assert dead == {("x", 9): "a defect of this KeepUp (KeyError)"}
    assert [(one.spool, one.seq, one.part, one.readings, one.payload) for one in ward.catalog.dead()] == [("x", 9, MESSAGE, 3, odd[1])]


def test_a_message_of_a_version_to_come_is_answered_so_that_it_is_not_sent_for_ever(ward: Ward) -> None:
    newer = cbor2.dumps({"v": 2, "spool": "n", "seq": 4, "parcel": pack(Parcel([(3, at(0))])), "more": True})
    _, dead = ward.take(("g", newer))
    assert dead == {("n", 4): "message of version 2; this KeepUp reads version 1"}
    assert [(one.part, one.readings, one.payload) for one in ward.catalog.dead()] == [(MESSAGE, 3, newer)]


def test_of_messages_that_nobody_can_answer_only_the_newest_are_kept(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.dead.LOST", 3)
    for i in range(10):
        assert ward.take(("g", b"\xff%d" % i)) == (Counter(), {})
    assert ward.payloads() == {b"\xff7", b"\xff8", b"\xff9"}


# times that cannot be right, and times long gone


@pytest.mark.parametrize(
    ("stream", "age", "good"),
    [
        (Stream.ACC, -DAY + MINUTE, True),
        (Stream.ACC, -DAY - MINUTE, False),
        (Stream.ACC, RAW_KEPT - MINUTE, True),
        (Stream.ACC, RAW_KEPT + MINUTE, False),
        (Stream.HR, RAW_KEPT + MINUTE, True),
        (Stream.HR, REST_KEPT - MINUTE, True),
        (Stream.HR, REST_KEPT + MINUTE, False),
    ],
)
def test_what_is_of_no_time_the_store_keeps_is_set_aside_by_the_ingesters_clock(ward: Ward, stream: Stream, age: int, good: bool) -> None:
    body = encode(plain(stream, NOON, n=1))
    ward.now = NOON + age
    stored, dead = ward.take(told(1, body, n=1))
    assert (bool(stored), bool(dead)) == (good, not good)
    assert ward.payloads() == (set() if good else {body})
    assert ward.store.readings() == ({"d1": 1} if good else {})


@pytest.mark.parametrize("days", [-400, 40, 4_000])
def test_a_history_may_be_of_any_time(tmp_path: Path, days: int) -> None:
    with closing(Picky(tmp_path / "store")) as store, closing(Catalog(tmp_path / "catalog.db")) as catalog:
        ward = Ward(store, catalog, NOON + days * DAY, past=True)
        _, dead = ward.take(told(1, encode(plain(Stream.ACC)), spans=[Span("d1", NOON, NOON + HOUR)], claim=NOON + HOUR))
        assert dead == {}
        assert catalog.complete_to("d1") == NOON + HOUR


@pytest.mark.parametrize(
    ("clock", "whose"),
    [(None, "the gateway's or the band's"), (Clock(0, Quality.SYNCED), "the band's"), (Clock(0, Quality.UNSYNCED), "the gateway's")],
)
def test_readings_from_the_future_say_whose_clock_is_wrong(ward: Ward, clock: Clock | None, whose: str) -> None:
    hr = plain(t0=NOON + 3 * DAY)
    ahead = Batch(hr.dev, hr.stream, hr.t0, hr.dt, hr.offsets, hr.values, hr.scale, hr.until, clock)
    _, dead = ward.take(told(1, encode(ahead)))
    assert dead == {("s", 1): f"it ends 3 days in the future: {whose} clock is wrong; set it"}


def test_a_clock_that_is_ahead_calls_nothing_complete_and_lays_no_spans_while_its_good_readings_are_stored(ward: Ward) -> None:
    ward.take(told(1, claim=NOON))
    ahead = told(2, at(0), spans=[Span("d1", NOON, NOON + 40 * DAY)], claim=NOON + 40 * DAY)
    _, dead = ward.take(ahead)
    assert list(dead) == [("s", 2)]
    assert ward.store.readings() == {"d1": 3}
    assert ward.catalog.complete_to("d1") == NOON
    assert ward.catalog.spans("d1", 0, NOON + 90 * DAY) == []
    assert [(one.part, one.readings) for one in ward.catalog.dead()] == [(SPANS, 0)]
