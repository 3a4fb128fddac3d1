"""Bouts of walking and of exercise, from a band's minutes and, where it measures acceleration, from its raw samples."""

from collections.abc import Iterator, Sequence

import numpy as np

from detectors.gait import Gait, gait
from detectors.reps import Set, sets
from detectors.runs import Bool, bridged, runs
from ingest.batch import CELL, HOUR, MICROS, MINUTE, Batch, Stream
from ingest.bout import Bout
from ingest.minute import Minutes, laid
from ingest.tile import F8, I8, Tiles, merged, tiled

WALK_MIN, WALK_GAP_MIN = 5, 2
"""A walk lasts so many minutes; a pause of up to so many (a kerb, a word with a neighbour) stays inside (design; GGIR's default lets
a bout hold 20 % of pauses, Migueles 2019)."""
EXERCISE_MIN, REST_MIN = 3, 3
"""Minutes: least length of exercise, longest rest inside it (a design choice)."""
LEAST_SETS = 3
"""Sets with rest beside them that need no heart rate to be believed (a design choice)."""
REST_S = 15
"""Seconds beside a set that tell whether it is one: exercise rests, housework goes on (a design choice)."""
STEADY_S = 60
"""Seconds of rhythm that are exercise without a rest, if the heart agrees (a design choice)."""
RAISED = 12.0
"""Beats per minute above the calm before: less than light exercise of any kind brings about (a design choice; needs a clinician's
sign-off)."""
CALM, CALM_MIN = 2 * HOUR, 10
"""The calm before: still minutes of so long before the bout, at least so many with a heart rate."""
CLASS, CLASS_MIN = 2, 10
"""Where no acceleration is known: the band's own class from which a minute is exercise (of Fitbit's 0–3, "fairly active"), and how
many minutes it takes, since one minute of it says little (a design choice)."""
WALKING_STEPS, PURPOSEFUL_STEPS = 60, 40
"""Steps in a minute: from 60 slow walking, from 40 purposeful stepping about (Tudor-Locke 2018)."""
VERSION = 1


def bouts(dev: str, minutes: Minutes, tiles: Tiles | None = None, batches: Sequence[Batch] | None = None) -> list[Bout]:
    """The bouts of one band in the span of its `minutes` (ascending), by start. Bouts that touch its ends may be longer in truth.

    `tiles` (parts not merged) and the acceleration among `batches` are those of the same span, or `None` where the band has none; of
    tiles without samples (these are kept for less long) walks can be told, repetitions cannot.
    """
    if not len(minutes):
        return []
    grid = laid(minutes, int(minutes["t"][0]), int(minutes["t"][-1]) + MINUTE)
    found = [*_walks(dev, grid), *_by_class(dev, grid)]
    acc = [batch for batch in batches or () if batch.stream is Stream.ACC]
    if acc:
        found += _by_sets(dev, grid, gait(merged(tiled(acc) if tiles is None else tiles)), acc)
    return sorted(found, key=lambda bout: (bout.start, bout.kind))


def _walks(dev: str, grid: Minutes) -> Iterator[Bout]:
    # Where a counter says so few steps, the rhythm was of something else.
    walking = (grid["walking"] == 1) & ~(grid["steps"] < WALKING_STEPS)
    for first, end in _long(walking, WALK_GAP_MIN, WALK_MIN):
        part = grid[first:end]
        counted = "steps" if np.isfinite(part["steps"]).any() else "gait"
        cadence = _median(part["cadence"][walking[first:end]])
        start = int(part["t"][0])
        yield Bout(dev, "walk", start, start + len(part) * MINUTE, _steps(part), cadence, None, _mean(part["hr"]), counted, VERSION)


