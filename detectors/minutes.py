"""Tiles, readings and what was heard → what is known of each minute, from that minute and its nearest neighbours alone.

Stage one: evidence. Whether the band was worn and its wearer asleep takes hours of neighbours: `detectors.wear`, `detectors.sleep`.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.gait import gait
from detectors.heard import F8, I8, gapped, given_up, share, touched, union, until, without
from detectors.runs import Bool
from detectors.steps import counted, slotted
from ingest.batch import CELL, MINUTE, Batch, Cause, Span, Stream
from ingest.minute import Minutes, unknown
from ingest.tile import Tiles, angle_z, merged

HALF = 0.5
"""A minute is judged where at least half of it was heard (a design choice)."""
STIRRING = 0.25
"""A minute is still where at most this share of it was motion: 15 s (a design choice; sets of exercise with rests exceed it)."""
WALKED = 0.75
"""Share of a minute that makes it a walked one: 45 s (research/detectors §2; a design choice)."""
WALKING_STEPS = 60
"""Steps in a minute from which it is walking, where only steps are known: slow walking and above (Tudor-Locke 2018 cadence bands)."""
INCIDENTAL = 20
"""Steps in a minute below which movement is incidental and a still minute stays still (Tudor-Locke 2018: 1–19)."""
HOLD = 10 * MINUTE
"""How long an on-change heart rate holds while the link is alive: a pulse that is really measured changes sooner (a design choice)."""
CELLS = MINUTE // CELL

Series = tuple[I8, I8, F8]
"""Times and ends of what was said (µs UTC), and the values; ascending, one to a time."""


def minutes(start: int, end: int, tiles: Tiles, batches: Sequence[Batch], spans: Sequence[Span]) -> Minutes:
    """Every minute of [start, end) (µs UTC) of one band; `worn` and `asleep` stay unknown. Order of the arguments' items is irrelevant.

    `tiles`: of the range ± 15 s, parts not merged. `batches`: of the streams other than acceleration, with the last counter and heart
    rate batch before the range. `spans`: alive spans and gaps that touch the range. A band that sends a step counter speaks on
    change: while a link to it is alive, its silence is stillness. Of other bands silence says nothing. What bears times of a wrong
    clock (`Cause.CLOCK`) is of another time, and no part of it counts; where raw motion was given up for want of room
    (`Cause.THINNED`) silence is no stillness either. Where something the band said could not be read (`Cause.CORRUPT`), that its heart
    rate could does not make the rest of its silence a rest.
    """
    out = unknown(start, end)
    if not len(out):
        return out
    said: dict[Stream, list[Batch]] = {stream: [] for stream in Stream}
    for batch in batches:
        said[batch.stream].append(batch)
    wrong, unread = gapped(spans, Cause.CLOCK), gapped(spans, Cause.CORRUPT)
    link = without(union([_alive(spans), without(union([_loose([*said[Stream.COUNTER], *said[Stream.HR]])]), unread)]), wrong)
    counter, slots, pulse, classes = (_series(said[s], wrong) for s in (Stream.COUNTER, Stream.STEPS, Stream.HR, Stream.INTENSITY))
    slotwise = [(slots[0], slots[1]), (classes[0], classes[1]), without(union([(pulse[0], np.maximum(pulse[1], pulse[0] + 1))]), unread)]
    cells = merged(tiles)
    cells = cells[~touched(cells["t"], CELL, wrong)]
    out["coverage"] = np.minimum(share(union([link, (cells["t"], cells["t"] + CELL), *slotwise]), out["t"]), 1)
    speaks = out["t"] + MINUTE > counter[0][0] if len(counter[0]) else np.zeros(len(out), bool)  # no word yet: no counter yet
    linked = np.where(speaks, share(link, out["t"]), 0)
    _steps(out, counter, slots, link, linked)
    _, out["intensity"] = slotted(classes[0], classes[1] - classes[0], classes[2], out["t"])
    out["hr"] = _pulse(pulse, link, out["t"])
    lost = _motion(out, cells, linked, given_up(spans, out["t"]))
    _judge(out, lost)
    doubted = touched(out["t"], MINUTE, wrong)
    out[doubted] = unknown(start, end)[doubted]
    return out


def _alive(spans: Iterable[Span]) -> tuple[I8, I8]:
    pairs = np.array([(span.t0, span.t1) for span in spans if span.cause is None], np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _loose(batches: Iterable[Batch]) -> tuple[I8, I8]:
    """What irregular batches span: the band was heard then, though nobody says that its link was alive."""
    spanned = [(batch.t0, max(batch.t0 + int(batch.offsets[-1]) + 1, batch.until or 0)) for batch in batches if batch.offsets is not None]
    pairs = np.array(spanned, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _series(batches: Sequence[Batch], wrong: tuple[I8, I8]) -> Series:
    """All that one stream said outside `wrong`; of two words for one instant the larger stands, so that the order does not matter."""
    if not batches:
        nothing = np.empty(0, np.int64)
        return nothing, nothing, np.empty(0)
    times = np.concatenate([batch.times for batch in batches])
    values = np.concatenate([batch.values[:, 0] * batch.scale for batch in batches])
    # A step slot lasts a minute where nothing is said; what comes when it likes is an instant.
    slot = MINUTE if batches[0].stream in (Stream.STEPS, Stream.INTENSITY) else 0
    ends = times + np.repeat([slot if batch.dt is None else batch.dt for batch in batches], [batch.n for batch in batches])
    order = np.lexsort((values, times))
    order = order[~touched(times[order], 1, wrong)]
    times = times[order]
    last = np.append(times[1:] != times[:-1], True)[: len(times)]
    return times[last], ends[order][last], values[order][last]


def _steps(out: Minutes, counter: Series, slots: Series, link: tuple[I8, I8], linked: F8) -> None:
    """The band's own minute history stands over the differences of its live counter."""
    live = counted(counter[0], counter[2], link, out["t"])
    total, _ = slotted(slots[0], slots[1] - slots[0], slots[2], out["t"])
    out["steps"] = np.where(np.isnan(total), np.where(linked >= HALF, live, np.nan), total)


