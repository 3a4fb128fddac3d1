"""What the collector needs of a radio: a real adapter, a recording of one, or virtual bands stand behind it alike."""

from collections.abc import Callable, Sequence
from typing import Protocol

from ingest.driver import Sighting

Notify = Callable[[int, bytes], None]
"""(arrival, µs UTC; payload). Must return at once and never raise."""


class RadioError(Exception):
    """The radio or the band did not do what was asked; try again later. `hint` says what a person can do."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint


class Link(Protocol):
    """One connection to one band; a new one for each connection."""

    async def chars(self) -> frozenset[str]:
        """UUIDs (lower case) the band offers."""

    async def read(self, char: str) -> bytes: ...

    async def write(self, char: str, payload: bytes) -> None: ...

    async def subscribe(self, char: str, notify: Notify) -> None: ...

    async def unsubscribe(self, char: str) -> None: ...

    async def disconnect(self) -> None: ...


class Radio(Protocol):
    """Raises `RadioError` where it cannot. Waiting is `asyncio.sleep` on the running loop, also under virtual time."""

    def now(self) -> int:
        """µs UTC."""

    async def scan(self, seconds: float) -> Sequence[Sighting]:
        """Bands heard within that time."""

    async def connect(self, address: str, dropped: Callable[[], None]) -> Link:
        """Connect; `dropped` is called once when the link ends, whoever ended it."""
