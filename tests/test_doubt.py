"""An ingester whose own clock lies behind takes nothing for poison that is of now, and stalls nobody else for it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ingest.batch import DAY, HOUR, MINUTE, Span
from ingest.body import encode
from ingest.catalog import Catalog
from ingest.store import StoreUnavailable
from tests.batches import NOON, plain
from tests.ward import Picky, Ward, told


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with closing(Picky(tmp_path / "store")) as store, closing(Catalog(tmp_path / "catalog.db")) as catalog:
        yield Ward(store, catalog)


def late(seq: int, after: int, spool: str = "s") -> tuple[str, bytes]:
    """A row of readings that were just heard, `after` noon by its gateway's clock."""
    heard = plain(t0=NOON + after - 3 * MINUTE)
    return told(seq, encode(heard), spool=spool, spans=[Span("d1", heard.t0, heard.end)], claim=NOON + after)


NOBODY = Counter[tuple[str, int]](), dict[tuple[str, int], str]()


def test_a_clock_behind_what_was_stored_by_it_before_answers_nothing_that_seems_to_come_and_all_of_it_once_it_is_set(ward: Ward) -> None:
    #  noon, stored │ three days later, the clock three hours before noon │ the clock is set
    ward.take(late(1, 0))
    ward.now = NOON - 3 * HOUR
    with capture_logs() as logs:
        for _ in range(3):
            assert ward.take(late(2, 3 * DAY), told(3, spans=[Span("d1", NOON, NOON + 3 * DAY)])) == NOBODY
    assert [line["reason"][:60] for line in logs] == ["This machine's clock is 3.0 hours behind what it stored befo"]
    assert (ward.catalog.dead(), ward.store.readings(), ward.catalog.complete_to("d1")) == ([], {"d1": 3}, NOON)
    assert ward.ingester.tally.doubted_since == NOON - 3 * HOUR
    ward.now = NOON + 3 * DAY
    stored, dead = ward.take(late(2, 3 * DAY))
    assert (stored, dead, ward.store.readings()) == (Counter([("s", 2)]), {}, {"d1": 6})
    assert ward.ingester.tally.doubted_since is None


def test_a_clock_that_nobody_has_set_yet_answers_nothing_that_seems_to_come(ward: Ward) -> None:
    ward.unset = True
    assert ward.take(late(1, 3 * DAY)) == NOBODY
    assert (ward.catalog.dead(), ward.store.readings(), ward.ingester.tally.doubted_since) == ([], {}, NOON)
    ward.unset = False
    assert list(ward.take(late(1, 3 * DAY))[1]) == [("s", 1)]
    assert ward.ingester.tally.doubted_since is None


@pytest.mark.parametrize("among", range(8))
def test_what_is_not_answered_keeps_no_other_gateway_waiting(ward: Ward, among: int) -> None:
    ward.unset = True
    others = [late(i, i * HOUR, spool=f"other{i}") for i in range(7)]
    stored, dead = ward.take(*others[:among], late(1, 3 * DAY), *others[among:])
    assert (stored, dead) == (Counter((f"other{i}", i) for i in range(7)), {})


def test_readings_ahead_of_a_clock_that_is_right_are_set_aside_as_ever(ward: Ward) -> None:
    ward.take(late(1, 0))
    ward.now = NOON + MINUTE
    assert list(ward.take(late(2, 3 * DAY))[1]) == [("s", 2)]


def test_a_clock_that_was_years_ahead_once_is_not_for_ever_behind(ward: Ward) -> None:
    #  noon, stored │ one look at a clock three years ahead │ right again: a band that is ahead is found again
    ward.take(late(1, 0))
    ward.now = NOON + 3 * 365 * DAY
    ward.take(told(2, claim=NOON))
    ward.now = NOON + DAY + HOUR
    assert list(ward.take(late(3, 9 * DAY))[1]) == [("s", 3)]


def test_a_letter_is_not_judged_again_by_a_clock_in_doubt(ward: Ward) -> None:
    ward.take(late(1, 3 * DAY))
    before = list(ward.catalog.letters.all())
    ward.unset = True
    with pytest.raises(StoreUnavailable, match="No time server has set this machine's clock"):
        ward.ingester.retry(before)
    assert list(ward.catalog.letters.all()) == before
    ward.now = NOON + 3 * DAY
    assert ward.ingester.retry(before) == []
    assert (ward.catalog.dead(), ward.store.readings()) == ([], {"d1": 3})


def test_a_history_is_of_no_time_that_a_clock_could_doubt(tmp_path: Path) -> None:
    with closing(Picky(tmp_path / "store")) as store, closing(Catalog(tmp_path / "catalog.db")) as catalog:
        ward = Ward(store, catalog, past=True)
        ward.unset = True
        assert ward.take(late(1, 40 * DAY))[0] == Counter([("s", 1)])
