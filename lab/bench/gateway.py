"""A gateway of virtual bands in real time, as in life but that they are never out of reach: `python -I -m lab.bench.gateway ORDERS`.

The real collector, spool and sender. At the end of stdin it hears no more, sends what it has, and ends once all of it is stored.
"""

import asyncio
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random
from threading import Event, Thread
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from ingest.batch import MICROS
from ingest.collect import Collector
from ingest.drivers.infinitime import DRIVER
from ingest.link import Link
from ingest.sender import Sender
from ingest.session import Band, Pace
from ingest.spool import Spool
from lab.band import VirtualBand
from lab.bench.late import LateSpool
from lab.chaos.wrist import Restless
from lab.clock import Clock
from lab.persona import STEADY
from lab.radio import VirtualRadio

CHUNK = MICROS // 5
CONNECTS = 0.02
"""s; all bands are to be there soon."""
PREFIX = "keepup/1/home/bench-live"
BEAT = 0.5
"""s from one word of how it goes to the next."""
LOOK = 0.05  # s
FAREWELL = 0.2
"""s for the last word of how far all is stored."""


class Orders(BaseModel):
    bands: int
    ahead: int
    """Time UTC less the machine's monotonic clock, µs."""
    broker: str
    spool: Path
    tells: bool = False
    """Whether it says a `Beat` now and then, a line of JSON."""
    after: int | None = None
    """It tells how late the rows after this one were stored; `None`: of none."""


class Beat(BaseModel):
    waiting: int
    """Rows not yet answered for."""
    stored_to: int
    """µs UTC: everything of every band before it is stored."""
    late: list[int]
    """ms from notification to stored, of each reading that was since the last."""


def main(orders: Orders) -> None:
    os.umask(0o077)
    clock = Clock(orders.ahead + time.monotonic_ns() // 1000, 1.0)
    with ExitStack() as stack:
        spool = LateSpool(orders.spool, clock.now, orders.after)
        stack.callback(spool.close)
        link = Link(orders.broker, "keepup-bench-live", [f"{PREFIX}/ack"])
        sender = Sender(spool, link, PREFIX)
        if orders.tells:
            stack.enter_context(_Telling(spool))
        for part in (link, sender):
            part.start()
            stack.callback(part.stop)
        asyncio.run(_hear(orders, clock, spool))
        while spool.waiting() and not sender.failure:
            time.sleep(LOOK)
        time.sleep(FAREWELL)


async def _hear(orders: Orders, clock: Clock, spool: Spool) -> None:
    worn = [VirtualBand(_Near(f"live-{i}", ZoneInfo("UTC"), STEADY, 1)) for i in range(orders.bands)]
    radio = VirtualRadio(worn, clock, CHUNK, CONNECTS)
    bands = [Band(one.body.name, one.address, DRIVER, one.body.zone) for one in worn]
    collector = Collector(radio, bands, spool, dice=Random(1), pace=Pace(scan=1.0))  # noqa: S311 — jitter
    loop = asyncio.get_running_loop()

    def over() -> None:
        loop.remove_reader(sys.stdin)
        collector.stop()

    loop.add_reader(sys.stdin, over)
    await collector.run()


class _Near(Restless):
    def reachable(self, at: int) -> bool:  # noqa: ARG002 — the name it is asked by
        return True


class _Telling:
    """Says a beat at once, then every so often, for as long as the context lasts."""

    def __init__(self, spool: LateSpool) -> None:
        self._spool, self._over = spool, Event()
        self._thread = Thread(target=self._tell, name="telling", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _tell(self) -> None:
        while True:
            reached = min(self._spool.claims().values(), default=0)
            beat = Beat(waiting=self._spool.waiting(), stored_to=reached, late=self._spool.late())
            print(beat.model_dump_json(), flush=True)  # noqa: T201 — its stdout is how it speaks
            if self._over.wait(BEAT):
                return


if __name__ == "__main__":
    main(Orders.model_validate_json(sys.argv[1]))
