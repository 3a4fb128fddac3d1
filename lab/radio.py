"""A radio that hears virtual bands."""

from collections.abc import Callable, Sequence

from ingest.driver import Sighting
from ingest.radio import Link
from lab.band import VirtualBand
from lab.clock import Clock


class VirtualRadio:
    """Implements `ingest.radio.Radio`.

    A notification reaches the collector at the latest `chunk` (µs; `LIVE_CHUNK` once the clock is live) after the time it carries. Whatever is done on a
    link (read, write, subscribe, disconnect) first hands over all that the band said before, in order, as a real link does.
    """

    def __init__(self, bands: Sequence[VirtualBand], clock: Clock, chunk: int = 60_000_000) -> None:
        self._bands = {band.address: band for band in bands}
        self._clock = clock
        self._chunk = chunk

    def now(self) -> int:
        """µs UTC."""
        return self._clock.now()

    async def scan(self, seconds: float) -> Sequence[Sighting]:
        raise NotImplementedError

    async def connect(self, address: str, dropped: Callable[[], None]) -> Link:
        raise NotImplementedError
