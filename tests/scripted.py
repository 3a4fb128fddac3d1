"""A radio whose bands keep to a script: what they say when, when they are away, and what they refuse."""

import asyncio
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.batch import MICROS, Batch, Span, Stream
from ingest.driver import Sighting
from ingest.drivers.heart_rate import BATTERY, HEART_RATE
from ingest.drivers.infinitime import CURRENT_TIME, LOCAL_TIME, MOTION, STEPS
from ingest.radio import Notify, RadioError
from lab.clock import Clock

WATCH = frozenset({STEPS, MOTION, HEART_RATE, BATTERY, CURRENT_TIME, LOCAL_TIME})


def xyz(i: int) -> bytes:
    return struct.pack("<3h", i % 2000, -(i % 1000), 1024)


@dataclass
class ScriptedBand:
    """Times are µs UTC; a stretch is [start, end)."""

    address: str
    says: list[tuple[int, str, bytes]] = field(default_factory=list)
    """(time, characteristic, payload), ascending."""
    away: list[tuple[int, int]] = field(default_factory=list)
    """Not heard; a link ends when it begins."""
    drops: list[int] = field(default_factory=list)
    numb: list[tuple[int, int]] = field(default_factory=list)
    """The link seems up, but no reading is answered and nothing is said."""
    offers: Callable[[int], frozenset[str]] = lambda _nth: WATCH
    """Characteristics of the nth connection."""
    values: dict[str, bytes] = field(default_factory=lambda: {STEPS: bytes(4), MOTION: xyz(0), HEART_RATE: b"\0\0", BATTERY: b"\x50"})
    written: list[tuple[int, str, bytes]] = field(default_factory=list)
    told: list[tuple[int, str, bytes]] = field(default_factory=list)
    """All that a central was told: notifications and answers to readings."""
    connections: list[int] = field(default_factory=list)
    connected: bool = False

    def at(self, stretches: Sequence[tuple[int, int]], now: int) -> bool:
        return any(start <= now < end for start, end in stretches)

    def value(self, char: str, now: int) -> bytes:
        said = [payload for at, about, payload in self.says if about == char and at <= now]
        return said[-1] if said else self.values[char]


class ScriptedLink:
    def __init__(self, band: ScriptedBand, clock: Clock, dropped: Callable[[], None]) -> None:
        self._band, self._clock, self._dropped = band, clock, dropped
        self._heard: dict[str, Notify] = {}
        self._chars = band.offers(len(band.connections) - 1)
        self._talking = asyncio.create_task(self._talk())

    async def chars(self) -> frozenset[str]:
        return self._chars

    async def read(self, char: str) -> bytes:
        self._alive(char)
        if self._band.at(self._band.numb, self._clock.now()):
            await asyncio.sleep(3600)
        payload = self._band.value(char, self._clock.now())
        self._band.told.append((self._clock.now(), char, payload))
        return payload

    async def write(self, char: str, payload: bytes) -> None:
        self._alive(char)
        self._band.written.append((self._clock.now(), char, payload))

    async def subscribe(self, char: str, notify: Notify) -> None:
        self._alive(char)
        self._heard[char] = notify

    async def unsubscribe(self, char: str) -> None:
        self._alive(char)
        del self._heard[char]

    async def disconnect(self) -> None:
        self._talking.cancel()
        self._end()

    def _alive(self, char: str) -> None:
        if not self._band.connected:
            raise RadioError("the link has ended")
        if char not in self._chars:
            raise RadioError(f"no characteristic {char}")

    def _end(self) -> None:
        if self._band.connected:
            self._band.connected = False
            self._dropped()

    async def _talk(self) -> None:
        """Says what there is to say from now on, and ends the link when the script does."""
        start = self._clock.now()
        ends = [at for at in self._band.drops + [start for start, _ in self._band.away] if at > start]
        for at, char, payload in self._band.says:
            if at > start and not any(end < at for end in ends):
                await asyncio.sleep((at - self._clock.now()) / MICROS)
                if char in self._heard and not self._band.at(self._band.numb, at):
                    self._heard[char](at, payload)
                    self._band.told.append((at, char, payload))
        if ends:
            await asyncio.sleep((min(ends) - self._clock.now()) / MICROS)
            self._end()


class ScriptedRadio:
    """Implements `ingest.radio.Radio`. Connecting takes 0.5 s."""

    def __init__(self, clock: Clock, bands: Sequence[ScriptedBand]) -> None:
        self._clock = clock
        self._bands = {band.address: band for band in bands}
        self.connecting = self.most_connecting = 0

    def now(self) -> int:
        return self._clock.now()

    async def scan(self, seconds: float) -> Sequence[Sighting]:
        await asyncio.sleep(seconds)
        return [Sighting(band.address, None, (), -60) for band in self._bands.values() if self._hears(band)]

    async def connect(self, address: str, dropped: Callable[[], None]) -> ScriptedLink:
        band = self._bands[address]
        self.connecting += 1
        self.most_connecting = max(self.most_connecting, self.connecting)
        await asyncio.sleep(0.5)
        self.connecting -= 1
        if not self._hears(band):
            raise RadioError(f"{address} is out of range")
        band.connections.append(self.now())
        band.connected = True
        return ScriptedLink(band, self._clock, dropped)

    def _hears(self, band: ScriptedBand) -> bool:
        return not band.connected and not band.at(band.away, self.now())


class Ledger:
    """A sink that keeps in memory what was committed, and how it came."""

    def __init__(self, heard: dict[str, int] | None = None) -> None:
        self.batches: list[Batch] = []
        self.spans: list[Span] = []
        self.commits = 0
        self._heard = heard or {}
        self._cursors: dict[tuple[str, Stream], int] = {}

    def commit(self, batches: Sequence[Batch], spans: Sequence[Span], cursors: Mapping[tuple[str, Stream], int]) -> None:
        self.commits += 1
        self.batches += batches
        self.spans += spans
        self._cursors |= cursors

    def cursor(self, dev: str, stream: Stream) -> int | None:
        return self._cursors.get((dev, stream))

    def charge(self, dev: str) -> tuple[int, float] | None:
        told = [batch for batch in self.batches if (batch.dev, batch.stream) == (dev, Stream.BATTERY)]
        return (told[-1].last, float(told[-1].values[-1, 0] * told[-1].scale)) if told else None

    def heard_to(self, dev: str) -> int | None:
        return max([span.t1 for span in self.spans if span.dev == dev], default=self._heard.get(dev))
