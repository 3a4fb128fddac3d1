"""From a band's notification to stored, over the real line behind Mosquitto. Who listens beside it sees each reading sent and answered for.

A reading waits for the commit of its second before it is sent; that part is measured too, and the rest of the way is judged beside it.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ingest.batch import MICROS
from ingest.link import Link
from ingest.wire import decode, unpack, unseal, unseal_ack
from lab.bench.cost import cpu, resident
from lab.bench.gateway import Orders
from lab.bench.job import Bench, Figure, Outcome, Unmeasured
from lab.bench.processes import standing
from lab.chaos.storm import Site

LEAST = 0.5
"""The whole way may take twice as long as the wait for the commit alone."""
PATIENCE = 60.0
"""s until all bands are heard."""
LOOK = 0.005  # s


@dataclass(slots=True)
class Listener:
    """µs from notification to sent, and to answered, of each reading, batch by batch."""

    link: Link
    sent: list[NDArray[np.int64]] = field(default_factory=list)
    stored: list[NDArray[np.int64]] = field(default_factory=list)
    devs: set[str] = field(default_factory=set)
    _under_way: dict[int, list[NDArray[np.int64]]] = field(default_factory=dict)

    def listen(self, now: int) -> None:
        while not self.link.arrived.empty():
            came = self.link.arrived.get()
            if came.topic.endswith("/data"):
                self._data(came.payload, now)
            else:
                self._ack(came.payload, now)

    def _data(self, payload: bytes, now: int) -> None:
        message = unseal(payload)
        if message.seq is None or message.parcel is None or message.seq in self._under_way:
            return
        batches = [decode(body) for _, body in unpack(message.parcel).bodies]
        self.devs |= {batch.dev for batch in batches}
        self._under_way[message.seq] = [batch.times for batch in batches]
        self.sent += [now - batch.times for batch in batches]

    def _ack(self, payload: bytes, now: int) -> None:
        for first, last in unseal_ack(payload).stored:
            for seq in range(first, last + 1):
                self.stored += [now - times for times in self._under_way.pop(seq, [])]


def run(bench: Bench) -> Outcome:
    site = bench.line(bench.folder, "mosquitto", "sqlite")
    ear = Listener(Link(f"mqtt://127.0.0.1:{site.port}", "keepup-bench-ear", ["keepup/1/home/+/data", "keepup/1/home/+/ack"]))
    with standing(site) as processes, _gateway(site, bench) as gateway:
        ear.link.start()
        pids = {"gateway": gateway.pid} | {name: one.pid or 0 for name, one in processes.items()}
        try:
            _listened(bench, ear, gateway)
            before = {name: (resident(pid), cpu(pid)) for name, pid in pids.items()}
            ear.sent.clear()
            ear.stored.clear()
            began = time.monotonic()
            while (at := time.monotonic() - began) < bench.seconds:
                ear.listen(bench.now())
                bench.moved(at / bench.seconds)
                time.sleep(LOOK)
            after = {name: (resident(pid), cpu(pid)) for name, pid in pids.items()}
        finally:
            ear.link.stop()
    return _outcome(bench, ear, before, after)


def _outcome(bench: Bench, ear: Listener, before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]]) -> Outcome:
    if not ear.stored:
        raise Unmeasured("Nothing was stored while it was measured. Try again with more --seconds, or fewer --bands.")
    sent, stored = (np.concatenate(one) / MICROS for one in (ear.sent, ear.stored))
    quantiles = {f"{name}, p{q}": float(np.percentile(of, q)) for name, of in (("sent", sent), ("stored", stored)) for q in (50, 99)}
    figures = [Figure(f"readings of {len(ear.devs)} bands", len(stored) / bench.seconds, "readings/s")]
    figures += [Figure(f"notification to {name}", value, "s") for name, value in quantiles.items()]
    for name, (memory, used) in after.items():
        figures.append(Figure(f"{name}: memory at the start", before[name][0], "MB"))
        figures.append(Figure(f"{name}: memory at the end", memory, "MB"))
        figures.append(Figure(f"{name}: of one processor", 100 * (used - before[name][1]) / bench.seconds, "%"))
    return Outcome(figures, quantiles["sent, p99"] / quantiles["stored, p99"], LEAST, "notification to sent, beside to stored, p99")


def _listened(bench: Bench, ear: Listener, gateway: "subprocess.Popen[bytes]") -> None:
    """Until all bands are heard. Raises `Unmeasured`."""
    end = time.monotonic() + PATIENCE
    while len(ear.devs) < bench.bands:
        ear.listen(bench.now())
        if gateway.poll() is not None or time.monotonic() > end:
            raise Unmeasured(f"Only {len(ear.devs)} of {bench.bands} bands were heard in {PATIENCE:g} s. Try again with fewer --bands.")
        time.sleep(LOOK)


@contextmanager
def _gateway(site: Site, bench: Bench) -> Iterator["subprocess.Popen[bytes]"]:
    ahead = bench.now() - time.monotonic_ns() // 1000
    spool = bench.folder / "spool.db"
    orders = Orders(bands=bench.bands, ahead=ahead, broker=f"mqtt://127.0.0.1:{site.port}", spool=spool)
    command = [*site.python, "lab.bench.gateway", orders.model_dump_json()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:  # noqa: S603 — our own
        try:
            yield process
        finally:
            process.terminate()
