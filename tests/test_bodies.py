"""The bytes of a batch: round trips, refusals, and golden bytes so that a change of format cannot pass unseen."""

from contextlib import suppress
from typing import Any

import cbor2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.batch import CELL, Batch, Stream
from ingest.body import Numbers, decode, encode
from ingest.forms import Refused
from tests.batches import NOON, changed, drawn, plain, same

GOLDEN = (
    "a8616462613161736361636361741b000660dc3778d0006178fb3f50000000000000616f480040000d00030000616662703261751b000660dc37c51b"
    "4061624c00c70058002f000000020800"
)
OLDER = (
    "a8616462613161736361636361741b000660dc3778d0006178fb3f50000000000000616f4800000000a0860100616662693261624c0000000000049c"
    "ff2c01e80361751b000660dc37c51b40"
)


def golden() -> Batch:
    values = np.array([[0, 0, 1024], [-100, 300, 1000]], np.int16)
    return Batch("a1", Stream.ACC, NOON, None, np.array([0, 100_000], np.int32), values, 1 / 1024, NOON + CELL)


@given(drawn())
def test_a_batch_comes_back_as_it_went(batch: Batch) -> None:
    assert same(decode(encode(batch)), batch)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_batch_or_refused(junk: bytes) -> None:
    with suppress(Refused):
        decode(junk)


@given(drawn(), st.data())
def test_a_body_cut_anywhere_is_refused(batch: Batch, data: st.DataObject) -> None:
    body = encode(batch)
    with pytest.raises(Refused):
        decode(body[: data.draw(st.integers(0, len(body) - 1))])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"s": "telepathy"}, "unreadable batch"),
        ({"t": 0}, "impossible time"),
        ({"b": b"123"}, "not whole samples"),
        ({"x": float("nan")}, "impossible scale"),
        ({"f": "f8"}, "number format"),
        ({"o": (5).to_bytes(4, "little") * 2}, "do not ascend"),
        ({"u": NOON - 1}, "ends before"),
        ({"t": NOON + CELL - 50_000, "u": None}, "crosses a cell"),
        ({"o": None}, "neither a sampling interval"),
    ],
)
def test_a_batch_that_cannot_be_true_is_refused_with_its_reason(change: dict[str, object], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        decode(changed(encode(golden()), change))


def test_keys_of_a_later_minor_version_are_ignored() -> None:
    assert same(decode(changed(encode(plain()), {"later": [1, 2]})), plain())


@pytest.mark.parametrize("told", [7, [], ["synced", 0], [0, "by the sun"], [2**70, "synced"], [None, None], {"offset": 1}])
def test_a_clock_that_cannot_be_read_is_not_told_and_costs_no_reading(told: object) -> None:
    assert same(decode(changed(encode(plain()), {"c": told})), plain())


@pytest.mark.parametrize(("bits", "number"), [(16, np.int16), (32, np.int32)])
def test_steps_between_the_least_and_the_greatest_number_come_back(bits: int, number: Any) -> None:
    least, greatest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    values: Numbers = np.array([[greatest], [least], [greatest], [0], [least]], number)
    batch = Batch("d1", Stream.HR, NOON, 1000, None, values, 1.0)
    assert same(decode(encode(batch)), batch)


def test_the_golden_bytes_have_not_changed() -> None:
    """If this fails the format changed, and spools, stores and gateways hold the old one. Give the new one another `f`; read both."""
    assert encode(golden()).hex() == GOLDEN


def test_the_older_form_is_read() -> None:
    assert same(decode(bytes.fromhex(OLDER)), golden())
    assert set(cbor2.loads(bytes.fromhex(OLDER))) == set(cbor2.loads(encode(golden())))
