"""Bytes made fewer come back as they were, or are refused."""

import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.batch import CELL, Batch, Span, Stream
from ingest.body import encode
from ingest.deflate import COMMON, LARGEST, deflated, inflated, legible
from ingest.forms import Refused
from ingest.wire import Parcel, pack, unpack
from tests.batches import NOON, drawn, plain

GOLDEN = "0203ea484a3144d29470c7bce20203aa562906c6b60510cd49413d0c0c10040700"
OLDER = bytes.fromhex(
    "a36176016762617463686573818202584ca8616462613161736361636361741b000660dc3778d0006178fb3f50000000000000616f4800000000a086"
    "0100616662693261624c0000000000049cff2c01e80361751b000660dc37c51b40657370616e7381856261311b000660dc3778d0001b000660dc37c5"
    "1b40f6f5"
)


@given(st.binary())
def test_bytes_come_back_as_they_went(some: bytes) -> None:
    assert inflated(deflated(some)) == some


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(junk: bytes, marked: bool) -> None:
    with suppress(Refused):
        inflated(b"\x02" + junk if marked else junk)
    legible(junk)


@given(drawn(), st.data())
def test_what_is_cut_anywhere_is_refused(batch: Batch, data: st.DataObject) -> None:
    parcel = pack(Parcel([(batch.n, encode(batch))]))
    with pytest.raises(Refused):
        unpack(parcel[: data.draw(st.integers(0, len(parcel) - 1))])


def test_bytes_behind_it_are_refused() -> None:
    with pytest.raises(Refused, match="longer than it says"):
        inflated(deflated(b"some") + b"more")


def test_what_inflates_into_more_than_a_parcel_can_be_is_refused() -> None:
    with pytest.raises(Refused, match="too large"):
        inflated(deflated(bytes(LARGEST + 1)))


def test_a_still_second_of_three_axes_takes_a_third_of_its_bare_numbers_with_all_that_goes_with_it() -> None:
    still = Batch("band-00001", Stream.ACC, NOON, 20_000, None, np.full((50, 3), 1024, np.int16), 1 / 1024)
    assert len(pack(Parcel([(50, encode(still))], [Span("band-00001", NOON, NOON + CELL)]))) < still.values.nbytes / 3


def test_the_dictionary_has_not_changed() -> None:
    """If this fails nothing that was deflated before can be read again. Give the new dictionary another mark and keep the old one."""
    assert zlib.crc32(COMMON) == 2654670125
    assert inflated(bytes.fromhex(GOLDEN)) == encode(plain(Stream.ACC))


def test_a_parcel_that_is_not_deflated_is_read() -> None:
    assert unpack(OLDER).spans == [Span("a1", NOON, NOON + CELL)]
