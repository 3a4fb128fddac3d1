"""Gateways that publish prepared windows as fast as they are answered: `python -I -m lab.bench.publisher ORDERS`, ORDERS being JSON.

Says {"ready": n} once all is prepared and an ingester has answered the first; at a line on stdin it begins, says {"answered": n} now and
then, and {"done": n, "seconds": s} at the end. Nothing is sent twice: nobody is killed here.
"""

import json
import sys
import time
from itertools import islice

from pydantic import BaseModel

from ingest.link import Link
from ingest.sender import AHEAD
from ingest.wire import unseal_ack
from lab.bench.windows import gateway, message, windows

WINDOW = 800
"""Messages on the way: Mosquitto drops what is more than 1,000 behind for one subscriber (its default). No more windows than `AHEAD`."""
KNOCK, PATIENCE = 0.5, 30.0
"""s between attempts to be heard, and without an answer until it gives up."""
TELL = 0.5  # s


class Orders(BaseModel):
    broker: str
    bands: int
    each: int
    """Windows of each band."""
    samples: int
    now: int
    """µs UTC."""
    together: int = 1
    """Windows in one message, as a gateway sends what a commit has heard of many bands; those of a gateway are a multiple of it."""
    answered: bool = True
    """False: whoever listens says nothing; the broker's word for each is enough."""


class _Crowd:
    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        found = windows(orders.bands, orders.each, orders.samples, orders.now)
        self.prepared: list[tuple[str, bytes]] = []
        self.windows = orders.bands * orders.each
        for first in range(1, self.windows + 1, orders.together):
            some = list(islice(found, orders.together))
            self.prepared.append((f"keepup/1/home/bench-{gateway(some[0].dev)}/data", message(some, first)))
        self.ahead = min(WINDOW * orders.together, AHEAD)
        self.link = Link(orders.broker, "keepup-bench", ["keepup/1/home/+/ack"], room=len(self.prepared))
        self.sent = self.answers = 0
        self.moved = time.monotonic()

    def knock(self) -> None:
        """The first message, until somebody answers it. Then all who are to hear the rest are there."""
        while not self.answers:
            self._look()
            if self.link.publish(*self.prepared[0]) and not self.orders.answered:
                break
            time.sleep(KNOCK)
            self._hear()
        self.answers = 0

    def publish(self) -> None:
        told = 0.0
        for topic, payload in self.prepared:
            while self.sent - self._hear() >= self.ahead or not self.link.publish(topic, payload):
                self._look()
                time.sleep(0.002)
            self.sent += self.orders.together
            if time.monotonic() - told > TELL:
                told = time.monotonic()
                say(answered=self.answers)
        while self._hear() < self.sent:
            self._look()
            time.sleep(0.002)

    def _hear(self) -> int:
        """How many are answered."""
        before = self.answers
        if not self.orders.answered:
            self.answers = self.sent - self.link.outstanding * self.orders.together
        while not self.link.arrived.empty():
            self.answers += sum(last - first + 1 for first, last in unseal_ack(self.link.arrived.get().payload).stored)
        if self.answers != before:
            self.moved = time.monotonic()
        return self.answers

    def _look(self) -> None:
        if time.monotonic() - self.moved > PATIENCE:
            sys.exit(f"of {self.sent} windows {self.answers} were answered, and for {PATIENCE:g} s no other")


def say(**what: float) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 — its stdout is how it speaks


def main(orders: Orders) -> None:
    crowd = _Crowd(orders)
    crowd.link.start()
    try:
        crowd.knock()
        say(ready=crowd.windows)
        sys.stdin.readline()
        began = time.monotonic()
        crowd.publish()
        say(done=crowd.answers, seconds=time.monotonic() - began)
    finally:
        crowd.link.stop()


if __name__ == "__main__":
    main(Orders.model_validate_json(sys.argv[1]))
