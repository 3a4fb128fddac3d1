"""What the embedded broker carries, the ingester in the same process as in life, beside what live bands send with a commit each second."""

from lab.bench.cost import cpu
from lab.bench.job import Bench, Figure, Outcome
from lab.bench.processes import publisher, standing
from lab.bench.publisher import Orders

EACH = 60
"""Commits of each band."""
SAMPLES = 50
"""In 1 s at 50 Hz."""
LEAST = 2.0
"""Half a processor, so that there is room for a backlog after an outage."""


def run(bench: Bench) -> Outcome:
    site = bench.line(bench.folder, "embedded", "sqlite")
    orders = Orders(broker=f"mqtt://127.0.0.1:{site.port}", bands=bench.bands, each=EACH, samples=SAMPLES, now=bench.now())
    with standing(site) as processes, publisher(site, orders) as crowd:
        process = processes["ingester"].pid or 0
        before = cpu(process)
        seconds = crowd.publish(bench.moved)
        spent = (cpu(process) - before) / crowd.windows
    figures = [
        Figure("published, stored, answered", crowd.windows / seconds, "messages/s", f"≥ {bench.bands} for {bench.bands} bands"),
        Figure("broker and ingester together", 1 / spent, "messages/s of processor time"),
        Figure(f"of one processor, for {bench.bands} bands", 100 * spent * bench.bands, "%"),
    ]
    return Outcome(figures, 1 / spent / bench.bands, LEAST, f"what a processor carries, beside {bench.bands} commits a second")
