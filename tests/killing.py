"""The course of `tests.ordeal`, lived through by children that die: each ends without a word at a crash point, and the next one goes on.

A crash point is the instant before or after a statement, a commit or a sending, told apart by what its transaction has done so far. The
product knows nothing of them. Run as a program it forks the children, so that its parent can be full of threads.
"""

import json
import mmap
import os
import random
import struct
import sys
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import event

from alerts.alert import Message
from alerts.channel import Send
from alerts.channels import email, ntfy
from alerts.chart import Chart
from alerts.deliver import Way, deliver
from alerts.links import Links
from alerts.policy import LEASE
from ingest.batch import MICROS
from tests.mutants import MUTANTS
from tests.ordeal import ACTS, PEOPLE, REACH
from tests.passes import TIMES, judge

SECOND = MICROS
PATIENCE = 80
"""Kills in one pass; then it may go through."""
WAITS = {2: LEASE - SECOND, 4: LEASE}
"""After which kill of a pass the next child comes later than at once: what was claimed is somebody else's still, or nobody's any more."""
DEAD = 9
SETTINGS: Mapping[str, Callable[[int], Mapping[str, Any]]] = {
    "email": lambda port: {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "keepup@clinic.example",
        "contacts": {who: f"{who}@example.org" for who in REACH},
    },
    "ntfy": lambda port: {"url": f"http://127.0.0.1:{port}", "contacts": {who: who for who in REACH}},
}
"""Of the senders, by the port on this machine where their receiver is."""


