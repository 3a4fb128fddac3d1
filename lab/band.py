"""A virtual InfiniTime 1.16 watch on a simulated wrist: it says exactly the bytes a real one would.

Layouts: InfiniTime source, motion service, heart rate (0x180D), battery (0x180F), device information and current time service.
"""

import struct
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ingest.batch import DAY, HOUR, MINUTE
from ingest.frames import REPEAT
from ingest.radio import Notify, RadioError
from lab import noise
from lab.body import Body
from lab.day import EPOCH
from lab.motion import POLL

VIRTUAL = "virtual:"
"""How the radio address of every virtual band begins. Nobody may take one for a person's."""

_BASE = "-0000-1000-8000-00805f9b34fb"
_MOTION = "-78fc-48fe-8e23-433b3a1942d0"
STEPS = "00030001" + _MOTION
XYZ = "00030002" + _MOTION
HEART = "00002a37" + _BASE
BATTERY = "00002a19" + _BASE
STREAMS = (STEPS, XYZ, HEART, BATTERY)
TIME = "00002a2b" + _BASE
LOCAL_TIME = "00002a0f" + _BASE
FIRMWARE = "00002a26" + _BASE
SAYS = {
    FIRMWARE: b"1.16.1",
    "00002a29" + _BASE: b"PINE64",
    "00002a24" + _BASE: b"PineTime",
    "00002a25" + _BASE: b"0",
    "00002a27" + _BASE: b"1.0.0",
    "00002a28" + _BASE: b"InfiniTime",
}
SERVICES = ("0000180d" + _BASE, "00001530-1212-efde-1523-785feabcd123")
"""Advertised: heart rate, and Nordic's firmware update."""
CHARS = frozenset({*STREAMS, TIME, LOCAL_TIME, *SAYS})

BATTERY_EVERY = 10 * MINUTE
BUILD_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
"""What the watch's clock shows when it boots: its midnights are arbitrary until somebody sets it."""
BOOTED_BEFORE = 5 * MINUTE
"""The watch was switched on so long before anybody first looked at it."""
_DELAY = 30
"""Milliseconds at most from a reading to its arrival (one connection interval)."""
_JITTER = 201


