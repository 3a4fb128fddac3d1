"""A recording read at once: what each of its bands said, ready for the detectors."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import Console

from config.plugins import formats
from detectors.minutes import minutes
from detectors.sleep import labelled
from ingest.batch import CELL, DAY, MINUTE, Batch, Stream
from ingest.format import Asides, barren, chosen
from ingest.minute import Minutes
from ingest.tile import TILE_DTYPE, Tiles, tiled

AT_ONCE = 2048
APART = 7 * DAY
"""Stretches with nothing for longer between them are told each for itself: one stray date must not make a million unknown minutes."""


@dataclass(slots=True)
class Band:
    """What one band said."""

    others: list[Batch] = field(default_factory=list)
    """All but acceleration."""
    acc: list[Batch] = field(default_factory=list)
    """Where samples are to be kept."""
    parts: list[Tiles] = field(default_factory=lambda: [np.empty(0, TILE_DTYPE)])
    waiting: list[Batch] = field(default_factory=list)

    def hear(self, batch: Batch, keep: bool) -> None:
        if batch.stream is not Stream.ACC:
            self.others.append(batch)
            return
        self.waiting.append(batch)
        if keep:
            self.acc.append(batch)
        if len(self.waiting) >= AT_ONCE:
            self.settle()

    def settle(self) -> None:
        self.parts.append(tiled(self.waiting))
        self.waiting = []

    @property
    def tiles(self) -> Tiles:
        """Parts not merged."""
        return np.concatenate(self.parts)


def heard(file: Path, name: str | None, zone: ZoneInfo | None, keep: bool = False) -> dict[str, Band]:
    """The bands of a recording, by their ids; rows set aside are counted on stderr. `keep`: hold on to the samples. Raises `Unreadable`."""
    say, asides, bands = Console(stderr=True), Asides(), dict[str, Band]()
    with say.status(f"Reading {file.name} …"):
        for batch in chosen(file, name, formats()).read(file, zone, asides):
            bands.setdefault(batch.dev, Band()).hear(batch, keep)
    for band in bands.values():
        band.settle()
    example = f"; the first is line {asides.first[0].line}: {asides.first[0].reason}" if asides.first else ""
    if not bands:
        raise barren(file, asides)
    if asides.count:
        rows = "1 row of {} was" if asides.count == 1 else f"{asides.count} rows of {{}} were"
        say.print(f"{rows.format(file.name)} set aside{example}.", style="yellow", highlight=False, markup=False)
    return dict(sorted(bands.items()))


def stretches(band: Band, zone: ZoneInfo | None) -> Iterator[Minutes]:
    """The minutes of a band, worn and asleep told; one array for each stretch without a week's hole. The night is the zone's, or UTC's."""
    tiles = band.tiles
    spans = np.array([(batch.t0, batch.end) for batch in band.others], np.int64).reshape(-1, 2)
    spans = np.concatenate([spans, np.column_stack([tiles["t"], tiles["t"] + CELL])])
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    cuts = [0, *(np.flatnonzero(spans[1:, 0] > reach[:-1] + APART) + 1).tolist(), len(spans)]
    for a, b in pairwise(cuts):
        start, end = int(spans[a, 0]) // MINUTE * MINUTE, int(reach[b - 1])
        inside = tiles[(tiles["t"] >= start) & (tiles["t"] < end)]
        said = [batch for batch in band.others if start <= batch.t0 < end]
        yield labelled(minutes(start, end, inside, said, []), zone or ZoneInfo("UTC"))
