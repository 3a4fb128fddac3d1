"""What was set aside is listed, shown to the byte, and tried again: what can be stored then is, and nothing of it is lost or doubled."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from cli import main
from cli.line import wall
from cli.options import stamp
from ingest.batch import DAY, HOUR, MINUTE, Span
from ingest.body import encode
from ingest.catalog import Catalog
from ingest.dead import MESSAGE, PARCEL, SPANS, Dead, address, counted, glimpse
from ingest.store import StoreUnavailable
from ingest.stores.sqlite import SqliteStore
from ingest.wire import Message, Parcel, pack, seal
from tests.batches import NOON, plain
from tests.ward import BAD, STRANGE, Picky, Ward, at, told

TODAY = wall() // HOUR * HOUR - 2 * HOUR
"""The verbs go by the real clock."""


class Folder:
    """Of a site, whose ingester is only there while it is given something."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def take(self, *messages: tuple[str, bytes], now: int = TODAY) -> None:
        with closing(Picky(self.path / "store")) as store, closing(Catalog(self.path / "catalog.db")) as catalog:
            Ward(store, catalog, now).take(*messages)

    def kept(self) -> tuple[int, list[tuple[int, str]]]:
        """Readings stored, and (part, reason) of each letter."""
        with closing(SqliteStore(self.path / "store")) as store, closing(Catalog(self.path / "catalog.db")) as catalog:
            return sum(store.readings().values()), [(one.dead.part, one.dead.reason) for one in catalog.letters.all()]

    def keepup(self, verb: str, *words: str) -> Result:
        return CliRunner().invoke(main.app, ["ingest", "dead", verb, str(self.path), *words])


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "clinic")


def body(minute: int = 0, value: int = 70) -> bytes:
    return encode(plain(t0=TODAY + minute * MINUTE, value=value))


def letter(spool: str, seq: int, part: int, payload: bytes) -> Dead:
    return Dead(spool, seq, part, "of an older KeepUp", 0, payload)


# list and show


def test_what_is_set_aside_is_listed_with_where_it_came_from_and_why(folder: Folder) -> None:
    newer = cbor2.dumps({"v": 2, "spool": "n", "seq": 4, "parcel": pack(Parcel([(7, body())]))})
    for message in (told(1, body(), body(10, BAD)), told(2, b"\xff\x00"), ("g", newer), ("g", b"\xff")):
        folder.take(message)
    done = folder.keepup("list", "--json")
    first, second, third, last = json.loads(done.stdout)["letters"]
    assert done.exit_code == 0
    assert {name: first[name] for name in ("spool", "seq", "part", "readings", "reason", "band", "stream")} == {
        "spool": "s",
        "seq": 1,
        "part": 1,
        "readings": 3,
        "reason": "a field has another type",
        "band": "d1",
        "stream": "hr",
    }
    assert (first["at"], first["from"]) == (stamp(TODAY), stamp(TODAY + 10 * MINUTE))
    assert first["bytes"] == len(body(10, BAD))
    assert (second["part"], second["readings"], second["band"]) == (0, 3, None)
    assert (third["part"], third["readings"], third["spool"], third["seq"]) == ("message", 7, "n", 4)
    assert (last["spool"], last["seq"], last["readings"]) == (None, None, None)

    lines = folder.keepup("list").stdout.splitlines()
    assert len(lines) == 4
    assert lines[0].endswith("3 readings: a field has another type")
    assert "the message as a whole  7 readings: message of version 2; this KeepUp reads version 1" in lines[2]
    assert "an unknown number of readings" in lines[3]


def test_a_site_where_all_is_well_says_so(folder: Folder) -> None:
    folder.take(told(1, body()))
    assert json.loads(folder.keepup("list", "--json").stdout) == {"letters": []}
    done = folder.keepup("list")
    assert (done.stdout, done.stderr) == ("", "Nothing is set aside.\n")


def test_one_is_shown_to_the_byte_with_what_can_be_read_of_it(folder: Folder) -> None:
    poison = body(10, BAD)
    folder.take(told(1, body(), poison))
    shown = json.loads(folder.keepup("show", "1", "--json").stdout)
    assert bytes.fromhex(shown["hex"]) == poison
    assert (shown["read"]["d"], shown["read"]["t"], shown["read"]["b"]) == ("d1", TODAY + 10 * MINUTE, "12 bytes")
    text = folder.keepup("show", "1").stdout
    assert "because: a field has another type" in text
    assert "row 1 of spool s, body 1, 3 readings" in text
    assert bytes.fromhex(text.partition("\n00000000 ")[2].partition("\n")[0]) == poison[:32]


@pytest.mark.parametrize("verb", ["show", "retry"])
def test_an_id_that_is_not_there_is_said_and_changes_nothing(folder: Folder, verb: str) -> None:
    folder.take(told(1, body(0, BAD)))
    done = folder.keepup(verb, "77")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Nothing of the id 77 is set aside. keepup ingest dead list shows what is." in done.stderr
    assert folder.kept() == (0, [(0, "a field has another type")])


@pytest.mark.parametrize("words", [(), ("1", "--all")])
def test_which_ones_to_try_has_to_be_said(folder: Folder, words: tuple[str, ...]) -> None:
    folder.take(told(1, body(0, BAD)))
    assert folder.keepup("retry", *words).exit_code == 2
    assert len(folder.kept()[1]) == 1


def test_a_folder_that_is_no_site_is_not_made_one(folder: Folder) -> None:
    assert folder.keepup("list").exit_code == 2
    assert not folder.path.exists()


# retry


