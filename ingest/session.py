"""One connection to one band: greet it, read and subscribe to what is wanted, and watch that the link lives."""

import asyncio
from collections.abc import Coroutine, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog

from ingest.batch import MICROS, Stream
from ingest.driver import Driver, Feed
from ingest.frames import Cut, Frame
from ingest.presence import Presence
from ingest.radio import Link, Radio, RadioError

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Band:
    """A band to be heard. `zone` is its wearer's: the band's own clock is set to it."""

    dev: str
    address: str
    driver: Driver
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. Sources: bands' advertising, BlueZ and bleak issues (scan ≥ 10 s in all before "out of range"; back-off 1 to 60 s)."""

    commit: float = 1.0
    scan: float = 5.0
    alive: float = 60.0
    answer: float = 10.0
    """How long a band may take to answer the liveness reading."""
    connect: float = 90.0
    """How long connecting may take, and then greeting and subscribing: `bleak-retry-connector` makes its attempts within 60 s."""
    healthy: float = 300.0
    """A link that lasted this long ends a run of failures."""
    longest_wait: float = 60.0


FAILURES = 3
"""Liveness readings in a row without an answer, after which the link is given up."""
LACKS = 3
"""Connections in a row that lack the same characteristics, after which they are taken for not offered by this band."""


@dataclass(slots=True)
class Listening:
    """One uninterrupted subscription to one feed."""

    feed: Feed
    frames: list[Frame] = field(default_factory=list)
    end: int | None = None
    """When it ended, µs UTC; `None` while it lasts."""
    unread: bool = False
    """Whether what the band says here cannot be read at present: its silence then says nothing of its wearer either.

    From a commit on in which it said something and none of that could be read, to one in which some of it could. So a stray frame among
    good ones, which lacks no more than itself, makes no hole in the day, and a firmware whose frames have changed makes one without end,
    also while it says nothing. Of the battery nothing is concluded about its wearer: without it all else still holds.
    """

    def notify(self, at: int, payload: bytes) -> None:
        self.frames.append((at, payload))

    def became(self, made: Cut) -> None:
        """What became of its frames at a commit."""
        self.frames.clear()
        if made.batches:
            self.unread = False
        elif made.aside and not self.unread and self.feed.stream is not Stream.BATTERY:
            self.unread = True
            next_ = "update KeepUp, or choose another driver for this band; until then it counts as not heard"
            log.error("what a band says cannot be read", dev=made.aside[0].dev, stream=str(self.feed.stream), next=next_)