class VirtualBand:
    """One band. `advance(until)` makes it say, in order within each characteristic, all that it has to say before `until` (µs UTC)."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.address = VIRTUAL + body.name
        self.notified: dict[str, int] = dict.fromkeys(STREAMS, 0)
        """Readings handed to the central by characteristic: notifications, and answers to reads."""
        self._counted: dict[str, tuple[int, bytes]] = {}
        self._listeners: dict[str, Notify] = {}
        self._at: int | None = None
        self._ahead = 0
        """The watch's local time less UTC, µs."""
        self._midnight = 0
        """µs UTC at which the watch's clock next shows hour 0."""
        self._zone_bytes = b"\x00\x00"
        self._steps = 0
        self._no_step_before = 0
        self._bpm = 0

    @property
    def at(self) -> int:
        """µs UTC up to which the band has said all; 0 before anybody looked at it."""
        return self._at or 0

    def advance(self, until: int) -> None:
        """Does nothing where the band is already there."""
        if self._at is None:
            self._boot(until - BOOTED_BEFORE)
        while self.at < until:
            upto = min(until, self._midnight)
            for say in (self._walk, self._beat, self._move, self._drain):
                say(self.at, upto)
            self._at = upto
            if upto == self._midnight:
                self._new_day(upto)

    def read(self, char: str, at: int) -> bytes:
        """The characteristic's value at that time. Raises `RadioError` for one that the band has not."""
        self.advance(at)
        value = self._value(char, at)
        if char in self.notified:
            self._count(char, at, value)
        return value

    def write(self, char: str, payload: bytes, at: int) -> None:
        """Sets the clock (0x2A2B, at least 10 bytes) or its offset from UTC (0x2A0F). Raises `RadioError` for anything else."""
        self.advance(at)
        if char == TIME and len(payload) >= 10:
            self._set_clock(payload, at)
        elif char == LOCAL_TIME and len(payload) >= 2:
            self._zone_bytes = bytes(payload[:2])
        elif char in (TIME, LOCAL_TIME):
            raise RadioError(f"{len(payload)} bytes are too few for {char}", "Write 10 bytes to 0x2A2B and 2 to 0x2A0F.")
        else:
            raise RadioError(f"{char} cannot be written", "An InfiniTime takes 0x2A2B and 0x2A0F only.")

    def subscribe(self, char: str, notify: Notify, at: int) -> None:
        """From `at` on, `notify(arrival, payload)`. Raises `RadioError` where nothing is notified."""
        if char not in STREAMS:
            raise RadioError(f"{char} does not notify", "Subscribe to steps, motion, heart rate or battery.")
        self.advance(at)
        self._listeners[char] = notify

    def unsubscribe(self, char: str, at: int) -> None:
        self.advance(at)
        self._listeners.pop(char, None)

    def forget(self, at: int) -> None:
        """The link ended: all subscriptions end with it."""
        self.advance(at)
        self._listeners.clear()

    def _boot(self, at: int) -> None:
        self._at = at
        self._ahead = (BUILD_YEAR - EPOCH) // timedelta(microseconds=1) - at
        self._find_midnight(at)

    def _set_clock(self, payload: bytes, at: int) -> None:
        was_hour = (at + self._ahead) % DAY // HOUR
        try:
            year, month, day, hour, minute, second = struct.unpack_from("<HBBBBB", payload)
            shown = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError as error:
            raise RadioError(f"0x2A2B: {error}", "Write year, month, day, hour, minute and second of a real date.") from error
        self._ahead = (shown - EPOCH) // timedelta(microseconds=1) - at
        self._find_midnight(at)
        if shown.hour == 0 and was_hour != 0:
            self._new_day(at)

    def _find_midnight(self, at: int) -> None:
        self._midnight = ((at + self._ahead) // DAY + 1) * DAY - self._ahead

    def _new_day(self, at: int) -> None:
        """Entering hour 0, by the passing of time or by being set, puts the step counter back."""
        self._find_midnight(at)
        if self._steps:
            self._steps = 0
            self._tell(STEPS, at, struct.pack("<I", 0))

    def _tell(self, char: str, at: int, payload: bytes) -> None:
        notify = self._listeners.get(char)
        if notify is not None:
            self._count(char, at, payload)
            notify(at, payload)

    def _count(self, char: str, at: int, payload: bytes) -> None:
        """A read and a notification of one value at one instant hand over one reading, not two."""
        before, said = self._counted.get(char, (0, b""))
        self.notified[char] += not (said == payload and at - before < REPEAT)
        self._counted[char] = (at, payload)

    def _walk(self, start: int, end: int) -> None:
        if end <= self._no_step_before:
            return
        taken = self.body.steps(start, end)
        if not len(taken):
            self._no_step_before = self.body.no_step_before(end)
            return
        notify = self._listeners.get(STEPS)
        if notify is not None:
            said = np.arange(self._steps + 1, self._steps + len(taken) + 1, dtype="<u4").tobytes()
            for i, at in enumerate(taken.tolist()):
                notify(at, said[4 * i : 4 * i + 4])
            self.notified[STEPS] += len(taken)
        self._steps += len(taken)

    def _beat(self, start: int, end: int) -> None:
        at, bpm = self.body.heart(start, end)
        for when, beats in zip(at.tolist(), bpm.tolist(), strict=True):
            if beats != self._bpm:
                self._bpm = beats
                self._tell(HEART, when, bytes((0, beats)))

    def _move(self, start: int, end: int) -> None:
        notify = self._listeners.get(XYZ)
        if notify is None:
            return
        polled, xyz = self.body.acceleration(start - 2 * POLL, end)
        changed = np.flatnonzero((xyz[1:] != xyz[:-1]).any(axis=1)) + 1
        arrival = polled[changed] + self._delays(polled[changed])
        heard = (arrival >= start) & (arrival < end)
        said = xyz[changed[heard]].astype("<i2").tobytes()
        for i, at in enumerate(arrival[heard].tolist()):
            notify(at, said[6 * i : 6 * i + 6])
        self.notified[XYZ] += int(heard.sum())

    def _delays(self, polled: NDArray[np.int64]) -> NDArray[np.int64]:
        return (noise.uniform(self.body.key, polled // POLL, _JITTER)[:, 0] * _DELAY).astype(np.int64) * 1000

    def _newest_motion(self, at: int) -> bytes:
        polled, xyz = self.body.acceleration(at - 2 * POLL, at + 1)
        newest = int(np.flatnonzero(polled + self._delays(polled) < at)[-1])  # what arrives at `at` is yet to be notified
        return struct.pack("<hhh", *xyz[newest].tolist())

    def _drain(self, start: int, end: int) -> None:
        if BATTERY in self._listeners:
            phase = int(self.body.key) % BATTERY_EVERY
            for at in range(-((phase - start) // BATTERY_EVERY) * BATTERY_EVERY + phase, end, BATTERY_EVERY):
                self._tell(BATTERY, at, bytes((self.body.battery(at),)))

    def _value(self, char: str, at: int) -> bytes:
        if char == STEPS:
            return struct.pack("<I", self._steps)
        if char == XYZ:
            return self._newest_motion(at)
        if char == HEART:
            return bytes((0, self._bpm))
        if char == BATTERY:
            return bytes((self.body.battery(at),))
        if char == TIME:
            return self._clock_bytes(at)
        if char == LOCAL_TIME:
            return self._zone_bytes
        if char in SAYS:
            return SAYS[char]
        raise RadioError(f"the band has no characteristic {char}", "Ask the link which it has.")

    def _clock_bytes(self, at: int) -> bytes:
        shown = EPOCH + timedelta(microseconds=at + self._ahead)
        return struct.pack(
            "<HBBBBBBBB", shown.year, shown.month, shown.day, shown.hour, shown.minute, shown.second, shown.isoweekday(), 0, 0
        )
