"""A backlog of hours behind live bands: how fast the real line gets rid of it, and how late what is live is stored meanwhile.

The spool is filled before through its own commits, as after an outage. How late the live readings are is told by the gateway itself, when
it hears that they are stored.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from ingest.batch import HOUR, MICROS, Span
from ingest.spool import Spool
from lab.bench.books import Books, books
from lab.bench.job import Bench, Figure, Outcome, Unmeasured
from lab.bench.live import Live, live
from lab.bench.processes import pids, standing, until_it_listens
from lab.bench.tiles import HZ
from lab.bench.toll import Toll
from lab.bench.windows import windows
from lab.chaos.victim import Victim

BANDS = 20
PACE = BANDS * 24 * 3600 / 600
"""s of one band's motion in 1 s: a day of 20 bands in ten minutes."""
FRESH = 10
"""s within which 99 of 100 live readings are to be stored meanwhile."""
FILLING = 0.5
"""Of the progress."""


@dataclass(frozen=True, slots=True)
class Backlog:
    bands: int
    rows: int
    seconds: float
    """Of each band's motion."""
    end: int
    """µs UTC."""


def run(bench: Bench) -> Outcome:
    site = bench.line(bench.folder, "mosquitto", "sqlite")
    backlog = filled(bench.folder / "spool.db", bench, lambda part: bench.moved(FILLING * part))
    with standing(site) as processes:
        until_it_listens(processes["ingester"])
        with live(site, bench, tells=True, after=backlog.rows) as gateway:
            drained = _drained(gateway, backlog, processes, bench.moved)
            over = gateway.end()
            return _outcome(backlog, drained, books(site, over=over))


def filled(path: Path, bench: Bench, moved: Callable[[float], None] = lambda _: None) -> Backlog:
    """A spool of `bench.hours` before now of as many bands as will be live, a commit for each second. Raises `Unmeasured`."""
    each, spool, end = round(bench.hours * HOUR / MICROS), Spool(path), 0
    found = windows(bench.bands, each, HZ, bench.now() - each * MICROS + HOUR)  # they begin an hour before
    for i in range(each):
        batches = list(islice(found, bench.bands))
        spans = [Span(batch.dev, batch.t0, batch.end) for batch in batches]
        spool.commit(batches, spans, {(batch.dev, batch.stream): batch.last for batch in batches})
        end = batches[-1].end
        moved((i + 1) / each)
    rows, thinned = spool.waiting(), spool.thinned_by_day()
    spool.close()
    if thinned:
        raise Unmeasured("So much is more than a spool's budget holds. Try again with fewer --hours or --bands.")
    return Backlog(bench.bands, rows, each, end)


@dataclass(frozen=True, slots=True)
class Drained:
    seconds: float
    late: Sequence[int]
    """ms from notification to stored, of each live reading meanwhile."""
    taken: Sequence[Figure]


def _drained(gateway: Live, backlog: Backlog, processes: Mapping[str, Victim], moved: Callable[[float], None]) -> Drained:
    """Until nothing of it is in the spool. Raises `Unmeasured`."""
    late: list[int] = []
    beats = gateway.beats()
    next(beats)
    began, toll = time.monotonic(), Toll({"gateway": gateway.pid} | pids(processes))
    for beat in beats:
        toll.look()
        late += beat.late
        moved(FILLING + (1 - FILLING) * max(0.0, 1 - beat.waiting / backlog.rows))
        if beat.stored_to >= backlog.end:
            return Drained(time.monotonic() - began, late, list(toll.figures()))
    raise Unmeasured("The live bands' gateway ended before its backlog was stored; what went wrong is said above.")


def _outcome(backlog: Backlog, drained: Drained, kept: Books) -> Outcome:
    pace = backlog.seconds * backlog.bands / drained.seconds
    figures = [
        Figure(f"backlog, {backlog.seconds / 3600:g} h of {backlog.bands} bands", backlog.rows, "rows"),
        Figure("drained in", drained.seconds, "s", f"≤ {backlog.seconds * backlog.bands / PACE:.3g}"),
        Figure("drained", backlog.rows / drained.seconds, "rows/s"),
    ]
    if drained.late:
        s = np.asarray(drained.late) / 1000
        figures += [Figure(f"live meanwhile, notification to stored, p{q}", float(np.percentile(s, q)), "s") for q in (50, 99, 100)]
        figures[-2] = replace(figures[-2], goal=f"≤ {FRESH}")
    figures += [*kept.figures(), *drained.taken]
    return Outcome(figures, pace / BANDS if kept.whole else 0.0, PACE / BANDS, f"drained, beside what {BANDS} live bands send")
