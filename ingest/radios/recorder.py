"""Writes down what passes a radio, in the form that `ingest.radios.recording` reads."""

import gzip
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from ingest.driver import Sighting
from ingest.radio import Link, Notify, Radio, RadioError
from ingest.radios.recording import VERSION


class Recorder:
    """A radio that passes everything on to another and writes it down. Raises `FileExistsError` rather than write over a recording."""

    def __init__(self, radio: Radio, path: Path) -> None:
        self._radio = radio
        pack = gzip.open if path.suffix == ".gz" else open
        self._file: TextIO = pack(path, "xt", encoding="utf-8")
        self._write({"keepup-radio": VERSION})

    def now(self) -> int:
        return self._radio.now()

    async def scan(self, seconds: float) -> Sequence[Sighting]:
        sightings = await self._radio.scan(seconds)
        for heard in sightings:
            self.note(heard.address, event="heard", name=heard.name, services=heard.services, rssi=heard.rssi)
        return sightings

    async def connect(self, address: str, dropped: Callable[[], None]) -> Link:
        def ended() -> None:
            self.note(address, event="dropped")
            dropped()

        link = await self._radio.connect(address, ended)
        with suppress(RadioError):  # then the link is about to end, which is recorded too
            self.note(address, event="connected", chars=sorted(await link.chars()))
        return _RecordedLink(link, address, self)

    def note(self, address: str, at: int | None = None, **facts: object) -> None:
        """One line; nothing after `close`."""
        if not self._file.closed:
            self._write({"at": self._radio.now() if at is None else at, "address": address, **facts})

    def close(self) -> None:
        self._file.close()

    def _write(self, line: dict[str, object]) -> None:
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")


class _RecordedLink:
    def __init__(self, link: Link, address: str, recorder: Recorder) -> None:
        self._link, self._address, self._recorder = link, address, recorder

    async def chars(self) -> frozenset[str]:
        return await self._link.chars()

    async def read(self, char: str) -> bytes:
        payload = await self._link.read(char)
        self._recorder.note(self._address, char=char, hex=payload.hex(), event="read")
        return payload

    async def write(self, char: str, payload: bytes) -> None:
        await self._link.write(char, payload)
        self._recorder.note(self._address, char=char, hex=payload.hex(), event="written")

    async def subscribe(self, char: str, notify: Notify) -> None:
        def heard(at: int, payload: bytes) -> None:
            self._recorder.note(self._address, at, char=char, hex=payload.hex())
            notify(at, payload)

        await self._link.subscribe(char, heard)

    async def unsubscribe(self, char: str) -> None:
        await self._link.unsubscribe(char)

    async def disconnect(self) -> None:
        await self._link.disconnect()
