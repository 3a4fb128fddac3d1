"""The readings of one band out of a table, put in order and cut into batches as the rows come in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ingest.batch import CELL, HOUR, MICROS, MINUTE, Batch, Stream
from ingest.format import Asides
from ingest.stamp import LATEST, Instants, in_order

ROW = np.dtype([("line", "i8"), ("early", "i8"), ("late", "i8"), ("values", "f8", 9)])
"""One row of a table: 1-based line, the instant it was written for (µs UTC, see `stamp`), values by `COLUMNS`; NaN is unknown."""
Rows = NDArray[np.void]
COLUMNS = ("x", "y", "z", "gx", "gy", "gz", "steps", "hr", "intensity")
"""g, g, g, deg/s, deg/s, deg/s, steps in the minute, beats per minute, the band's own class."""

HALF_HOUR = HOUR // 2
"""What minutes are cut at: offsets are µs in 32 bits, which end before 36 minutes."""
REGULAR = 500
"""µs. A cell whose samples all lie this near to an even grid is written as a regular one; most bands' own clocks wander further."""
SCALES = {Stream.ACC: (1 / 4096, 1 / 2048), Stream.GYR: (1 / 16, 1 / 8)}
"""Finest first; a batch takes the first whose int16 holds all its values. Up to ±8 g the step is 0.244 mg, up to ±16 g twice that."""


@dataclass(slots=True)
class Track:
    """Rows of one band and one kind. `span` is what no batch crosses, µs; `apart` is what rows must lie apart, µs."""

    dev: str
    span: int
    apart: int
    floor: int = -HOUR
    """Instant of the last row that left, µs UTC."""
    waiting: Rows = field(default_factory=lambda: np.empty(0, ROW))
    """Rows of the span that is still open."""

    def add(self, rows: Rows, asides: Asides) -> Iterator[Batch]:
        """Take rows in the order of the file; gives the batches of every span they close. Rows whose clock went back are set aside."""
        rows = np.concatenate([self.waiting, rows])
        at = in_order(rows["early"], rows["late"], self.floor)
        rows["early"] = rows["late"] = at
        rows = rows[self._ascending(rows, asides)]
        spans = rows["early"] // self.span
        closed = int(np.searchsorted(spans, spans[-1])) if len(rows) else 0
        self.waiting = rows[closed:]
        return self._batches(rows[:closed])

    def rest(self) -> Iterator[Batch]:
        rows, self.waiting = self.waiting, self.waiting[:0]
        return self._batches(rows)

    def _ascending(self, rows: Rows, asides: Asides) -> NDArray[np.bool_]:
        at: Instants = rows["early"]
        keep = np.ones(len(at), bool)
        if not len(at) or np.diff(at, prepend=self.floor).min() >= self.apart:
            return keep
        due = self.floor + self.apart
        rest = [*at.tolist(), LATEST, LATEST]
        for i, (here, after, third) in enumerate(zip(rest, rest[1:], rest[2:], strict=False)):
            # one wild time among good ones must not condemn all that follow it
            if here < due or (here > after >= due and here > third):
                keep[i] = False
                asides.add(int(rows["line"][i]), self._why(here, due))
            else:
                due = here + self.apart
        return keep

    def _why(self, here: int, due: int) -> str:
        before = due - self.apart
        if here < before:
            return f"the clock jumps back by {(before - here) / MICROS:g} s"
        if here < due:
            return f"only {(here - before) / MICROS:g} s after the row before, and a row is a minute"
        return "the clock is ahead of the rows that follow"

    def _batches(self, rows: Rows) -> Iterator[Batch]:
        if not len(rows):
            return
        self.floor = int(rows["early"][-1])
        cuts = np.flatnonzero(np.diff(rows["early"] // self.span)) + 1
        for part in np.split(rows, cuts):
            yield from self._streams(part["early"], part["values"])

    def _streams(self, at: Instants, values: NDArray[np.float64]) -> Iterator[Batch]:
        if self.span == CELL:
            yield from _motion(self.dev, Stream.ACC, at, values[:, 0:3])
            yield from _motion(self.dev, Stream.GYR, at, values[:, 3:6])
        else:
            for stream, column in ((Stream.STEPS, 6), (Stream.HR, 7), (Stream.INTENSITY, 8)):
                yield from _minutes(self.dev, stream, at, values[:, column])


def motion_track(dev: str) -> Track:
    return Track(dev, CELL, 0)


def minute_track(dev: str) -> Track:
    """A slot is a minute long: rows nearer than half of one would count the same steps twice."""
    return Track(dev, HALF_HOUR, MINUTE // 2)


def tracked(tracks: dict[tuple[str, str], Track], dev: str, rows: Rows, asides: Asides) -> Iterator[Batch]:
    """Give rows of one band to its tracks: motion where there is an acceleration or a rotation, minutes where there is any of theirs."""
    known = ~np.isnan(rows["values"])
    for kind, begin, mine in (("motion", motion_track, known[:, :6].any(1)), ("minutes", minute_track, known[:, 6:].any(1))):
        if mine.any():
            track = tracks.setdefault((dev, kind), begin(dev))
            yield from track.add(rows[mine], asides)


def rests(tracks: Iterable[Track]) -> Iterator[Batch]:
    for track in tracks:
        yield from track.rest()


def _motion(dev: str, stream: Stream, at: Instants, values: NDArray[np.float64]) -> Iterator[Batch]:
    known = ~np.isnan(values[:, 0])
    if not known.all():
        at, values = at[known], values[known]
    if not len(at):
        return
    largest = float(np.abs(values).max())
    scale = next((scale for scale in SCALES[stream] if largest <= 32767 * scale), SCALES[stream][-1])
    counts = np.clip(np.rint(values / scale), -32767, 32767).astype(np.int16)
    dt = _even(at)
    yield Batch(dev, stream, int(at[0]), dt, None if dt else (at - at[0]).astype(np.int32), counts, scale)


def _even(at: Instants) -> int | None:
    """Interval of an even grid that all samples lie on, µs; `None` where there is none, or too few samples to tell."""
    if len(at) < 3:
        return None
    dt = round(int(at[-1] - at[0]) / (len(at) - 1))
    off = at - at[0] - dt * np.arange(len(at))
    stays = (int(at[0]) + dt * (len(at) - 1)) // CELL == int(at[0]) // CELL
    return dt if dt and stays and np.abs(off).max() <= REGULAR else None


def _minutes(dev: str, stream: Stream, at: Instants, values: NDArray[np.float64]) -> Iterator[Batch]:
    known = ~np.isnan(values)
    at, values = at[known], values[known]
    if not len(at):
        return
    # a mean heart rate may come with decimals; steps and classes are whole
    scale = 1.0 if np.array_equal(values, np.rint(values)) else 0.01
    counts = np.rint(values / scale).astype(np.int32)[:, None]
    yield Batch(dev, stream, int(at[0]), None, (at - at[0]).astype(np.int32), counts, scale)
