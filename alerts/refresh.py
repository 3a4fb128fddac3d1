"""What the catalog says changed → minutes and bouts, made again and kept."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from detectors.bouts import bouts
from detectors.minutes import minutes
from ingest.batch import CELL, HOUR, MINUTE, Batch, Cause, Stream
from ingest.catalog import Catalog
from ingest.minute import Minutes
from ingest.store import RAW_KEPT, Store

AROUND = 3 * CELL
"""A minute is told from its neighbours up to here."""
PULSE = 10 * MINUTE
"""A pulse may have been said this long ago and still hold."""
REACH = 2 * HOUR
"""A bout that began this long before what changed may look different now."""
AT_ONCE = 24
"""Hours made in one go at most, which bounds the memory."""

BESIDE = 3 * MINUTE
"""How much beside a busy minute is looked at with it."""
BUSY = 0.25
"""Share of a minute in motion from which its raw samples are looked at for repetitions."""


def refresh(store: Store, catalog: Catalog, dev: str, complete: int) -> int | None:
    """Make again what changed of one band and is complete (`complete`: µs UTC, see `Catalog.complete_to`). Gives the first hour made.

    A changed hour is made once, when all of it and of its neighbours is there; the hour that is still filling is made each time, as far as
    it is complete. So the minutes before `complete` never depend on the order in which data arrived. The hour after a changed one is made
    with it: a pulse holds, and a counter counts on. Wear and sleep are not kept: whoever reads minutes tells them from all that is there
    (`detectors.sleep.labelled`), so that late data cannot leave a stale label behind.

    What was made while all was there stays once the raw samples are forgotten: nothing comes out of what is left of them. An hour so old
    of which nothing was ever made is made of what has come, by itself, and its neighbours stay. Raises `StoreUnavailable`.
    """
    held = catalog.held_since(RAW_KEPT)
    hours = catalog.stale(dev, complete, held)
    for start, end in _stretches([hour for hour, _ in hours if hour >= held]):
        last = min(end + HOUR, complete - complete % MINUTE)
        store.write_minutes(dev, _minutes(store, catalog, dev, start - MINUTE, max(last, end)))
        _write_bouts(store, dev, start - REACH, end)
    for start, end in _stretches([hour for hour, _ in hours if hour < held]):
        store.write_minutes(dev, _minutes(store, catalog, dev, start, end))
        _write_bouts(store, dev, start, end)
    whole = [(hour, counter) for hour, counter in hours if hour + HOUR + MINUTE <= complete]
    if whole:
        catalog.made(dev, whole)
    return hours[0][0] if hours else None


def _stretches(hours: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(start, end) of runs of neighbouring hours, at most `AT_ONCE` long."""
    for _, run in groupby(enumerate(hours), lambda at: at[1] - at[0] * HOUR):
        found = [hour for _, hour in run]
        for i in range(0, len(found), AT_ONCE):
            part = found[i : i + AT_ONCE]
            yield part[0], part[-1] + HOUR


def _minutes(store: Store, catalog: Catalog, dev: str, start: int, end: int) -> Minutes:
    said: list[Batch] = []
    for stream in (Stream.COUNTER, Stream.STEPS, Stream.HR, Stream.INTENSITY):
        said += store.batches(dev, stream, start - PULSE, end + AROUND)
    first = start - PULSE
    if counter := _word(store, catalog, dev, first):
        said.append(counter)
        first = counter.t0
    tiles = store.tiles(dev, start - AROUND, end + AROUND)
    return minutes(start, end, tiles, said, catalog.spans(dev, first, end + AROUND))


def _word(store: Store, catalog: Catalog, dev: str, before: int) -> Batch | None:
    """The last of the counter, however long ago, that bears times of a right clock: what came in later portions must find the same."""
    while counter := store.before(dev, Stream.COUNTER, before):
        wrong = [span for span in catalog.spans(dev, counter.t0, counter.end) if span.cause is Cause.CLOCK]
        if any(not any(span.t0 <= at < span.t1 for span in wrong) for at in counter.times.tolist()):
            return counter
        before = min(span.t0 for span in wrong)
    return None


def _write_bouts(store: Store, dev: str, first: int, end: int) -> None:
    """Those that begin from `first` on and before `end`."""
    last = end + REACH
    seen = store.minutes(dev, first - REACH, last)
    unheard = seen["t"][seen["coverage"] == 0]  # what there is of them all the same bears times of a wrong clock
    tiles = store.tiles(dev, first - AROUND, last + AROUND)
    tiles = tiles[~np.isin(tiles["t"] // MINUTE * MINUTE, unheard)]
    raw = [batch for begin, stop in _busy(seen) for batch in store.batches(dev, Stream.ACC, begin, stop)] if len(tiles) else []
    raw = [batch for batch in raw if batch.t0 // MINUTE * MINUTE not in unheard]
    found = [bout for bout in bouts(dev, seen, tiles, raw) if first <= bout.start < end]
    if found or store.bouts(dev, first, end):
        store.write_bouts(dev, first, end, found)


def _busy(minutes: Minutes) -> Iterator[tuple[int, int]]:
    """Stretches that move and do not walk, with what is beside them: where repetitions can be."""
    busy = minutes["t"][(minutes["moving"] >= BUSY) & (minutes["walking"] != 1)]
    for _, run in groupby(enumerate(_apart(busy.tolist())), lambda at: at[1][0]):
        found = [t for _, (_, t) in run]
        yield found[0] - BESIDE, found[-1] + MINUTE + BESIDE


def _apart(times: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(number of the group, time): times whose surroundings touch are of one group."""
    group = 0
    for i, t in enumerate(times):
        group += i > 0 and t - times[i - 1] > MINUTE + 2 * BESIDE
        yield group, t