def _by_class(dev: str, grid: Minutes) -> Iterator[Bout]:
    """Exercise told by a band that keeps no acceleration: its own class and the heart, with few steps."""
    active = np.isnan(grid["enmo"]) & (grid["intensity"] >= CLASS) & (grid["steps"] < PURPOSEFUL_STEPS)
    for first, end in _long(active, REST_MIN, CLASS_MIN):
        part = grid[first:end]
        start = int(part["t"][0])
        risen = _risen(grid, start, start + len(part) * MINUTE)
        if risen is None or risen >= RAISED:
            words = _joined("the band calls it active, few steps", risen)
            yield Bout(dev, "exercise", start, start + len(part) * MINUTE, _steps(part), None, None, _mean(part["hr"]), words, VERSION)


def _long(mask: Bool, gap: int, least: int) -> Iterator[tuple[int, int]]:
    starts, ends = bridged(*runs(mask), np.ones(len(mask), bool), gap)
    kept = ends - starts >= least
    yield from zip(starts[kept].tolist(), ends[kept].tolist(), strict=True)


def _by_sets(dev: str, grid: Minutes, cells: Gait, acc: Sequence[Batch]) -> Iterator[Bout]:
    calm = cells["t"][~cells["moving"]]
    believed = [one for one in sets(acc, cells) if _rests(one, calm) or _steady(one, grid)]
    for chain in _chained(believed):
        start, end = chain[0].start // MICROS * MICROS, -(-chain[-1].end // MICROS) * MICROS
        risen = _risen(grid, start, end)
        if end - start < EXERCISE_MIN * MINUTE or not (len(chain) >= LEAST_SETS or (risen is not None and risen >= RAISED)):
            continue
        part = grid[(grid["t"] + MINUTE > start) & (grid["t"] < end)]
        many = f"{len(chain)} set{'s' if len(chain) > 1 else ''} of about {int(np.median([one.reps for one in chain]))}"
        reps = sum(one.reps for one in chain)
        yield Bout(dev, "exercise", start, end, _steps(part), None, reps, _mean(part["hr"]), _joined(many, risen), VERSION)


def _rests(one: Set, calm: I8) -> bool:
    """Was the arm at rest just before or just after? `calm`: starts of the cells that do not move, ascending."""
    cells = REST_S * MICROS // CELL
    before = np.searchsorted(calm, (one.start - (cells + 1) * CELL, one.start - CELL // 2))
    after = np.searchsorted(calm, (one.end - CELL // 2, one.end + cells * CELL))
    return bool(max(before[1] - before[0], after[1] - after[0]) >= cells - 1)


def _steady(one: Set, grid: Minutes) -> bool:
    if one.end - one.start < STEADY_S * MICROS:
        return False
    risen = _risen(grid, one.start, one.end)
    return risen is not None and risen >= RAISED


def _chained(found: Sequence[Set]) -> Iterator[list[Set]]:
    chain: list[Set] = []
    for one in found:
        if chain and one.start - chain[-1].end > REST_MIN * MINUTE:
            yield chain
            chain = []
        chain.append(one)
    if chain:
        yield chain


def _risen(grid: Minutes, start: int, end: int) -> float | None:
    """Beats per minute by which the heart is above the calm before; `None` where either is unknown."""
    t = grid["t"]
    before = grid[(t >= start - CALM) & (t + MINUTE <= start) & (grid["still"] == 1) & ~(grid["worn"] == 0)]["hr"]
    during = _mean(grid["hr"][(t + MINUTE > start) & (t < end)])
    if during is None or np.isfinite(before).sum() < CALM_MIN:
        return None
    return during - float(np.nanmedian(before))


def _steps(part: Minutes) -> int | None:
    known = part["steps"][np.isfinite(part["steps"])]
    return round(float(known.sum())) if len(known) else None


def _mean(values: F8) -> float | None:
    known = values[np.isfinite(values)]
    return round(float(known.mean()), 1) if len(known) else None


def _median(values: F8) -> float | None:
    known = values[np.isfinite(values)]
    return round(float(np.median(known)), 1) if len(known) else None


def _joined(words: str, risen: float | None) -> str:
    return words if risen is None else f"{words}, heart rate {risen:+.0f}"
