"""A gateway whose system clock is wrong, and a radio that stamps by a timekeeper over it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.driver import Sighting
from ingest.radio import Link, Notify
from ingest.timekeeping import Timekeeper
from lab.clock import Clock
from tests.scripted import ScriptedLink, ScriptedRadio


@dataclass
class SystemClock:
    """Lies `off` µs beside the true time; each of `changes` is (true time, µs UTC; how far it lies beside it from then on), ascending."""

    true: Clock
    off: int = 0
    changes: Sequence[tuple[int, int]] = ()
    synced: int | None = None
    """From when on (true time) a time server has set it; `None`: the system does not say."""

    def steady(self) -> int:
        return self.true.now() - 1_000_000_000_000  # its zero means nothing

    def system(self) -> tuple[int, bool | None]:
        now = self.true.now()
        off = [self.off, *(off for at, off in self.changes if at <= now)][-1]
        return now + off, None if self.synced is None else now >= self.synced

    def timekeeper(self, committed: int | None = None) -> Timekeeper:
        return Timekeeper(self.steady, self.system, committed)


class StampedRadio:
    """As `ingest.radios.bleak` does: what arrives bears the time that the timekeeper then gives."""

    def __init__(self, radio: ScriptedRadio, timekeeper: Timekeeper) -> None:
        self._radio, self.now = radio, timekeeper.now

    async def scan(self, seconds: float) -> Sequence[Sighting]:
        return await self._radio.scan(seconds)

    async def connect(self, address: str, dropped: Callable[[], None]) -> Link:
        return _StampedLink(await self._radio.connect(address, dropped), self.now)


class _StampedLink:
    def __init__(self, link: ScriptedLink, now: Callable[[], int]) -> None:
        self._now = now
        self.chars, self.read, self.write = link.chars, link.read, link.write
        self.unsubscribe, self.disconnect, self._subscribe = link.unsubscribe, link.disconnect, link.subscribe

    async def subscribe(self, char: str, notify: Notify) -> None:
        await self._subscribe(char, lambda _at, payload: notify(self._now(), payload))
