"""A virtual InfiniTime 1.16 watch on a simulated wrist: it speaks exactly the real one's bytes."""

from ingest.radio import Notify
from lab.body import Body

VIRTUAL = "virtual:"
"""How the radio address of every virtual band begins. Nobody may take one for a person's."""

_BASE = "-0000-1000-8000-00805f9b34fb"
_MOTION = "-78fc-48fe-8e23-433b3a1942d0"
STEPS = "00030001" + _MOTION
XYZ = "00030002" + _MOTION
HEART = "00002a37" + _BASE
BATTERY = "00002a19" + _BASE
FIRMWARE = "00002a26" + _BASE
TIME = "00002a2b" + _BASE
LOCAL_TIME = "00002a0f" + _BASE
STREAMS = (STEPS, XYZ, HEART, BATTERY)


class VirtualBand:
    """One band. `advance(until)` makes it say, in order, all that it has to say before `until` (µs UTC)."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.address = VIRTUAL + body.name
        self.notified: dict[str, int] = dict.fromkeys(STREAMS, 0)
        """Readings handed to the central by characteristic, those that answered a read included."""

    def advance(self, until: int) -> None:
        raise NotImplementedError

    def read(self, char: str, at: int) -> bytes:
        raise NotImplementedError

    def write(self, char: str, payload: bytes, at: int) -> None:
        raise NotImplementedError

    def subscribe(self, char: str, notify: Notify, at: int) -> None:
        raise NotImplementedError

    def unsubscribe(self, char: str, at: int) -> None:
        raise NotImplementedError
