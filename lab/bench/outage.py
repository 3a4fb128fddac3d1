"""The store's server is away under live bands, and comes back: what gateway and ingester take meanwhile, and whether anything is lost."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from shutil import which

import numpy as np

from lab.bench.books import Books, books
from lab.bench.job import Bench, Figure, Outcome
from lab.bench.live import Heard, Live, heard, listening, live
from lab.bench.processes import standing, until_it_listens
from lab.bench.toll import Toll
from lab.chaos.victim import Victim

WARM = 10.0
"""s of ordinary life before the memory at the start is read: what is loaded late has come by then."""
SETTLING = 600.0
"""s that storing what was held back may take."""
SETTLED = 20.0
"""s for which is measured afterwards how late readings are stored."""
LEAST = 0.7
"""What is held back is on the gateway's disk, and in memory only what is under way; the rest is what an allocator keeps for itself."""


@dataclass(frozen=True, slots=True)
class Outage:
    seconds: float
    spooled: int
    """Rows at most."""
    before: Mapping[str, float]
    """MB when it began, gateway and ingester."""
    after: Mapping[str, float]
    """MB when it ended."""
    caught_up: float | None
    """s from then until all was stored; `None`: not within `SETTLING`."""


def run(bench: Bench) -> Outcome:
    kept = "influx" if which("influxd") else "double"
    site = bench.line(bench.folder, "mosquitto", kept)
    with standing(site) as processes:
        until_it_listens(processes["ingester"])
        with live(site, bench, tells=True) as gateway:
            with listening(site, bench, gateway):
                _watched(gateway, WARM)
            toll = Toll({"gateway": gateway.pid, "ingester": processes["ingester"].pid or 0})
            outage = _outage(bench, gateway, processes["store"], toll)
            with listening(site, bench, gateway) as ear:
                since = heard(ear, bench.now, SETTLED, lambda _: toll.look())
            taken = list(toll.figures())
            over = gateway.end()
            return _outcome(kept, outage, since, taken, books(site, over=over))


def _outage(bench: Bench, gateway: Live, store: Victim, toll: Toll) -> Outage:
    store.kill()
    before, began = toll.memory(), time.monotonic()
    spooled = _watched(gateway, bench.seconds, toll, lambda at: bench.moved(at / bench.seconds / 2))
    away, after = time.monotonic() - began, toll.memory()
    store.start()
    back, began = bench.now(), time.monotonic()
    for beat in gateway.beats():
        toll.look()
        spooled = max(spooled, beat.waiting)
        bench.moved(1 - beat.waiting / spooled / 2)
        if beat.stored_to >= back or time.monotonic() - began > SETTLING:
            break
    return Outage(away, spooled, before, after, time.monotonic() - began if beat.stored_to >= back else None)


def _watched(gateway: Live, seconds: float, toll: Toll | None = None, moved: Callable[[float], None] = lambda _: None) -> int:
    """Rows that waited at most."""
    most, began = 1, time.monotonic()
    for beat in gateway.beats():
        most = max(most, beat.waiting)
        if toll:
            toll.look()
        moved(at := time.monotonic() - began)
        if at >= seconds:
            break
    return most


def _outcome(kept: str, outage: Outage, since: Heard, taken: list[Figure], told: Books) -> Outcome:
    figures = [
        Figure(f"{'InfluxDB 2' if kept == 'influx' else 'protocol double'} away, {since.bands} live bands", outage.seconds, "s"),
        Figure("spooled at most", outage.spooled, "rows"),
        Figure(f"until all was stored{'' if outage.caught_up else ': NOT within'}", outage.caught_up or SETTLING, "s"),
        *(Figure(f"then notification to stored, p{q}", float(np.percentile(since.stored, q)), "s") for q in (50, 99)),
        *(Figure(f"{name}: memory as the store came back", mb, "MB") for name, mb in outage.after.items()),
        *taken,
        *told.figures(),
    ]
    flat = min(outage.before[name] / mb for name, mb in outage.after.items())
    return Outcome(figures, flat if told.whole else 0.0, LEAST, "memory as the store went, beside as it came back; 0: something was lost")
