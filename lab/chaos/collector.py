"""A gateway of virtual bands in real time, to be killed: `python -I -m lab.chaos.collector ORDERS`, ORDERS being JSON.

The real collector, spool and sender. At the end of stdin it hears no more, sends what it has, and ends with 0 once all of it is stored.
"""

import asyncio
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random

from pydantic import BaseModel

from ingest.batch import MICROS
from ingest.collect import Collector
from ingest.drivers.infinitime import DRIVER
from ingest.link import Link
from ingest.sender import Sender
from ingest.session import Band, Pace
from ingest.spool import Spool
from lab.chaos import wrist
from lab.chaos.witness import HeardRadio, Journal, WitnessedSpool
from lab.clock import Clock
from lab.radio import VirtualRadio

PACE = Pace(commit=0.25, scan=0.2, alive=3.0, longest_wait=1.0)
"""Quicker than in life, so that a kill finds something under way."""
CHUNK = MICROS // 5
CONNECTS = 0.02
"""Seconds; all bands are to be back soon after a kill."""
LOOK = 0.05  # s
FAREWELL = 0.2
"""s for the last word of how far all is stored."""


class Orders(BaseModel):
    """What the process is to do."""

    seed: int
    bands: int
    ahead: int
    """Time UTC less the machine's monotonic clock, µs: so time goes on from one process to the next."""
    broker: str
    prefix: str
    """Of its topics: "keepup/1/{site}/{gateway}"."""
    spool: Path
    journal: Path


def devs(bands: int) -> list[str]:
    return [f"virtual-{number}" for number in range(1, bands + 1)]


def main(orders: Orders) -> int:
    """The exit code: 1 where what ended it was a disk that took no more, or a fault."""
    os.umask(0o077)
    with ExitStack() as stack:
        journal = Journal(orders.journal)
        stack.callback(journal.close)
        spool = Spool(orders.spool)
        stack.callback(spool.close)
        link = Link(orders.broker, "keepup-chaos-gateway", [f"{orders.prefix}/ack"])
        sender = Sender(spool, link, orders.prefix)
        for part in (link, sender):
            part.start()
            stack.callback(part.stop)
        asyncio.run(_hear(orders, WitnessedSpool(spool, journal), journal, sender))
        return _drain(spool, sender)


async def _hear(orders: Orders, sink: WitnessedSpool, journal: Journal, sender: Sender) -> None:
    clock = Clock(orders.ahead + time.monotonic_ns() // 1000, 1.0)
    worn = {dev: wrist.band(dev, orders.seed) for dev in devs(orders.bands)}
    radio = HeardRadio(VirtualRadio(list(worn.values()), clock, CHUNK, CONNECTS), journal)
    bands = [Band(dev, one.address, DRIVER, one.body.zone) for dev, one in worn.items()]
    collector = Collector(radio, bands, sink, dice=Random(orders.seed), pace=PACE)  # noqa: S311 — jitter
    loop = asyncio.get_running_loop()

    def over() -> None:
        loop.remove_reader(sys.stdin)
        collector.stop()

    loop.add_reader(sys.stdin, over)
    job = asyncio.create_task(collector.run())
    while not job.done():
        await asyncio.wait([job], timeout=LOOK)
        if sender.failure:
            collector.stop()
    await job


def _drain(spool: Spool, sender: Sender) -> int:
    while spool.waiting():
        if sender.failure:
            return 1
        time.sleep(LOOK)
    time.sleep(FAREWELL)
    return 0


if __name__ == "__main__":
    sys.exit(main(Orders.model_validate_json(sys.argv[1])))
