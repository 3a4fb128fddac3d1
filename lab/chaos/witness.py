"""What a collector heard and committed, in a journal that outlives it: every line is with the system before anything follows from it.

The bands' bytes are written down before the collector has them, a batch once its commit has returned. Neither knows of what comes after.
"""

import json
import os
import struct
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from ingest.batch import Batch, Span, Stream
from ingest.driver import Sighting
from ingest.radio import Link, Notify, Radio
from ingest.spool import Spool
from lab.band import BATTERY, HEART, STEPS, VIRTUAL, XYZ

HEARD, COMMITTED = "heard", "committed"
Values = tuple[int, ...]
READS: Mapping[str, tuple[Stream, Callable[[bytes], Values]]] = {
    STEPS: (Stream.COUNTER, lambda said: struct.unpack("<I", said)),
    XYZ: (Stream.ACC, lambda said: struct.unpack("<hhh", said)),
    HEART: (Stream.HR, lambda said: (said[1],)),
    BATTERY: (Stream.BATTERY, lambda said: (said[0],)),
}
"""What an InfiniTime says, read a second time and not by its driver."""


class Journal:
    """Appended to by one process after the other; whatever was written is there, however its writer ended."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, *lines: Sequence[object]) -> None:
        os.write(self._file, b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def close(self) -> None:
        os.close(self._file)


class HeardRadio:
    """Implements `ingest.radio.Radio`: passes on what another radio hears, once it is in the journal."""

    def __init__(self, radio: Radio, journal: Journal) -> None:
        self._radio, self._journal = radio, journal
        self._read: list[tuple[str, str, bytes]] = []

    def now(self) -> int:
        """µs UTC. What was read gets its time from its reader: it is the one that is asked for next."""
        at = self._radio.now()
        while self._read:
            self.note(at, *self._read.pop())
        return at

    async def scan(self, seconds: float) -> Sequence[Sighting]:
        return await self._radio.scan(seconds)

    async def connect(self, address: str, dropped: Callable[[], None]) -> Link:
        return _HeardLink(await self._radio.connect(address, dropped), address, self)

    def answered(self, address: str, char: str, payload: bytes) -> None:
        if char in READS:
            self._read.append((address, char, payload))

    def note(self, at: int, address: str, char: str, payload: bytes) -> None:
        self._journal.write([HEARD, address.removeprefix(VIRTUAL), char, at, payload.hex()])


class _HeardLink:
    def __init__(self, link: Link, address: str, radio: HeardRadio) -> None:
        self._link, self._address, self._radio = link, address, radio
        self.chars, self.write, self.unsubscribe, self.disconnect = link.chars, link.write, link.unsubscribe, link.disconnect

    async def read(self, char: str) -> bytes:
        payload = await self._link.read(char)
        self._radio.answered(self._address, char, payload)
        return payload

    async def subscribe(self, char: str, notify: Notify) -> None:
        def heard(at: int, payload: bytes) -> None:
            self._radio.note(at, self._address, char, payload)
            notify(at, payload)

        await self._link.subscribe(char, heard)


class WitnessedSpool:
    """Implements `ingest.collect.Sink`: what the spool has on its disk goes into the journal. What it only holds in memory for want of
    room does not yet."""

    def __init__(self, spool: Spool, journal: Journal) -> None:
        self._spool, self._journal = spool, journal
        self._given: deque[Sequence[Batch]] = deque()
        self._written = spool.commits
        self.cursor, self.heard_to, self.charge = spool.cursor, spool.heard_to, spool.charge

    def commit(self, batches: Sequence[Batch], spans: Sequence[Span], cursors: Mapping[tuple[str, Stream], int]) -> None:
        self._given.append(batches)
        self._spool.commit(batches, spans, cursors)
        fresh, self._written = self._spool.commits - self._written, self._spool.commits
        done = [batch for _ in range(fresh) for batch in self._given.popleft()]
        self._journal.write(*([COMMITTED, b.dev, str(b.stream), b.t0, b.n, fingerprint(b)] for b in done))


def fingerprint(batch: Batch) -> int:
    """Of all that a batch says: its times, its values and their unit, and until when the last one holds."""
    numbers = batch.times.astype("<i8").tobytes() + batch.values.astype("<i4").tobytes()
    return crc32(numbers, crc32(repr((batch.n, batch.scale, batch.until)).encode()))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one band."""

    heard: dict[Stream, list[tuple[int, Values]]] = field(default_factory=dict)
    """(arrival µs UTC, values) in the order in which it was said."""
    committed: dict[tuple[Stream, int], tuple[int, int]] = field(default_factory=dict)
    """(stream, t0) → (readings, fingerprint)."""


def evidence(path: Path) -> dict[str, Evidence]:
    """By band."""
    found: dict[str, Evidence] = {}
    for kind, dev, what, at, *more in _lines(path):
        one = found.setdefault(dev, Evidence())
        if kind == HEARD:
            stream, read = READS[what]
            one.heard.setdefault(stream, []).append((at, read(bytes.fromhex(more[0]))))
        else:
            one.committed[Stream(what), at] = (more[0], more[1])
    return found


def _lines(path: Path) -> Iterator[list]:  # type: ignore[type-arg] # JSON of two shapes
    with path.open() as file:
        yield from map(json.loads, file)
