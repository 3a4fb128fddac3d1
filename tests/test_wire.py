"""The bytes on the wire: round trips, refusals, and golden bytes so that a change of format cannot pass unseen."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.batch import CELL, HOUR, Cause, Span
from ingest.body import encode
from ingest.deflate import inflated
from ingest.forms import Refused
from ingest.wire import Ack, Message, Parcel, pack, ranges, seal, seal_ack, unpack, unseal, unseal_ack
from tests.batches import NOON, plain

GOLDEN_PARCEL = "02433585c925293fa512664f52a221d094843be6151718208ca3d20edfbe0200"
GOLDEN_MESSAGE = "a56176016573706f6f6c6173647475726e0166636c61696d73a16261311b000660dc3778d00064726f77738182034101"
OLDER_MESSAGE = "a66176016573706f6f6c6173647475726e0166636c61696d73a16261311b000660dc3778d00063736571036670617263656c4101"
GOLDEN_ACK = "a46176016573706f6f6c61736673746f72656481820102646465616481820363776879"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_parcel_a_message_and_an_ack_or_refused(junk: bytes) -> None:
    for read in (unpack, unseal, unseal_ack):
        with suppress(Refused):
            read(junk)


def test_a_reader_that_knows_no_corrections_reads_the_gap_without_it() -> None:
    wrong = Span("d1", NOON, NOON + HOUR, Cause.CLOCK, off=8 * HOUR)
    raw = cbor2.loads(inflated(pack(Parcel([], [Span("d1", NOON - HOUR, NOON), wrong]))))
    assert raw.pop("off") == {1: 8 * HOUR}
    assert unpack(cbor2.dumps(raw)).spans[1] == replace(wrong, off=None)


def test_a_message_of_the_older_form_holds_one_row() -> None:
    assert unseal(bytes.fromhex(OLDER_MESSAGE)) == unseal(bytes.fromhex(GOLDEN_MESSAGE))


def test_a_later_major_version_is_refused_and_says_which() -> None:
    with pytest.raises(Refused, match="version 2"):
        unseal(cbor2.dumps({"v": 2, "spool": "s", "turn": 1}))


@pytest.mark.parametrize("read", [unpack, unseal, unseal_ack])
def test_a_version_beyond_words_is_refused_in_few(read: Callable[[bytes], object]) -> None:
    for version in (10**5000, -(10**5000), [10**5000], "x" * 10_000):
        with pytest.raises(Refused, match=r"^(parcel|message|ack) of version .{1,40}; this KeepUp reads version 1$"):
            read(cbor2.dumps({"v": version}))


def test_parcel_message_and_ack_come_back_as_they_went() -> None:
    wrong = Span("d1", NOON, NOON + 9, Cause.CLOCK, off=-HOUR)
    parcel = Parcel([(3, encode(plain()))], [Span("d1", NOON, NOON + 5), Span("d1", NOON + 5, NOON + 9, Cause.RANGE, final=False), wrong])
    assert unpack(pack(parcel)) == parcel
    message = Message("spool", 7, {"d1": NOON}, [(4, pack(parcel)), (9, b"")])
    assert unseal(seal(message)) == message
    status = Message("spool", 8, {"d1": NOON})
    assert unseal(seal(status)) == status
    ack = Ack("spool", [(1, 5), (8, 8)], [(6, "unreadable")])
    assert unseal_ack(seal_ack(ack)) == ack


@pytest.mark.parametrize("number", [-1, 2**63, 2**70])
@pytest.mark.parametrize("change", ["turn", "seq", "claims"])
def test_a_number_that_no_database_holds_is_refused(change: str, number: int) -> None:
    raw = cbor2.loads(seal(Message("s", 1, {"d1": NOON}, [(3, b"x")])))
    with pytest.raises(Refused, match="unreadable message"):
        unseal(cbor2.dumps(raw | {change: {"d1": number} if change == "claims" else number}))


@pytest.mark.parametrize("number", [-1, 2**70])
def test_an_answer_or_a_parcel_with_such_a_number_is_refused_too(number: int) -> None:
    for answer in (Ack("s", [(1, number)]), Ack("s", [], [(number, "why")])):
        with pytest.raises(Refused):
            unseal_ack(seal_ack(answer))
    with pytest.raises(Refused):
        unpack(pack(Parcel([(number, b"x")])))


@given(st.sets(st.integers(0, 50)))
def test_ranges_hold_exactly_the_rows(rows: set[int]) -> None:
    found = ranges(rows)
    assert [r for a, b in found for r in range(a, b + 1)] == sorted(rows)
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(found))


def test_the_golden_bytes_have_not_changed() -> None:
    """If this fails the wire format changed: old spools and gateways speak the old one. Raise `VERSION` and keep reading both."""
    assert pack(Parcel([(2, b"body")], [Span("a1", NOON, NOON + CELL)])).hex() == GOLDEN_PARCEL
    assert seal(Message("s", 1, {"a1": NOON}, [(3, b"\x01")])).hex() == GOLDEN_MESSAGE
    assert seal_ack(Ack("s", [(1, 2)], [(3, "why")])).hex() == GOLDEN_ACK
