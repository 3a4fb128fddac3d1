"""From a band's notification to stored, over the real line behind Mosquitto. Who listens beside it sees each reading sent and answered for.

A reading waits for the commit of its second before it is sent; that part is measured too, and the rest of the way is judged beside it.
"""

from collections.abc import Sequence

import numpy as np

from lab.bench.job import Bench, Figure, Outcome
from lab.bench.live import Heard, heard, listening, live
from lab.bench.processes import pids, standing
from lab.bench.toll import Toll

LEAST = 0.5
"""The whole way may take twice as long as the wait for the commit alone."""


def run(bench: Bench) -> Outcome:
    site = bench.line(bench.folder, "mosquitto", "sqlite")
    with standing(site) as processes, live(site, bench) as gateway, listening(site, bench, gateway) as ear:
        toll = Toll({"gateway": gateway.pid} | pids(processes))

        def moved(at: float) -> None:
            toll.look()
            bench.moved(at / bench.seconds)

        return _outcome(heard(ear, bench.now, bench.seconds, moved), list(toll.figures()))


def _outcome(ear: Heard, taken: Sequence[Figure]) -> Outcome:
    parts = ("sent", ear.sent), ("stored", ear.stored)
    quantiles = {f"{name}, p{q}": float(np.percentile(of, q)) for name, of in parts for q in (50, 99)}
    figures = [Figure(f"readings of {ear.bands} bands", len(ear.stored) / ear.seconds, "readings/s")]
    figures += [Figure(f"notification to {name}", value, "s") for name, value in quantiles.items()]
    ratio = quantiles["sent, p99"] / quantiles["stored, p99"]
    return Outcome([*figures, *taken], ratio, LEAST, "notification to sent, beside to stored, p99")
