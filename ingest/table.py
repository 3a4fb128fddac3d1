"""A text table with one reading a row → batches. Fast where a stretch of rows is well-formed, row by row where it is not."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ingest.batch import Batch
from ingest.format import Asides, Unreadable
from ingest.stamp import LATEST, Instants, Unclear, instant, instants
from ingest.track import COLUMNS, ROW, Rows, Track, rests, tracked

CHUNK = 10_000
SMALL = 50
"""Rows parsed at a time, and how few of them are worth a look at each."""
UNITS = {"time_s": 1_000_000, "time_ms": 1_000, "time_us": 1}
LIMITS = {
    "x": (-16, 16, "g"),
    "y": (-16, 16, "g"),
    "z": (-16, 16, "g"),
    "gx": (-4000, 4000, "deg/s"),
    "gy": (-4000, 4000, "deg/s"),
    "gz": (-4000, 4000, "deg/s"),
    "steps": (0, 1000, "a minute"),
    "hr": (0, 300, "beats per minute"),
    "intensity": (0, 255, ""),
}
"""By `COLUMNS`. Beyond these a number is a fault of the file: no band's sensor has a wider range, nobody steps a thousand times."""
WHOLE = (COLUMNS.index("steps"), COLUMNS.index("intensity"))
DEV = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a file are."""

    width: int
    time: int
    micros: int | None
    """µs to the unit of a numeric time since 1970 UTC; `None`: written times."""
    dev: int | None
    prefix: str
    """What `dev` begins with; all of it where there is no such column."""
    places: tuple[tuple[int, int], ...]
    """(column in the file, index into `COLUMNS`)."""


def fields(line: str) -> list[str]:
    return [field.strip().strip('"').strip() for field in line.split(",")]


def layout(names: Sequence[str], meaning: Mapping[str, str], prefix: str) -> Layout | None:
    """Find the columns a header names; `meaning` maps what this file calls them (lower case) to ours; `None` where it does not do."""
    named = [meaning.get(name.lower(), name.lower()) for name in names]
    used = [name for name in named if name in LIMITS or name in UNITS or name in ("time", "dev")]
    times = [name for name in used if name.startswith("time")]
    triples = [sum(name in used for name in COLUMNS[i : i + 3]) for i in (0, 3)]
    if len(times) != 1 or len(set(used)) != len(used) or any(n not in (0, 3) for n in triples) or not set(used) & {"x", "steps", "hr"}:
        return None
    places = tuple((i, COLUMNS.index(name)) for i, name in enumerate(named) if name in LIMITS)
    dev = named.index("dev") if "dev" in used else None
    return Layout(len(named), named.index(times[0]), UNITS.get(times[0]), dev, prefix, places)


def read(lines: Iterator[str], first: int, columns: Layout, zone: ZoneInfo | None, asides: Asides) -> Iterator[Batch]:
    """Batches of the rows in `lines`, the first of which is line `first` of the file; ascending per band and kind of reading."""
    tracks: dict[tuple[str, str], Track] = {}
    while chunk := list(islice(lines, CHUNK)):
        devs, rows = _parsed(chunk, first, columns, zone, asides)
        sound = _sound(rows, asides)
        for dev, mine in _by_dev(devs, sound):
            yield from tracked(tracks, dev, rows[mine], asides)
        first += len(chunk)
    yield from rests(tracks.values())


def _parsed(chunk: list[str], first: int, columns: Layout, zone: ZoneInfo | None, asides: Asides) -> tuple[list[str], Rows]:
    try:
        return _quick(chunk, first, columns, zone)
    except ValueError:
        if len(chunk) < SMALL:
            return _careful(chunk, first, columns, zone, asides)
    # close in on the odd rows, so that one of them does not slow down ten thousand
    step = -(-len(chunk) // 8)
    parts = [_parsed(chunk[at : at + step], first + at, columns, zone, asides) for at in range(0, len(chunk), step)]
    return [dev for devs, _ in parts for dev in devs], np.concatenate([rows for _, rows in parts])


def _quick(chunk: list[str], first: int, columns: Layout, zone: ZoneInfo | None) -> tuple[list[str], Rows]:
    """All rows at once; raises `ValueError` where one needs a closer look. No list per row is made: that would take most of the time."""
    if set(map(str.count, chunk, repeat(","))) != {columns.width - 1}:
        raise ValueError("a row has too few or too many fields")
    cells = "".join(chunk).replace("\n", ",").split(",")
    cells = cells[: len(chunk) * columns.width]
    rows = np.empty(len(chunk), ROW)
    rows["values"] = np.nan
    rows["line"] = np.arange(first, first + len(chunk))
    for place, column in columns.places:
        rows["values"][:, column] = _numbers(cells[place :: columns.width])
    rows["early"], rows["late"] = _times(cells[columns.time :: columns.width], columns.micros, zone)
    devs = [] if columns.dev is None else cells[columns.dev :: columns.width]
    return _devs(devs, columns, len(chunk)), rows


def _numbers(cells: list[str]) -> NDArray[np.float64]:
    blank = cells.count("")
    numbers = np.array([cell or "nan" for cell in cells] if blank else cells, dtype=np.float64)
    if np.isnan(numbers).sum() != blank:
        raise ValueError("nan is written out")
    return numbers


def _times(cells: list[str], micros: int | None, zone: ZoneInfo | None) -> tuple[Instants, Instants]:
    if micros is None:
        return instants(cells, zone)
    at = np.rint(np.array(cells, dtype=np.float64) * micros)
    if not ((at >= 0) & (at < LATEST)).all():
        raise Unclear("a time lies outside 1970 to 2100")
    return at.astype(np.int64), at.astype(np.int64)


def _devs(cells: list[str], columns: Layout, n: int) -> list[str]:
    if columns.dev is None:
        return [columns.prefix] * n
    names = {cell: columns.prefix + cell for cell in set(cells)}
    if not all(DEV.fullmatch(name) and cell for cell, name in names.items()):
        raise ValueError("a band's name is out of the ordinary")
    return [names[cell] for cell in cells]


def _careful(chunk: list[str], first: int, columns: Layout, zone: ZoneInfo | None, asides: Asides) -> tuple[list[str], Rows]:
    found: list[tuple[int, str, tuple[int, int], list[float]]] = []
    for line, text in enumerate(chunk, first):
        if not text.strip():
            continue
        try:
            found.append((line, *_row(fields(text), columns, zone)))
        except ValueError as error:
            asides.add(line, str(error))
    rows = np.array([(line, *pair, values) for line, _, pair, values in found], ROW)
    return [dev for _, dev, _, _ in found], rows


def _row(cells: list[str], columns: Layout, zone: ZoneInfo | None) -> tuple[str, tuple[int, int], list[float]]:
    if len(cells) != columns.width:
        raise ValueError(f"{len(cells)} fields where the header names {columns.width}")
    dev = columns.prefix if columns.dev is None else columns.prefix + cells[columns.dev]
    if not DEV.fullmatch(dev) or (columns.dev is not None and not cells[columns.dev]):
        raise ValueError("the band's name must be 1 to 64 letters, digits, - or _")
    written = cells[columns.time]
    if columns.micros is None:
        pair = instant(written, zone)
    else:
        at = _number("time", written) * columns.micros
        if not 0 <= at < LATEST:
            raise Unclear("the time lies outside 1970 to 2100")
        pair = (int(np.rint(at)), int(np.rint(at)))
    values = [np.nan] * len(COLUMNS)
    for place, column in columns.places:
        if cells[place]:
            values[column] = _number(COLUMNS[column], cells[place])
    return dev, pair, values


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise ValueError(f"{name} is {text[:40]!r}, not a number") from error
    if not np.isfinite(number):
        raise ValueError(f"{name} is {text[:40]!r}, not a finite number")
    return number


def _sound(rows: Rows, asides: Asides) -> NDArray[np.bool_]:
    values: NDArray[np.float64] = rows["values"]
    low, high = np.array([limit[:2] for limit in LIMITS.values()]).T
    known = ~np.isnan(values)
    whole = values[:, WHOLE]
    fit = ~known | ((values >= low) & (values <= high))
    halves = known[:, 0:6].reshape(-1, 2, 3).sum(2) % 3 != 0
    sound: NDArray[np.bool_] = fit.all(1) & ~halves.any(1) & known.any(1) & (np.isnan(whole) | (whole == np.rint(whole))).all(1)
    for i in np.flatnonzero(~sound).tolist():
        asides.add(int(rows["line"][i]), _why(values[i], fit[i], halves[i]))
    return sound


def _why(values: NDArray[np.float64], fit: NDArray[np.bool_], halves: NDArray[np.bool_]) -> str:
    if np.isnan(values).all():
        return "nothing but a time"
    if not fit.all():
        at = int(np.argmin(fit))
        low, high, unit = LIMITS[COLUMNS[at]]
        return f"{COLUMNS[at]} is {values[at]:g}, outside {low} to {high} {unit}".rstrip()
    if halves.any():
        return "x, y and z (gx, gy and gz) are known together or not at all"
    return "steps and intensity are whole numbers"


def _by_dev(devs: list[str], sound: NDArray[np.bool_]) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """(band, its sound rows), bands in order of first appearance."""
    codes = {dev: code for code, dev in enumerate(dict.fromkeys(devs))}
    number: Callable[[str], int] = codes.__getitem__
    code = np.fromiter(map(number, devs), np.int64, len(devs))[sound]
    order = np.flatnonzero(sound)[np.argsort(code, kind="stable")]
    edges = np.searchsorted(np.sort(code), np.arange(len(codes) + 1))
    for dev, at in codes.items():
        mine = order[edges[at] : edges[at + 1]]
        if len(mine):
            yield dev, mine


def head(lines: Iterator[str], name: str) -> tuple[int, list[str]]:
    """(line number, fields) of the header, the first line that is not blank. Raises `Unreadable`."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            return number, fields(line)
    raise Unreadable(f"{name} is empty. Record it again, or export it again.")