class Session:
    """Frames gather in `listenings`, proofs of life in `presence`, what connections in a row lacked in `lacked`: all three
    belong to the caller and outlive the session."""

    def __init__(
        self,
        band: Band,
        radio: Radio,
        pace: Pace,
        presence: Presence,
        listenings: list[Listening],
        lacked: list[Set[str]],
        wanted: Set[Stream],
    ) -> None:
        self._band, self._radio, self._pace, self._presence = band, radio, pace, presence
        self._listenings, self._lacked, self._wanted = listenings, lacked, wanted
        self._offered: Set[str] = frozenset()
        self._open: dict[Feed, Listening] = {}
        self._stirred = asyncio.Event()
        self._dropped = self._greeted = False
        self._unanswered = 0

    def want(self, wanted: Set[Stream]) -> None:
        """Hear these streams from now on, and no others."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._stirred.set()

    def set_clock(self) -> None:
        """The time has leapt: tell the band."""
        self._greeted = False
        self._stirred.set()

    async def run(self, connecting: asyncio.Lock) -> None:
        """Until the link is lost: always ends with a `RadioError` that says why, or cancelled, and then disconnects in good order."""
        link = await self._connected(connecting)
        self._presence.came(self._radio.now())
        try:
            await self._promptly(self._meet(link))
            await self._promptly(self._follow(link))
            await self._watch(link)
        except asyncio.CancelledError:
            with suppress(RadioError):
                await self._prove(link)  # what an on-change stream did not say until now is then known to be unchanged
            raise
        finally:
            await self._leave(link)

    async def _connected(self, connecting: asyncio.Lock) -> Link:
        async with connecting:
            return await self._promptly(self._radio.connect(self._band.address, self._drop))

    async def _promptly(self, asked: Coroutine[Any, Any, T]) -> T:
        try:
            async with asyncio.timeout(self._pace.connect):
                return await asked
        except TimeoutError as error:
            raise RadioError(f"{self._band.dev}: no answer within {self._pace.connect:g} s", "Bring the band nearer.") from error

    def _drop(self) -> None:
        self._dropped = True
        self._stirred.set()

    async def _meet(self, link: Link) -> None:
        self._offered = await link.chars()
        self._need({char for char, _ in self._greeting()})

    def _greeting(self) -> Sequence[tuple[str, bytes]]:
        return self._band.driver.greeting(datetime.fromtimestamp(self._radio.now() / MICROS, self._band.zone))

    async def _greet(self, link: Link) -> None:
        self._greeted = True
        for char, payload in self._greeting():
            if char in self._offered:
                await link.write(char, payload)

    def _need(self, written: Set[str]) -> None:
        """On BlueZ a connection sometimes lacks characteristics that the next one has; some straps never have a battery's."""
        driver = self._band.driver
        feeds = {feed.char for feed in driver.feeds}
        missing = (feeds | written | ({driver.alive} if driver.alive else set())) - self._offered
        self._lacked[:] = [*(lack for lack in self._lacked if lack == missing), missing] if missing else []
        if missing and (len(self._lacked) < LACKS or not feeds & self._offered):
            raise RadioError(
                f"{self._band.dev}: the band does not offer {', '.join(sorted(missing))}, which driver {driver.name} needs",
                "If this stays so, update the band's firmware or choose another driver.",
            )

    async def _follow(self, link: Link) -> None:
        if not self._greeted:
            await self._greet(link)
        for feed in self._band.driver.feeds:
            if feed.char not in self._offered:
                continue
            if feed.stream in self._wanted and feed not in self._open:
                await self._begin(link, feed)
            elif feed.stream not in self._wanted and feed in self._open:
                await link.unsubscribe(feed.char)
                self._presence.answered(self._radio.now())
                self._open.pop(feed).end = self._presence.proven

    async def _begin(self, link: Link, feed: Feed) -> None:
        listening = self._open[feed] = Listening(feed)
        self._listenings.append(listening)
        if feed.on_change:
            # Before subscribing: BlueZ tells the value read from a subscribed characteristic a second time, as a notification.
            await self._read(link, feed.char, listening)
        await link.subscribe(feed.char, listening.notify)

    async def _read(self, link: Link, char: str, listening: Listening | None) -> None:
        payload = await link.read(char)
        at = self._radio.now()
        self._presence.answered(at)
        if listening:
            listening.notify(at, payload)

    async def _watch(self, link: Link) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._pace.alive
        while not self._dropped:
            try:
                async with asyncio.timeout_at(due):
                    await self._stirred.wait()
            except TimeoutError:
                due += self._pace.alive
                await self._prove(link)
                continue
            self._stirred.clear()
            if not self._dropped:
                await self._promptly(self._follow(link))
        raise RadioError(f"{self._band.dev}: the link was lost")

    async def _prove(self, link: Link) -> None:
        """Ask the band something. What it answers is a reading like any other."""
        alive = self._band.driver.alive
        if alive is None or alive not in self._offered:
            return
        listening = next((listening for feed, listening in self._open.items() if feed.char == alive), None)
        try:
            async with asyncio.timeout(self._pace.answer):
                await self._read(link, alive, listening)
            self._unanswered = 0
        except TimeoutError as error:
            self._unanswered += 1
            if self._unanswered >= FAILURES:
                raise RadioError(f"{self._band.dev}: no answer to {FAILURES} readings", "The link is dead; it is made anew.") from error

    async def _leave(self, link: Link) -> None:
        with suppress(RadioError, TimeoutError):
            async with asyncio.timeout(self._pace.answer):
                await link.disconnect()
        for listening in self._open.values():
            self._presence.answered(max((at for at, _ in listening.frames[-1:]), default=0))
        self._presence.went(self._radio.now())
        for listening in self._open.values():
            listening.end = self._presence.proven
