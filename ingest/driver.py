"""What a band driver is: which advertisements are its own, what it subscribes to, and bytes → numbers. No I/O."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ingest.batch import Stream


@dataclass(frozen=True, slots=True)
class Sighting:
    """One advertisement as heard."""

    address: str
    name: str | None
    services: tuple[str, ...]
    """128-bit service UUIDs, lower case."""
    rssi: int | None
    """dBm."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One characteristic that carries one stream."""

    char: str
    """128-bit UUID, lower case."""
    stream: Stream
    scale: float
    """`Batch.values * scale` is in the stream's unit."""
    period: int | None = None
    """Nominal µs between samples; `None`: whenever the band likes."""
    on_change: bool = False
    """The band speaks only when the value differs: while the link is alive, silence means unchanged."""


class BadFrame(ValueError):
    """A notification this driver cannot read; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A band's protocol. `decode(feed, frames)` turns n notifications into shape (n, columns); it raises `BadFrame` when any is malformed
    (the caller then decodes one by one and sets the bad ones aside)."""

    name: str
    matches: Callable[[Sighting], bool]
    feeds: tuple[Feed, ...]
    decode: Callable[[Feed, Sequence[bytes]], NDArray[np.int16] | NDArray[np.int32]]
    greeting: Callable[[datetime], Sequence[tuple[str, bytes]]]
    """(characteristic, bytes) to write at each connection, given the patient's local time (aware): sets the clock."""
    alive: str | None = None
    """Characteristic whose reading proves that the link is alive."""
    history: bool = False
    """The band keeps what it measured until it is fetched: a gap may still be filled."""
