"""The gateway of live bands as a process, and who listens beside the line."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from ingest.batch import MICROS
from ingest.body import decode
from ingest.link import Link
from ingest.wire import unpack, unseal, unseal_ack
from lab.bench.gateway import Beat, Orders
from lab.bench.job import Bench, Unmeasured
from lab.chaos.storm import Site
from lab.chaos.victim import bound

PATIENCE = 60.0
"""s until all bands are heard, and without a word from the gateway until it is given up."""
LOOK = 0.005  # s
Micros = NDArray[np.int64]


class Live:
    """The process of `lab.bench.gateway`."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process, self._said = process, Queue[Beat | None]()
        Thread(target=self._hear, name="live", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def beats(self) -> Iterator[Beat]:
        """As they come, to the end of the process. Raises `Unmeasured`."""
        try:
            while beat := self._said.get(timeout=PATIENCE):
                yield beat
        except Empty as nothing:
            raise Unmeasured(f"The live bands' gateway said nothing for {PATIENCE:g} s. Try again with fewer --bands.") from nothing

    def end(self, patience: float = PATIENCE) -> bool:
        """It hears no more, and ends once all it has is stored; whether it was within `patience`, s. Raises `Unmeasured`."""
        if self._process.stdin:
            self._process.stdin.close()
        end = time.monotonic() + patience
        return all(time.monotonic() < end for _ in self.beats())

    def _hear(self) -> None:
        for line in self._process.stdout or ():
            self._said.put(Beat.model_validate_json(line))
        self._said.put(None)


@contextmanager
def live(site: Site, bench: Bench, *, tells: bool = False, after: int | None = None) -> Iterator[Live]:
    """Its spool is `spool.db` in the job's folder. `tells`, `after`: see `Orders`."""
    ahead, spool = bench.now() - time.monotonic_ns() // 1000, bench.folder / "spool.db"
    orders = Orders(bands=bench.bands, ahead=ahead, broker=_broker(site), spool=spool, tells=tells, after=after)
    command, pipe = bound([*site.python, "lab.bench.gateway", orders.model_dump_json()]), subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, start_new_session=True) as process:  # noqa: S603 — our own
        try:
            yield Live(process)
        finally:
            process.terminate()


@dataclass(slots=True)
class Listener:
    """µs from notification to sent, and to answered, of each reading, batch by batch."""

    link: Link
    sent: list[Micros] = field(default_factory=list)
    stored: list[Micros] = field(default_factory=list)
    devs: set[str] = field(default_factory=set)
    _under_way: dict[int, list[Micros]] = field(default_factory=dict)

    def listen(self, now: int) -> None:
        while not self.link.arrived.empty():
            came = self.link.arrived.get()
            if came.topic.endswith("/data"):
                self._data(came.payload, now)
            else:
                self._ack(came.payload, now)

    def _data(self, payload: bytes, now: int) -> None:
        message = unseal(payload)
        for seq, parcel in message.rows:
            if seq not in self._under_way:
                batches = [decode(body) for _, body in unpack(parcel).bodies]
                self.devs |= {batch.dev for batch in batches}
                self._under_way[seq] = [batch.times for batch in batches]
                self.sent += [now - batch.times for batch in batches]

    def _ack(self, payload: bytes, now: int) -> None:
        for first, last in unseal_ack(payload).stored:
            for seq in range(first, last + 1):
                self.stored += [now - times for times in self._under_way.pop(seq, [])]


@dataclass(frozen=True, slots=True)
class Heard:
    """s from notification, of each reading."""

    sent: NDArray[np.float64]
    stored: NDArray[np.float64]
    bands: int
    seconds: float


@contextmanager
def listening(site: Site, bench: Bench, gateway: Live) -> Iterator[Listener]:
    """Once all bands are heard. Raises `Unmeasured`."""
    ear = Listener(Link(_broker(site), "keepup-bench-ear", ["keepup/1/home/+/data", "keepup/1/home/+/ack"]))
    ear.link.start()
    try:
        end = time.monotonic() + PATIENCE
        while len(ear.devs) < bench.bands:
            ear.listen(bench.now())
            if not gateway.alive or time.monotonic() > end:
                raise Unmeasured(f"Only {len(ear.devs)} of {bench.bands} bands were heard in {PATIENCE:g} s. Try again with fewer --bands.")
            time.sleep(LOOK)
        yield ear
    finally:
        ear.link.stop()


def heard(ear: Listener, now: Callable[[], int], seconds: float, moved: Callable[[float], None] = lambda _: None) -> Heard:
    """What comes from here on, for so long. `moved`: told s since. Raises `Unmeasured`."""
    ear.sent.clear()
    ear.stored.clear()
    began = time.monotonic()
    while (at := time.monotonic() - began) < seconds:
        ear.listen(now())
        moved(at)
        time.sleep(LOOK)
    if not ear.stored:
        raise Unmeasured("Nothing was stored while it was measured. Try again with more --seconds, or fewer --bands.")
    sent, stored = (np.concatenate(one) / MICROS for one in (ear.sent, ear.stored))
    return Heard(sent, stored, len(ear.devs), seconds)


def _broker(site: Site) -> str:
    return f"mqtt://127.0.0.1:{site.port}"
