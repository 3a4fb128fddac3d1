"""What the catalog says changed → minutes and bouts, made again and kept."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from detectors.bouts import bouts

from detectors.minutes import minutes
from ingest.batch import CELL, HOUR, MINUTE, Batch, Stream
from ingest.catalog import Catalog
from ingest.minute import Minutes
from ingest.store import Store

AROUND = 3 * CELL
"""A minute is told from its neighbours up to here."""
PULSE = 10 * MINUTE
"""A pulse may have been said this long ago and still hold."""
REACH = 2 * HOUR
"""A bout that began this long before what changed may look different now."""
AT_ONCE = 24
"""Hours made in one go at most, which bounds the memory."""

Stretch = tuple[str, int, int]
"""(band, start, end) in µs UTC."""


def refresh(store: Store, catalog: Catalog, since: int) -> tuple[list[Stretch], int]:
    """Make again what changed after the catalog's counter `since`; gives what was made, and the counter up to which that is all.

    Each changed band-hour is made once a call. Wear and sleep are not kept: whoever reads minutes tells them from all that is there
    (`detectors.sleep.labelled`), so that late data cannot leave a stale label behind. Raises `StoreUnavailable`.
    """
    hours, counter = catalog.changed(since)
    made = list(_stretches(hours))
    for dev, start, end in made:
        store.write_minutes(dev, _minutes(store, catalog, dev, start, end))
    for dev, start, end in made:
        _write_bouts(store, dev, start, end)
    return made, counter


def _stretches(hours: Sequence[tuple[str, int]]) -> Iterator[Stretch]:
    """Runs of neighbouring hours of one band, at most `AT_ONCE` long."""
    for (dev, _), run in groupby(enumerate(hours), lambda at: (at[1][0], at[1][1] - at[0] * HOUR)):
        found = [hour for _, (_, hour) in run]
        for i in range(0, len(found), AT_ONCE):
            part = found[i : i + AT_ONCE]
            yield dev, part[0], part[-1] + HOUR


def _minutes(store: Store, catalog: Catalog, dev: str, start: int, end: int) -> Minutes:
    said: list[Batch] = []
    for stream in (Stream.COUNTER, Stream.STEPS, Stream.HR, Stream.INTENSITY):
        said += store.batches(dev, stream, start - PULSE, end + AROUND)
    if counter := store.before(dev, Stream.COUNTER, start - PULSE):
        said.append(counter)
    tiles = store.tiles(dev, start - AROUND, end + AROUND)
    return minutes(start, end, tiles, said, catalog.spans(dev, start - PULSE, end + AROUND))


def _write_bouts(store: Store, dev: str, start: int, end: int) -> None:
    first, last = start - REACH, end + REACH
    seen = store.minutes(dev, first - REACH, last)
    tiles = store.tiles(dev, first - AROUND, last + AROUND)
    raw = store.batches(dev, Stream.ACC, first, last) if len(tiles) else []
    found = [bout for bout in bouts(dev, seen, tiles, raw) if first <= bout.start < end]
    if found or store.bouts(dev, first, end):
        store.write_bouts(dev, first, end, found)
