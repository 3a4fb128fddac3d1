"""A gateway of virtual bands in real time, as in life but that they are never out of reach: `python -I -m lab.bench.gateway ORDERS`.

The real collector, spool and sender. At the end of stdin it hears no more and ends.
"""

import asyncio
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random
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
from lab.chaos.wrist import Restless
from lab.clock import Clock
from lab.persona import STEADY
from lab.radio import VirtualRadio

CHUNK = MICROS // 5
CONNECTS = 0.02
"""s; all bands are to be there soon."""
PREFIX = "keepup/1/home/bench-live"


class Orders(BaseModel):
    bands: int
    ahead: int
    """Time UTC less the machine's monotonic clock, µs."""
    broker: str
    spool: Path


class _Near(Restless):
    def reachable(self, at: int) -> bool:  # noqa: ARG002 — the name it is asked by
        return True


def main(orders: Orders) -> None:
    os.umask(0o077)
    with ExitStack() as stack:
        spool = Spool(orders.spool)
        stack.callback(spool.close)
        link = Link(orders.broker, "keepup-bench-live", [f"{PREFIX}/ack"])
        sender = Sender(spool, link, PREFIX)
        for part in (link, sender):
            part.start()
            stack.callback(part.stop)
        asyncio.run(_hear(orders, spool))


async def _hear(orders: Orders, spool: Spool) -> None:
    worn = [VirtualBand(_Near(f"live-{i}", ZoneInfo("UTC"), STEADY, 1)) for i in range(orders.bands)]
    radio = VirtualRadio(worn, Clock(orders.ahead + time.monotonic_ns() // 1000, 1.0), CHUNK, CONNECTS)
    bands = [Band(one.body.name, one.address, DRIVER, one.body.zone) for one in worn]
    collector = Collector(radio, bands, spool, dice=Random(1), pace=Pace(scan=1.0))  # noqa: S311 — jitter
    asyncio.get_running_loop().add_reader(sys.stdin, collector.stop)
    await collector.run()


if __name__ == "__main__":
    main(Orders.model_validate_json(sys.argv[1]))
