"""What cells and minutes say, as plain rows for a table; `None` is unknown."""

from collections.abc import Iterator

import numpy as np

from detectors.gait import gait
from ingest.minute import Minutes
from ingest.tile import F8, Tiles, angle_z, enmo_mg, mad_mg, mean_g, merged, sd_mg

Row = tuple[int | float | None, ...]

CELL_COLUMNS = {"time": 0, "n": 0, "x": 4, "y": 4, "z": 4, "sd": 1, "enmo_mg": 1, "mad_mg": 1, "angle_z": 1} | {
    "moving": 0,
    "walking": 0,
    "cadence": 1,
}
MINUTE_COLUMNS = {"time": 0, "worn": 0, "asleep": 0, "still": 0, "walking": 0, "steps": 0, "cadence": 1, "hr": 1} | {
    "enmo_mg": 1,
    "coverage": 2,
}
"""Column → decimals."""


def cell_rows(tiles: Tiles) -> Iterator[Row]:
    """A row for each cell of one band's `tiles` (parts not merged, any order), by `CELL_COLUMNS`, ascending.

    Time in µs UTC; mean acceleration per axis in g; sd of |a|, ENMO and MAD in mg; angle in degrees; steps per minute.
    """
    cells = merged(tiles)
    motion = gait(cells)
    numbers = [*mean_g(cells).T, sd_mg(cells), enmo_mg(cells), mad_mg(cells), angle_z(cells)]
    yield from _rows([cells["t"], cells["n"]], [*numbers, motion["moving"], motion["walking"], motion["cadence"]], CELL_COLUMNS)


def minute_rows(minutes: Minutes) -> Iterator[Row]:
    """A row for each minute, by `MINUTE_COLUMNS`; time in µs UTC, ENMO in mg, coverage 0..1."""
    names = ["enmo" if name == "enmo_mg" else name for name in list(MINUTE_COLUMNS)[1:]]
    yield from _rows([minutes["t"]], [minutes[name] for name in names], MINUTE_COLUMNS)


def _rows(whole: list[np.ndarray[tuple[int], np.dtype[np.integer]]], numbers: list[F8], columns: dict[str, int]) -> Iterator[Row]:
    places = list(columns.values())[len(whole) :]
    rounded = [np.round(np.asarray(one, np.float64), place) for one, place in zip(numbers, places, strict=True)]
    told = [
        [None if np.isnan(value) else int(value) if not place else value for value in one.tolist()]
        for one, place in zip(rounded, places, strict=True)
    ]
    yield from zip(*(one.tolist() for one in whole), *told, strict=True)
