"""Plays a recording of a radio back through the same protocol. A recording is JSON lines (gzip or not), kept by a `Recorder` or by hand.

First line `{"keepup-radio": 1}`; then, ascending in `at` (µs UTC), by band (`address`, or `dev` where that says less about it):
a notification `{"at", "address", "char", "hex"}`; the same with `"event": "read"` or `"written"`; `{"at", "address", "event"}` for
`"connected"` (with `"chars"`, all that the band offers, where known), `"dropped"` and `"heard"` (with `"name"`, `"services"`, `"rssi"`).
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictInt, StrictStr, ValidationError

from ingest.batch import MICROS
from ingest.driver import Sighting
from ingest.format import Asides, Unreadable, opened
from ingest.radio import Notify, RadioError

VERSION = 1


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    at: StrictInt
    address: StrictStr
    event: StrictStr | None = None
    char: StrictStr = ""
    hex: StrictStr = ""
    chars: frozenset[StrictStr] | None = None
    name: StrictStr | None = None
    services: tuple[StrictStr, ...] = ()
    rssi: StrictInt | None = None


@dataclass(slots=True)
class _Played:
    """One recorded connection, with what was notified in it; `said[char][next[char]:]` is still to be told."""

    address: str
    start: int
    end: int
    chars: frozenset[str] | None
    said: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    next: dict[str, int] = field(default_factory=dict)

    def tell(self, char: str, upto: int, notify: Notify | None) -> None:
        """All that was notified up to then and not yet told; without `notify` nobody hears it."""
        said, i = self.said.get(char, []), self.next.get(char, 0)
        while i < len(said) and said[i][0] <= upto:
            if notify:
                notify(*said[i])
            i += 1
        self.next[char] = i


class RecordingRadio:
    """Plays a recording back on the running loop, beginning with its first line at the first question for the time.

    A band is heard from the instant at which it was connected, and what it said in a connection before somebody subscribed is told
    at the subscription, with its own time: nothing is lost to a later start. Lines that cannot be used go to `asides`. Raises `Unreadable`.
    """

    def __init__(self, path: Path, asides: Asides | None = None) -> None:
        self.asides = asides or Asides()
        self._sightings: dict[str, Sighting] = {}
        self._values: dict[tuple[str, str], list[tuple[int, bytes]]] = {}
        self._played: list[_Played] = []
        self._linked: set[str] = set()
        self._zero: float | None = None
        lines = _lines(path, self.asides)
        self.start, self.end = (lines[0][1].at, lines[-1][1].at) if lines else (0, 0)
        """Times of the first and the last line, µs UTC."""
        open_: dict[str, _Played] = {}
        bare = {line.address for _, line in lines} - {line.address for _, line in lines if line.event == "connected"}
        for address in bare:
            open_[address] = self._play(address, self.start, None)
        for number, line in lines:
            self._take(number, line, open_)

    def _play(self, address: str, start: int, chars: frozenset[str] | None) -> _Played:
        self._played.append(_Played(address, start, self.end, chars))
        return self._played[-1]

    def _take(self, number: int, line: _Line, open_: dict[str, _Played]) -> None:
        if line.event == "connected":
            open_[line.address] = self._play(line.address, line.at, line.chars)
        elif line.event == "dropped":
            if played := open_.pop(line.address, None):
                played.end = line.at
        elif line.event == "heard":
            self._sightings[line.address] = Sighting(line.address, line.name, line.services, line.rssi)
        elif line.event in (None, "read"):
            self._values.setdefault((line.address, line.char), []).append((line.at, bytes.fromhex(line.hex)))
            if line.event is None and line.address not in open_:
                self.asides.add(number, "a notification outside of any connection")
            elif line.event is None:
                open_[line.address].said.setdefault(line.char, []).append((line.at, bytes.fromhex(line.hex)))

    def now(self) -> int:
        try:
            time = asyncio.get_running_loop().time()
        except RuntimeError:
            return self.start
        self._zero = time if self._zero is None else self._zero
        return self.start + round((time - self._zero) * MICROS)

    async def scan(self, seconds: float) -> Sequence[Sighting]:
        now = self.now()
        coming = [played.start - now for played in self._played if played.start > now and played.address not in self._linked]
        await asyncio.sleep(min([seconds, *(wait / MICROS for wait in coming)]))
        near = {played.address for played in self._played if played.start <= self.now() < played.end} - self._linked
        return [self._sightings.get(address, Sighting(address, None, (), None)) for address in sorted(near)]

    async def connect(self, address: str, dropped: Callable[[], None]) -> "PlayedLink":
        now = self.now()
        for played in self._played:
            if played.address == address and address not in self._linked and played.start <= now < played.end:
                self._linked.add(address)
                return PlayedLink(self, played, dropped)
        raise RadioError("the recording has no connection to this band at this time", "Wait for the next one, or choose another recording.")

    def offered(self, address: str) -> frozenset[str]:
        """Characteristics of which the recording has a value."""
        return frozenset(char for owner, char in self._values if owner == address)

    def value(self, address: str, char: str) -> bytes:
        """The last value up to now, or where there is none yet the first. Raises `RadioError`."""
        values = self._values.get((address, char))
        if not values:
            raise RadioError(f"the recording has no value of {char}", "Choose a driver that does not need it.")
        now = self.now()
        return next((payload for at, payload in reversed(values) if at <= now), values[0][1])

    def let_go(self, address: str) -> None:
        self._linked.discard(address)


class PlayedLink:
    """Implements `ingest.radio.Link`. What is written to it is heard by nobody."""

    def __init__(self, radio: RecordingRadio, played: _Played, dropped: Callable[[], None]) -> None:
        self._radio, self._played, self._dropped = radio, played, dropped
        self._tellers: dict[str, tuple[Notify, asyncio.Task[None]]] = {}
        self._up = True
        self._ending = asyncio.create_task(self._end_in_time())

    async def chars(self) -> frozenset[str]:
        self._check()
        return self._radio.offered(self._played.address) if self._played.chars is None else self._played.chars

    async def read(self, char: str) -> bytes:
        self._check()
        return self._radio.value(self._played.address, char)

    async def write(self, char: str, payload: bytes) -> None:  # noqa: ARG002 # a recording cannot answer
        self._check()

    async def subscribe(self, char: str, notify: Notify) -> None:
        self._check()
        self._tellers[char] = notify, asyncio.create_task(self._tell(char, notify))

    async def unsubscribe(self, char: str) -> None:
        self._check()
        notify, teller = self._tellers.pop(char)
        teller.cancel()
        self._played.tell(char, self._radio.now(), notify)

    async def disconnect(self) -> None:
        self._ending.cancel()
        self._end()

    def _check(self) -> None:
        if not self._up:
            raise RadioError("the link has ended", "Connect again.")

    async def _tell(self, char: str, notify: Notify) -> None:
        said = self._played.said.get(char, [])
        while (i := self._played.next.get(char, 0)) < len(said):
            await asyncio.sleep(max(said[i][0] - self._radio.now(), 0) / MICROS)
            self._played.tell(char, self._radio.now(), notify)

    async def _end_in_time(self) -> None:
        await asyncio.sleep((self._played.end - self._radio.now()) / MICROS)
        self._end()

    def _end(self) -> None:
        if not self._up:
            return
        self._up = False
        for char, (notify, teller) in self._tellers.items():
            teller.cancel()
            self._played.tell(char, self._radio.now(), notify)
        self._radio.let_go(self._played.address)
        self._dropped()


def _lines(path: Path, asides: Asides) -> list[tuple[int, _Line]]:
    numbered = enumerate(opened(path), start=1)
    _, head = next(iter(numbered), (0, ""))
    try:
        version = json.loads(head).get("keepup-radio")
    except (ValueError, AttributeError):
        version = None
    if version != VERSION:
        raise Unreadable(f'{path.name} is not a recording of a radio: its first line should be {{"keepup-radio": {VERSION}}}.')
    lines: list[tuple[int, _Line]] = []
    for number, text in numbered:
        try:
            line = _read(text)
        except (ValueError, ValidationError) as error:
            asides.add(number, str(error).splitlines()[0])
            continue
        if lines and line.at < lines[-1][1].at:
            asides.add(number, "earlier than the line before it")
        else:
            lines.append((number, line))
    return lines


def _read(text: str) -> _Line:
    raw: Any = json.loads(text)
    if isinstance(raw, dict) and "address" not in raw:
        raw["address"] = raw.get("dev")
    line = _Line.model_validate(raw)
    bytes.fromhex(line.hex)
    return line
