"""A gateway of virtual bands, run as a process of its own: `python -I -m lab.gateway ORDERS`, ORDERS being JSON.

The real collector, spool and sender; only radio and time are virtual. Tells how far it is in JSON lines on stdout.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Set
from pathlib import Path
from random import Random

from pydantic import BaseModel

from ingest.batch import DAY, MICROS, MINUTE, Stream
from ingest.collect import Collector
from ingest.drivers.infinitime import DRIVER
from ingest.link import Link
from ingest.sender import Sender
from ingest.session import Band, Pace
from ingest.spool import Spool
from lab.clock import Clock, run
from lab.people import Player, cast, exercise_windows
from lab.radio import VirtualRadio

COMMIT = 15 * MINUTE
"""Between commits while history is made: no loss can come of it, for nothing is killed here."""
HISTORY = Pace(commit=COMMIT / MICROS, alive=600, scan=30)
LIVE = Pace()
QUIET: Set[Stream] = frozenset({Stream.COUNTER, Stream.HR, Stream.BATTERY})
RECENT = DAY
"""How long before the end of history acceleration is heard all day."""


class Orders(BaseModel):
    """What the process is to do. Times µs UTC."""

    seed: int
    patients: int
    start: int
    end: int
    """Where history ends."""
    live: bool = False
    """Go on in real time from there, until told to stop by the end of stdin."""
    broker: str
    spool: Path
    site: str = "home"


def main(orders: Orders) -> None:
    os.umask(0o077)  # a spool is for its owner alone, of virtual bands too
    players = cast(orders.seed, orders.patients, orders.end)
    clock = Clock(orders.start, "max", present=orders.end if orders.live else None)
    radio = VirtualRadio([player.band for player in players], clock, chunk=COMMIT)
    spool = Spool(orders.spool)
    prefix = f"keepup/1/{orders.site}/virtual"
    link = Link(orders.broker, "keepup-virtual-gateway", [f"{prefix}/ack"])
    sender = Sender(spool, link, prefix)
    link.start()
    sender.start()
    try:
        run(_hear(orders, players, radio, spool, clock), clock)
        _drain(spool, sender)
        told = {"notified": sum(sum(p.band.notified.values()) for p in players), "accepted": sum(spool.accepted().values())}
        _say(done=told)
        if orders.live:
            run(_go_on(orders, players, radio, spool), clock)
    finally:
        sender.stop()
        link.stop()
        spool.close()


async def _hear(orders: Orders, players: list[Player], radio: VirtualRadio, spool: Spool, clock: Clock) -> None:
    collector = Collector(radio, _bands(players), spool, dice=_dice(orders), appetite=_appetite(orders, players), pace=HISTORY)
    job = asyncio.create_task(collector.run())
    while not job.done() and clock.now() < orders.end:
        await asyncio.wait([job], timeout=min(DAY, orders.end - clock.now()) / MICROS)
        _say(at=min(clock.now(), orders.end))
    collector.stop()
    await job


async def _go_on(orders: Orders, players: list[Player], radio: VirtualRadio, spool: Spool) -> None:
    collector = Collector(radio, _bands(players), spool, dice=_dice(orders), pace=LIVE)
    job = asyncio.create_task(collector.run())
    asyncio.get_running_loop().add_reader(sys.stdin, collector.stop)
    await job


def _dice(orders: Orders) -> Random:
    return Random(orders.seed)  # noqa: S311 — jitter, and the same for the same seed


def _bands(players: list[Player]) -> list[Band]:
    return [Band(player.patient, player.band.address, DRIVER, player.zone) for player in players]


def _appetite(orders: Orders, players: list[Player]) -> Callable[[str, int], Set[Stream]]:
    """Acceleration in the plan's windows and in the last day; otherwise what costs a band little."""
    windows = {player.patient: exercise_windows(player, orders.start, orders.end) for player in players}

    def wanted(dev: str, now: int) -> Set[Stream]:
        expected = any(start < now + COMMIT and now < end for start, end in windows[dev])
        return frozenset(Stream) if expected or now >= orders.end - RECENT else QUIET

    return wanted


def _drain(spool: Spool, sender: Sender) -> None:
    while spool.waiting() and not sender.failure:
        time.sleep(0.01)
    if sender.failure:
        raise sender.failure


def _say(**what: object) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 — its stdout is how it speaks


if __name__ == "__main__":
    main(Orders.model_validate_json(sys.argv[1]))