class Clock:
    """What time it is in the course, which pass it is at and which acts are done: in a file, so that it outlives who wrote it."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(24))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), 24)

    now = property(lambda self: self._get(0), lambda self, value: self._set(0, value))
    passed = property(lambda self: self._get(1), lambda self, value: self._set(1, value))
    acts = property(lambda self: self._get(2), lambda self, value: self._set(2, value))

    def reset(self) -> None:
        self._map[:] = bytes(24)

    def _get(self, n: int) -> int:
        return int(struct.unpack_from("q", self._map, n * 8)[0])

    def _set(self, n: int, value: int) -> None:
        struct.pack_into("q", self._map, n * 8, value)


class Reaper:
    """Knows at which crash point the child is, and ends it where it is to end."""

    def __init__(self, dies: Callable[[int], bool], say: int = -1) -> None:
        self._dies, self._say = dies, say
        self._doing, self._path = 0, 0
        self.passed: set[int] = set()

    def doing(self, what: str) -> None:
        self._doing, self._path = crc32(what.encode()), 0

    def watch(self, chart: Chart) -> None:
        engine = chart._database._engine
        event.listen(engine, "before_cursor_execute", lambda *args: self._statement(args[2], 1))
        event.listen(engine, "after_cursor_execute", lambda *args: self.point(2, args[2]))
        event.listen(engine, "commit", lambda _: self.point(3))
        event.listen(engine, "checkin", lambda *_: self._ended())

    def point(self, phase: int, what: str = "") -> None:
        here = crc32(what.encode(), crc32(f"{self._doing} {self._path} {phase}".encode()))
        self.passed.add(here)
        if self._dies(here):
            os.write(self._say, struct.pack("I", here))
            os._exit(DEAD)

    def _statement(self, what: str, phase: int) -> None:
        self.point(phase, what)
        self._path = crc32(what.encode(), self._path)

    def _ended(self) -> None:
        self.point(4)
        self._path = 0


class Watched:
    """A sender with a crash point before and after: once nobody has the message, once somebody may."""

    def __init__(self, send: Send, reaper: "Reaper") -> None:
        self._send, self._reaper = send, reaper

    def __call__(self, message: Message) -> None:
        self._reaper.point(5, message.channel)
        self._send(message)
        self._reaper.point(6, message.channel)

    def close(self) -> None:
        self._send.close()


@dataclass(frozen=True, slots=True)
class Storm:
    """How a course went."""

    kills: int
    points: int
    """Distinct crash points at which a child died, in all courses so far."""
    missed: int
    """Of the crash points of courses in which nobody died, those at which no child has died so far."""


class Killer:
    """Lives through courses, one after the other; remembers at which crash points it has killed."""

    def __init__(self, clock: Path, ports: Mapping[str, int]) -> None:
        self._clock = Clock(clock)
        self._senders = [(one, one.open(SETTINGS[one.name](ports[one.name]))) for one in (email.CHANNEL, ntfy.CHANNEL)]
        self._died: set[int] = set()
        self._quiet: set[int] = set()
        self._charts: dict[str, Chart] = {}

    def live(self, url: str, kills: int, seed: int | None = None) -> Storm:
        """One course with so many kills at most: at crash points where nobody died yet or, with a seed, at random ones."""
        self._clock.reset()
        if url not in self._charts:
            self._charts[url] = Chart(url, channels=lambda recipient: REACH[recipient])
        chart = self._charts[url]
        chart.close()  # no child inherits a connection
        chance = random.Random(seed)  # noqa: S311 — a storm that can be had again
        happened = self._storm(chart, kills, chance, blind=seed is not None) if kills else self._calm(chart)
        return Storm(happened, len(self._died), len(self._quiet - self._died))

    def _calm(self, chart: Chart) -> int:
        """Nobody dies; what is then known of the statements makes every child after it faster."""
        reaper = Reaper(lambda _: False)
        self._pass_all(chart, reaper)
        self._quiet |= reaper.passed
        chart.close()
        return 0

    def _storm(self, chart: Chart, kills: int, chance: random.Random, *, blind: bool) -> int:
        happened, spent = 0, Counter[int]()
        while self._clock.passed < len(TIMES):
            spared = {at for at, times in spent.items() if times >= PATIENCE}
            left = None if not blind else chance.randrange(150)
            died = self._child(chart, self._sentence(left, spared) if happened < kills else lambda _: False)
            if died is not None:
                happened += 1
                self._died.add(died)
                spent[self._clock.passed] += 1
                self._clock.now += WAITS.get(spent[self._clock.passed], SECOND)
        return happened

    def _child(self, chart: Chart, dies: Callable[[int], bool]) -> int | None:
        """The crash point at which a child died; `None`: it lived to the end."""
        listen, say = os.pipe()
        if (child := os.fork()) == 0:
            self._pass_all(chart, Reaper(dies, say))
            os._exit(0)
        os.close(say)
        with os.fdopen(listen, "rb") as told:
            died = told.read()
        if (code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])) not in (0, DEAD):
            raise SystemExit(f"a child ended with {code} at pass {self._clock.passed}")
        return struct.unpack("I", died)[0] if died else None

    def _sentence(self, left: int | None, spared: Collection[int]) -> Callable[[int], bool]:
        if left is None:
            return lambda point: point not in self._died and self._clock.passed not in spared
        countdown = iter(range(left, -1, -1))
        return lambda _: self._clock.passed not in spared and next(countdown) == 0

    def _pass_all(self, chart: Chart, reaper: Reaper) -> None:
        """Pass after pass, until it dies or there is none left."""
        clock, links = self._clock, Links(b"k" * 32, "https://keepup.example")
        ways = [Way(channel, Watched(send, reaper)) for channel, send in self._senders]
        reaper.watch(chart)
        while clock.passed < len(TIMES):
            clock.now = now = max(clock.now, TIMES[clock.passed])
            for n, act in enumerate(ACTS):
                if act.at <= now and not clock.acts >> n & 1:
                    reaper.doing(f"act {n}")
                    act.do(chart, now)
                    clock.acts |= 1 << n
            for who in PEOPLE:
                reaper.doing("judge")
                judge(chart, who, now)
            reaper.doing("deliver")
            deliver(chart, ways, now, chart.links.addresses(links, now))
            clock.passed += 1


def main(clock: str, ports: str, mutant: str = "") -> None:
    """Answers each line {"url", "kills", "seed"} with how that course went."""
    if mutant:
        MUTANTS[mutant]()
    killer = Killer(Path(clock), json.loads(ports))
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(asdict(killer.live(**json.loads(line))))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
