"""A gateway of virtual bands, run as a process of its own: `python -I -m lab.gateway ORDERS`, ORDERS being JSON.

The real collector, spool and sender; only radio and time are virtual. Tells how far it is in JSON lines on stdout: {"at": µs UTC} each day,
{"done": {"notified", "accepted"}} when all that could be sent of the history is stored. Patients whose data are held back have a receiver
of their own, whose line is down until the line `release` comes on stdin; then it says done again.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator, Set
from pathlib import Path

from pydantic import BaseModel

from ingest.batch import DAY, HOUR, MICROS, MINUTE, Stream
from ingest.session import Pace
from lab.clock import Clock, run
from lab.people import Player, cast, exercise_windows
from lab.radio import VirtualRadio
from lab.receiver import Receiver

COMMIT = 30 * MINUTE
"""Between commits while history is made: no loss can come of it, for nothing is killed here."""
HISTORY = Pace(commit=COMMIT / MICROS, alive=600, scan=30)
LIVE = Pace()
QUIET: Set[Stream] = frozenset({Stream.COUNTER, Stream.HR, Stream.BATTERY})
RECENT = 6 * HOUR
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
    held: list[str] = []
    """Bands whose data are held back from `hold_from` until `release`."""
    hold_from: int | None = None
    """`None`: from the start."""


def main(orders: Orders) -> None:
    os.umask(0o077)  # a spool is for its owner alone, of virtual bands too
    players = cast(orders.seed, orders.patients, orders.end)
    clock = Clock(orders.start, "max", present=orders.end if orders.live else None)
    radio = VirtualRadio([player.band for player in players], clock, chunk=COMMIT)
    receivers = _receivers(orders, players)
    try:
        run(_hear(orders, receivers, radio, clock), clock)
        _done(receivers)
        if _released(receivers) and orders.live:
            run(_go_on(orders, receivers, radio), clock)
    finally:
        for receiver in receivers:
            receiver.close()


def _receivers(orders: Orders, players: list[Player]) -> list[Receiver]:
    """One for all, its line up; and where data are held back, one for these."""
    held = [player for player in players if player.dev in orders.held]
    rest = [player for player in players if player not in held]
    receivers = [Receiver("virtual", rest, orders.broker, orders.site, orders.spool)]
    if held:
        beside = orders.spool.with_stem(orders.spool.stem + "-2")
        receivers.append(Receiver("virtual-2", held, orders.broker, orders.site, beside))
    for receiver in receivers if _hold_from(orders) > orders.start else receivers[:1]:
        receiver.call()
    return receivers


def _hold_from(orders: Orders) -> int:
    return orders.start if orders.hold_from is None else orders.hold_from


async def _hear(orders: Orders, receivers: list[Receiver], radio: VirtualRadio, clock: Clock) -> None:
    collectors = [one.collector(radio, orders.seed, HISTORY, _appetite(orders, one.players)) for one in receivers]
    jobs = [asyncio.create_task(collector.run()) for collector in collectors]
    for at in _stops(orders):
        while clock.now() < at:
            ended, _ = await asyncio.wait(jobs, timeout=(at - clock.now()) / MICROS, return_when=asyncio.FIRST_COMPLETED)
            for job in ended:
                job.result()
        if at == _hold_from(orders):
            _hold(receivers[1:])
        _say(at=at)
    for collector in collectors:
        collector.stop()
    await asyncio.gather(*jobs)


def _stops(orders: Orders) -> Iterator[int]:
    """Each day's end, and where data begin to be held back."""
    hold = _hold_from(orders)
    yield from sorted({*range(orders.start + DAY, orders.end, DAY), *([hold] if orders.start < hold < orders.end else []), orders.end})


def _hold(receivers: list[Receiver]) -> None:
    """All that was committed so far is sent, whatever real time that takes: virtual time stands still, for the loop waits."""
    for receiver in receivers:
        receiver.drain()
        receiver.hang_up()


def _done(receivers: list[Receiver]) -> None:
    for receiver in receivers:
        receiver.drain()
    books = [receiver.books() for receiver in receivers]
    _say(done={"notified": sum(n for n, _ in books), "accepted": sum(n for _, n in books)})


def _released(receivers: list[Receiver]) -> bool:
    """Waits for the word, where data are held back; False: told to end instead."""
    held = receivers[1:]
    if held:
        if sys.stdin.readline().strip() != "release":
            return False
        for receiver in held:
            receiver.call()
        _done(receivers)
    return True


async def _go_on(orders: Orders, receivers: list[Receiver], radio: VirtualRadio) -> None:
    collectors = [receiver.collector(radio, orders.seed, LIVE) for receiver in receivers]
    jobs = [asyncio.create_task(collector.run()) for collector in collectors]

    def stop() -> None:
        for collector in collectors:
            collector.stop()

    asyncio.get_running_loop().add_reader(sys.stdin, stop)
    await asyncio.gather(*jobs)


def _appetite(orders: Orders, players: list[Player]) -> Callable[[str, int], Set[Stream]]:
    """Acceleration in the plan's windows and in the last day; otherwise what costs a band little."""
    windows = {player.dev: exercise_windows(player, orders.start, orders.end) for player in players}

    def wanted(dev: str, now: int) -> Set[Stream]:
        expected = any(start < now + COMMIT and now < end for start, end in windows[dev])
        return frozenset(Stream) if expected or now >= orders.end - RECENT else QUIET

    return wanted


def _say(**what: object) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 — its stdout is how it speaks


if __name__ == "__main__":
    main(Orders.model_validate_json(sys.argv[1]))
