"""A radio that hears virtual bands."""

import asyncio
from collections.abc import Callable, Sequence

from ingest.batch import MICROS, MINUTE
from ingest.driver import Sighting
from ingest.radio import Notify, RadioError
from lab.band import CHARS, SERVICES, VirtualBand
from lab.clock import Clock

LIVE_CHUNK = MICROS
"""µs: how often bands speak up where time is real."""
CONNECTS = 0.6
"""Seconds a connection takes, service discovery included, where nothing else is said."""
GIVES_UP = 10.0
"""Seconds after which a connection to a band that does not answer has failed."""
RSSI = -62


class VirtualLink:
    """Implements `ingest.radio.Link`. Raises `RadioError` once it has ended."""

    def __init__(self, band: VirtualBand, radio: "VirtualRadio", dropped: Callable[[], None]) -> None:
        self.band = band
        self._radio = radio
        self._dropped = dropped
        self._up = True
        self.stays_until = band.body.unchanged_until(band.at)
        """µs UTC: surely within reach until then."""

    async def chars(self) -> frozenset[str]:
        self._now()
        return CHARS

    async def read(self, char: str) -> bytes:
        return self.band.read(char, self._now())

    async def write(self, char: str, payload: bytes) -> None:
        self.band.write(char, payload, self._now())

    async def subscribe(self, char: str, notify: Notify) -> None:
        self.band.subscribe(char, notify, self._now())

    async def unsubscribe(self, char: str) -> None:
        self.band.unsubscribe(char, self._now())

    async def disconnect(self) -> None:
        if self._up:
            self.end(self._radio.now())

    def end(self, at: int) -> None:
        """Hands over what was said before `at`, then tells the collector that it is over."""
        self._up = False
        self.band.forget(at)
        self._radio.let_go(self)
        self._dropped()

    def _now(self) -> int:
        if self._up:
            self._radio.carry(self)
        if not self._up:
            raise RadioError(f"the link to {self.band.address} has ended", "Connect again.")
        return self._radio.now()


class VirtualRadio:
    """Implements `ingest.radio.Radio` for these bands.

    A notification carries its time of arrival, but is handed over up to `chunk` µs later (a real second, where time is real). Whatever is
    done on a link first hands over all that its band said before, in order, as a real link does: after a read nothing older can come.
    """

    def __init__(self, bands: Sequence[VirtualBand], clock: Clock, chunk: int = 5 * MINUTE, connects: float = CONNECTS) -> None:
        self._bands = {band.address: band for band in bands}
        self._clock = clock
        self._chunk = chunk
        self._connects = connects
        self._links: dict[str, VirtualLink] = {}
        self._connecting: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> int:
        """µs UTC."""
        return self._clock.now()

    async def scan(self, seconds: float) -> Sequence[Sighting]:
        """Bands within reach, awake and not connected."""
        await asyncio.sleep(seconds)
        now = self.now()
        return [
            Sighting(band.address, "InfiniTime", SERVICES, RSSI)
            for band in self._bands.values()
            if band.address not in self._links and band.body.reachable(now)
        ]

    async def connect(self, address: str, dropped: Callable[[], None]) -> VirtualLink:
        """Raises `RadioError` for a band that is unknown, taken, or does not answer."""
        band = self._bands.get(address)
        if band is None:
            raise RadioError(f"{address} is not a virtual band of this radio", "Take an address from a scan.")
        if address in self._links or address in self._connecting:
            raise RadioError(f"{address} is connected already", "A band talks to one central at a time: disconnect the other.")
        self._connecting.add(address)
        try:
            await self._reach(band)
        finally:
            self._connecting.discard(address)
        band.advance(self.now())
        link = self._links[address] = VirtualLink(band, self, dropped)
        self._wake()
        return link

    def let_go(self, link: VirtualLink) -> None:
        self._links.pop(link.band.address, None)

    async def _reach(self, band: VirtualBand) -> None:
        if not band.body.reachable(self.now()):
            await asyncio.sleep(GIVES_UP)
            raise RadioError(f"{band.address} does not answer", "Bring the band near, and charge it.")
        await asyncio.sleep(self._connects)
        if not band.body.reachable(self.now()):
            raise RadioError(f"{band.address} went away while it was being connected", "Bring the band near.")

    def carry(self, link: VirtualLink) -> None:
        """Hands over all that the band said up to now, or ends the link where it walked away before."""
        body, band, now = link.band.body, link.band, self.now()
        while band.at < now:
            if band.at < link.stays_until:  # where time is real it went on since it was last asked, and the band with it
                band.advance(min(now, link.stays_until))
            if band.at >= link.stays_until:
                if not body.reachable(band.at):
                    link.end(band.at)
                    return
                link.stays_until = body.unchanged_until(band.at)

    def _tick(self) -> None:
        self._timer = None
        try:
            for link in list(self._links.values()):
                self.carry(link)
        finally:
            self._wake()

    def _wake(self) -> None:
        """Sets the timer to the end of the chunk, or to where a band may walk away; a radio without links sleeps."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._links:
            now, chunk = self.now(), self._handed_over_every()
            due = min((now // chunk + 1) * chunk, *(link.stays_until for link in self._links.values()))
            self._timer = asyncio.get_running_loop().call_later((due - now) / MICROS, self._tick)

    def _handed_over_every(self) -> int:
        speed, behind = self._clock.speed, self._clock.behind
        if speed == "max":
            return self._chunk if behind is None or behind > self._chunk else LIVE_CHUNK
        return min(max(int(LIVE_CHUNK * speed), 1), self._chunk)