def _pulse(pulse: Series, link: tuple[I8, I8], at: I8) -> F8:
    """Mean heart rate of each minute; where none was said the last holds while the link is alive; 0 is "no reading"."""
    times, ends, values = pulse
    if not len(times):
        return np.full(len(at), np.nan)
    holds = np.maximum(np.minimum(until(times, link), times + HOLD), ends)
    before = np.searchsorted(times, at, "left") - 1
    held = np.where((before >= 0) & (holds[before] > at), values[before], 0)
    minute = (times - at[0]) // MINUTE
    inside = (minute >= 0) & (minute < len(at))
    spoke = np.bincount(minute[inside], minlength=len(at)) > 0
    read = inside & (values > 0)
    beats, count = np.bincount(minute[read], values[read], len(at)), np.bincount(minute[read], minlength=len(at))
    with np.errstate(invalid="ignore"):
        rate = np.where(spoke, beats / count, held)
    return np.where(rate > 0, rate, np.nan)


def _motion(out: Minutes, cells: Tiles, linked: F8, thinned: Bool) -> Bool:
    """What acceleration tells: moving, walking, cadence, spread, angle, ENMO; NaN where it was not seen for half the minute.

    Gives the minutes of which it tells nothing because some of it was given up: a band says most of its motion while it moves, so what is
    left of such a minute would look like rest.
    """
    motion = gait(cells)
    inside = slice(*np.searchsorted(cells["t"], (out["t"][0], out["t"][-1] + MINUTE)))
    cells, motion = cells[inside], motion[inside]
    at = (cells["t"] - out["t"][0]) // MINUTE

    def per_minute(weights: NDArray[np.generic]) -> F8:
        return np.bincount(at, np.asarray(weights, np.float64), len(out)).astype(np.float64, copy=False)

    seen = np.bincount(at, minlength=len(out))
    lost = thinned & (seen < CELLS)
    # A band that is heard and does not speak has not moved, unless it counted steps meanwhile: then it was not asked for acceleration.
    mute = (seen == 0) & ~(out["steps"] == 0)
    known = np.where(mute, 0, np.maximum(seen, linked * CELLS))
    walked = motion["walking"] > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        judged = np.where((known >= HALF * CELLS) & ~lost, known, np.nan)
        out["moving"] = np.minimum(per_minute(motion["moving"]) / judged, 1)
        out["walking"] = np.where(np.isnan(judged), np.nan, per_minute(walked) >= WALKED * judged)
        pace = np.where(walked & (motion["cadence"] > 0), motion["cadence"], 0)
        out["cadence"] = per_minute(pace) / per_minute(pace > 0)
        out["enmo"] = per_minute(cells["enmo"]) / (count := per_minute(cells["n"])) * 1000
        mean = np.stack([per_minute(cells["sum"][:, axis]) for axis in range(3)]) / count
        square = np.stack([per_minute(cells["sq"][:, axis]) for axis in range(3)]) / count
        out["spread"] = np.sort(np.sqrt(np.maximum(square - mean**2, 0)), axis=0)[1] * 1000
        out["angle"] = per_minute(angle_z(cells)) / seen
    steps = np.where(np.isnan(judged) | (seen < HALF * CELLS), np.nan, per_minute(pace) / CELLS)
    out["steps"] = np.where(np.isnan(out["steps"]), steps, out["steps"])
    return lost


def _judge(out: Minutes, lost: Bool) -> None:
    """Still, walking and cadence, from motion where it was seen, else from steps and the band's own class.

    Where motion was `lost`, steps tell that somebody moved; that there were none does not tell that nobody did.
    """
    blind = np.isnan(out["moving"])
    quiet = (out["steps"] == 0) & ~(out["intensity"] > 0)
    told = np.isfinite(out["steps"])
    calm = (out["moving"] <= STIRRING) & ~(out["steps"] >= INCIDENTAL) & (out["walking"] == 0)
    out["still"] = np.where(blind, np.where(told & ~(lost & quiet), quiet, np.nan), calm)
    out["walking"] = np.where(blind, np.where(told, out["steps"] >= WALKING_STEPS, np.nan), out["walking"])
    out["moving"] = np.where(blind & quiet & ~lost, 0, out["moving"])
    walking = out["walking"] == 1
    out["cadence"] = np.where(walking, np.where(np.isnan(out["cadence"]), out["steps"], out["cadence"]), np.nan)
