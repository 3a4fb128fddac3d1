"""One receiver of virtual bands: what it hears goes into a spool of its own, and on when its line is up."""

import time
from pathlib import Path
from random import Random

from ingest.collect import Appetite, Collector, everything
from ingest.drivers.infinitime import DRIVER
from ingest.link import Link
from ingest.radio import Radio
from ingest.sender import Sender
from ingest.session import Band, Pace
from ingest.spool import Spool
from lab.people import Player


class Receiver:
    """`name` is its gateway's in topics. The line is down until `call`."""

    def __init__(self, name: str, players: list[Player], broker: str, site: str, spool: Path) -> None:
        self.players = players
        self.spool = Spool(spool)
        self._name, self._broker = name, broker
        self._prefix = f"keepup/1/{site}/{name}"
        self._line: tuple[Link, Sender] | None = None

    def call(self) -> None:
        """The line comes up."""
        link = Link(self._broker, f"keepup-{self._name}-gateway", [f"{self._prefix}/ack"])
        self._line = link, Sender(self.spool, link, self._prefix, rows=1)  # a story is the same each time, its messages too
        for end in self._line:
            end.start()

    def hang_up(self) -> None:
        """The line goes down, if it is up."""
        if self._line:
            for end in reversed(self._line):
                end.stop()
            self._line = None

    def drain(self) -> None:
        """Returns once all that was committed is stored; at once where the line is down. Raises what ended the sending."""
        while self._line and self.spool.waiting():
            _, sender = self._line
            if sender.failure:
                raise sender.failure
            time.sleep(0.01)

    def close(self) -> None:
        self.hang_up()
        self.spool.close()

    def collector(self, radio: Radio, seed: int, pace: Pace, appetite: Appetite = everything) -> Collector:
        bands = [Band(player.dev, player.band.address, DRIVER, player.zone) for player in self.players]
        dice = Random(seed)  # noqa: S311 — jitter, and the same for the same seed
        return Collector(radio, bands, self.spool, dice=dice, appetite=appetite, pace=pace)

    def books(self) -> tuple[int, int]:
        """Readings handed over by the bands, and accepted into the spool."""
        return sum(sum(player.band.notified.values()) for player in self.players), sum(self.spool.accepted().values())