def test_what_can_be_stored_now_is_and_what_cannot_stays_with_the_reason_of_now(folder: Folder) -> None:
    #  set aside:  1 refused by the store   2 a defect   3 junk        now the store takes 1 and the defect is mended
    folder.take(told(1, body(0, BAD)), told(2, body(10, STRANGE)), told(3, b"\xff"))
    assert folder.kept()[0] == 0
    done = folder.keepup("retry", "--all", "--json")
    told_now = json.loads(done.stdout)
    assert (done.exit_code, told_now["tried"], len(told_now["stay"])) == (1, 3, 1)
    assert told_now["stay"][0].startswith("unreadable batch")
    assert folder.kept() == (6, [(0, told_now["stay"][0])])


def test_only_those_that_are_named_are_tried(folder: Folder) -> None:
    folder.take(*(told(i, body(10 * i, BAD)) for i in range(1, 4)))
    assert folder.keepup("retry", "3", "1", "1").exit_code == 0
    assert folder.kept() == (6, [(0, "a field has another type")])
    assert folder.keepup("retry", "--all").stdout == "Tried 1; nothing stays set aside.\n"
    assert folder.kept() == (9, [])


def test_readings_of_a_time_to_come_can_be_stored_once_it_has_come(folder: Folder) -> None:
    span = Span("d1", TODAY, TODAY + HOUR)
    folder.take(told(1, body(), spans=[span]), now=TODAY - 3 * DAY)
    stored, letters = folder.kept()
    assert (stored, [part for part, _ in letters]) == (0, [0, SPANS])
    assert folder.keepup("retry", "--all").exit_code == 0
    assert folder.kept() == (3, [])
    with closing(Catalog(folder.path / "catalog.db")) as catalog:
        assert catalog.spans("d1", 0, TODAY + DAY) == [span]
        assert [hour for hour, _ in catalog.stale("d1", TODAY + DAY)] == [TODAY]


def test_what_stays_keeps_its_id_and_the_day_it_was_set_aside_and_has_the_reason_of_now(tmp_path: Path) -> None:
    ward = Ward(Picky(tmp_path / "store"), Catalog(tmp_path / "catalog.db"))
    ward.catalog.record([], [], [letter("s", n, 0, at(n, value)) for n, value in ((1, BAD), (2, 70))], [], NOON)
    bad, good = (replace(one, dead=replace(one.dead, readings=3)) for one in ward.catalog.letters.all())
    ward.now = NOON + HOUR
    assert [dead.seq for dead in ward.ingester.retry([good, bad])] == [1]
    (stays,) = ward.catalog.letters.all()
    assert (stays.id, stays.at, stays.dead.reason) == (bad.id, NOON, "a field has another type")


def test_a_row_whose_parcel_could_not_be_read_leaves_only_its_bad_part_behind(tmp_path: Path) -> None:
    ward = Ward(Picky(tmp_path / "store"), Catalog(tmp_path / "catalog.db"))
    parcel = pack(Parcel([(3, at(0)), (3, at(1, BAD))]))
    ward.catalog.record([], [], [letter("s", 1, PARCEL, parcel)], [], NOON)
    ward.ingester.retry(list(ward.catalog.letters.all()))
    assert [(one.part, one.payload) for one in ward.catalog.dead()] == [(1, at(1, BAD))]
    assert ward.store.readings() == {"d1": 3}


def test_a_letter_of_a_message_is_read_as_one_and_its_gateway_is_not_heard_by_it(tmp_path: Path) -> None:
    ward = Ward(Picky(tmp_path / "store"), Catalog(tmp_path / "catalog.db"))
    sealed = seal(Message("s", 1, {}, [(1, pack(Parcel([(3, at(0))])))]))
    ward.catalog.record([], [], [letter("s", 1, MESSAGE, sealed), letter("", -1, -1, sealed)], [], NOON)
    ward.ingester.retry(list(ward.catalog.letters.all()))
    assert (ward.catalog.dead(), ward.store.readings(), ward.catalog.gateways.all()) == ([], {"d1": 3}, [])


def test_a_store_that_is_away_leaves_every_letter_as_it_was(tmp_path: Path) -> None:
    ward = Ward(Picky(tmp_path / "store"), Catalog(tmp_path / "catalog.db"))
    ward.take(told(1, at(0, BAD)), told(2, b"\xff"))
    before = list(ward.catalog.letters.all())
    ward.store.writes, ward.store.fails_at = 0, 1
    with pytest.raises(StoreUnavailable):
        ward.ingester.retry(before)
    assert list(ward.catalog.letters.all()) == before


def test_two_who_try_the_same_letters_at_once_lose_none_that_comes_between(tmp_path: Path) -> None:
    #  first:   reads letter 1 ── stores it, it goes
    #  second:  reads letter 1 ──────────────────────────────── stores it again, and forgets letter 1
    #  ingester:                                 ── sets another aside, under the number that is free again
    ward = Ward(Picky(tmp_path / "store"), Catalog(tmp_path / "catalog.db"))
    ward.catalog.record([], [], [replace(letter("s", 1, 0, at(1)), readings=3)], [], NOON)
    first, second = (list(ward.catalog.letters.all()) for _ in range(2))
    assert ward.ingester.retry(first) == []
    ward.take(told(2, at(2, BAD)))
    (between,) = ward.catalog.letters.all()
    assert between.id == second[0].id
    assert ward.ingester.retry(second) == []
    assert list(ward.catalog.letters.all()) == [between]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.sampled_from(["spool", "seq", "parcel", "batches"]), inner)
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.binary() | ANYTHING.map(cbor2.dumps))
def test_no_bytes_can_harm_who_looks_at_them(payload: bytes) -> None:
    json.dumps(glimpse(payload))
    assert counted(payload) >= 0
    spool, _, rows = address(payload)
    assert rows or not spool
