"""What a full spool gave up, as it stands in the catalog: not heard, even where rows beside it say that the link was alive."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.batch import HOUR, MICROS, MINUTE, Cause, Span
from ingest.catalog import Catalog
from tests.batches import NOON


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with closing(Catalog(tmp_path / "catalog.db")) as made:
        yield made


def span(start: float, end: float, cause: Cause | None = None) -> Span:
    """From one minute after noon to another."""
    return Span("d1", NOON + round(start * MINUTE), NOON + round(end * MINUTE), cause)


def lay(catalog: Catalog, *spans: Span, spool: str = "s") -> None:
    catalog.record([], [(spool, one) for one in spans], [], [], NOON + HOUR)


def test_seconds_of_a_minute_whose_word_went_are_not_heard_whichever_row_tells_of_them(catalog: Catalog) -> None:
    #  a row a second: most of them tell only that the link was alive, one of minute 1 said something and made way
    seconds = [Span("d1", NOON + i * MICROS, NOON + (i + 1) * MICROS) for i in range(180) if i != 70]
    lay(catalog, *seconds, span(1, 2, Cause.OVERFLOW))
    whole = [span(0, 1), span(1, 2, Cause.OVERFLOW), span(2, 3)]
    assert catalog.spans("d1", NOON, NOON + HOUR) == whole
    assert catalog.spans("d1", NOON + 2 * MINUTE, NOON + HOUR) == whole[2:]


def test_what_one_gateway_gave_up_another_may_have_heard(catalog: Catalog) -> None:
    lay(catalog, span(0, 10, Cause.OVERFLOW))
    lay(catalog, span(5, 20), spool="other")
    assert catalog.spans("d1", NOON, NOON + HOUR) == [span(0, 10, Cause.OVERFLOW), span(5, 20)]


def test_motion_alone_takes_nothing_from_a_link_that_was_alive(catalog: Catalog) -> None:
    lay(catalog, span(0, 20), span(5, 10, Cause.THINNED))
    assert catalog.spans("d1", NOON, NOON + HOUR) == [span(0, 20), span(5, 10, Cause.THINNED)]


@pytest.mark.parametrize("why", [Cause.THINNED, Cause.OVERFLOW])
def test_hours_are_made_again_when_it_turns_out_that_what_they_rest_on_went(catalog: Catalog, why: Cause) -> None:
    lay(catalog, span(0, 20))
    catalog.made("d1", catalog.stale("d1", NOON + HOUR))
    lay(catalog, span(5, 10, Cause.RADIO))
    assert catalog.stale("d1", NOON + HOUR) == []
    lay(catalog, span(5, 10, why))
    assert [hour for hour, _ in catalog.stale("d1", NOON + HOUR)] == [NOON]
