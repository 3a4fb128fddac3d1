"""A real Bluetooth adapter, through bleak."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from bleak import BleakClient, BleakScanner
from bleak.args.bluez import BlueZClientArgs, BlueZScannerArgs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
)
from bleak_retry_connector import BleakAbortedError, BleakNotFoundError, BleakOutOfConnectionSlotsError, establish_connection

from ingest.batch import MINUTE
from ingest.driver import Sighting
from ingest.radio import Notify, RadioError

if sys.platform == "linux":
    from dbus_fast.errors import AuthError, DBusError

    BUS: tuple[type[Exception], ...] = (AuthError, DBusError)
else:
    BUS = ()
FAILURES: tuple[type[Exception], ...] = (BleakError, OSError, EOFError, *BUS)

DEAF = MINUTE
"""µs without any advertisement from anybody, after which the scanner is made anew: it dies silently with bluetoothd."""

NO_BUS = "D-Bus cannot be reached: start it (`systemctl start dbus`), or give the container /run/dbus."
NO_DAEMON = "bluetoothd is not running: install bluez and start it (`systemctl start bluetooth`)."
NO_ADAPTER = "There is no such Bluetooth adapter: plug one in, or name another (`bluetoothctl list` shows them)."
POWERED_OFF = "The adapter is switched off: `bluetoothctl power on` (and `rfkill unblock bluetooth`)."
DENIED = "This user may not use Bluetooth: add it to the group `bluetooth`, or run as a service that is in it."
BUSY = "Another program is scanning or connecting: close it; if there is none, switch the adapter off and on."
FAR = "The band does not answer: bring it nearer, charge it, and disconnect it from any phone."
FULL = "The adapter holds as many bands as it can: add another adapter."
NOISE = "The radio is disturbed: keep the adapter away from Wi-Fi and USB 3, with an extension lead."
RESTARTED = (
    "bluetoothd or D-Bus hung up: it is tried again; see `systemctl status bluetooth`. "
    "From a container: D-Bus hears only users that the machine itself knows (`useradd --uid 10001 keepup`)."
)
PAIRING = "The band wants to be paired first: `bluetoothctl pair`."

_REASONS = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: NO_ADAPTER,
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: NO_ADAPTER,
    BleakBluetoothNotAvailableReason.POWERED_OFF: POWERED_OFF,
}
_DBUS = {
    "org.freedesktop.DBus.Error.ServiceUnknown": NO_DAEMON,
    "org.freedesktop.DBus.Error.NameHasNoOwner": NO_DAEMON,
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound": NO_DAEMON,
    "org.freedesktop.DBus.Error.Spawn.ChildExited": NO_DAEMON,
    "org.freedesktop.DBus.Error.AccessDenied": DENIED,
    "org.freedesktop.DBus.Error.UnknownObject": FAR,
    "org.bluez.Error.InProgress": BUSY,
    "org.bluez.Error.NotReady": POWERED_OFF,
    "org.bluez.Error.AuthenticationFailed": PAIRING,
    "org.bluez.Error.NotAuthorized": PAIRING,
    "org.bluez.Error.NotPermitted": PAIRING,
}


def hint(error: BaseException) -> str:
    """What a person can do about it; empty where nothing is known."""
    match error:
        case BleakBluetoothNotAvailableError():
            return _REASONS.get(error.reason, DENIED)
        case BleakDBusError():
            return _DBUS.get(error.dbus_error, NOISE if "abort" in (error.dbus_error_details or "") else "")
        case BleakOutOfConnectionSlotsError():
            return FULL
        case BleakAbortedError():
            return NOISE
        case BleakNotFoundError() | BleakDeviceNotFoundError() | TimeoutError():
            return FAR
        case EOFError() | BrokenPipeError() | ConnectionResetError():
            return RESTARTED
        case OSError():
            return NO_BUS
        case BleakError() if str(error).startswith("adapter "):
            return NO_ADAPTER
    return NO_BUS if isinstance(error, BUS) else ""


@contextmanager
def _plainly(what: str) -> Iterator[None]:
    """Whatever goes wrong inside becomes a `RadioError`. Its words never hold an address, as bleak's own do."""
    try:
        yield
    except FAILURES as error:
        name = error.dbus_error if isinstance(error, BleakDBusError) else type(error).__name__
        raise RadioError(f"{what} failed: {name}", hint(error)) from error


class BleakLink:
    """Implements `ingest.radio.Link`."""

    def __init__(self, client: BleakClient, now: Callable[[], int]) -> None:
        self._client = client
        self._now = now
        self._subscribed: set[str] = set()

    async def chars(self) -> frozenset[str]:
        with _plainly("listing what the band offers"):
            return frozenset(char.uuid.lower() for char in self._client.services.characteristics.values())

    async def read(self, char: str) -> bytes:
        with _plainly(f"reading {char}"):
            return bytes(await self._client.read_gatt_char(char))

    async def write(self, char: str, payload: bytes) -> None:
        with _plainly(f"writing {char}"):
            await self._client.write_gatt_char(char, payload, response=True)

    async def subscribe(self, char: str, notify: Notify) -> None:
        def heard(_char: BleakGATTCharacteristic, payload: bytearray) -> None:
            notify(self._now(), bytes(payload))

        with _plainly(f"subscribing to {char}"):
            await self._client.start_notify(char, heard)
        self._subscribed.add(char)

    async def unsubscribe(self, char: str) -> None:
        self._subscribed.discard(char)
        with _plainly(f"unsubscribing from {char}"):
            await self._client.stop_notify(char)

    async def disconnect(self) -> None:
        for char in list(self._subscribed):
            # BlueZ remembers what was subscribed, and after the next connection tells everything twice (bleak issue 2002).
            with suppress(RadioError, BleakCharacteristicNotFoundError):
                await self.unsubscribe(char)
        with _plainly("disconnecting"):
            await self._client.disconnect()


class BleakRadio:
    """Implements `ingest.radio.Radio`. `adapter` is BlueZ's name for it, e.g. "hci1"; `None`: the first that is switched on.

    `now` gives µs UTC and never goes back; `None`: the time of the start, carried on.
    """

    def __init__(self, adapter: str | None = None, now: Callable[[], int] | None = None) -> None:
        self._adapter = adapter
        self._wall, self._mark = time.time_ns(), time.monotonic_ns()
        self._now = now or self._since_the_start
        self._turn = asyncio.Lock()
        self._scanner: BleakScanner | None = None
        self._devices: dict[str, BLEDevice] = {}
        self._heard: dict[str, tuple[int, Sighting]] = {}
        self._last = self.now()

    def now(self) -> int:
        return self._now()

    def _since_the_start(self) -> int:
        """The wall clock as it was then, carried on by one that nobody sets, so that a step reorders nothing."""
        return (self._wall + time.monotonic_ns() - self._mark) // 1000

    async def scan(self, seconds: float) -> Sequence[Sighting]:
        async with self._turn:
            with _plainly("scanning"):
                if self.now() - self._last > DEAF:
                    await self._rest()
                await self._listen()
        began = self.now()
        await asyncio.sleep(seconds)
        return [sighting for at, sighting in self._heard.values() if at >= began]

    async def connect(self, address: str, dropped: Callable[[], None]) -> BleakLink:
        device = self._devices.get(address)
        if device is None:
            raise RadioError("connecting failed: the band has not been heard", FAR)
        # An adapter that scans while it connects answers InProgress, or worse; the next `scan` takes it up again.
        async with self._turn:
            with _plainly("connecting"):
                await self._rest()
                bluez: BlueZClientArgs = {"adapter": self._adapter} if self._adapter else {}
                client = await establish_connection(BleakClient, device, "band", lambda _client: dropped(), bluez=bluez)
        return BleakLink(client, self.now)

    async def close(self) -> None:
        """Stop scanning."""
        async with self._turn:
            with _plainly("ending the scan"):
                await self._rest()

    async def _listen(self) -> None:
        if self._scanner is None:
            bluez: BlueZScannerArgs = {"adapter": self._adapter} if self._adapter else {}
            scanner = BleakScanner(self._hear, bluez=bluez)
            await scanner.start()
            self._scanner, self._last = scanner, self.now()

    async def _rest(self) -> None:
        scanner, self._scanner = self._scanner, None
        if scanner is not None:
            await scanner.stop()

    def _hear(self, device: BLEDevice, said: AdvertisementData) -> None:
        self._last = self.now()
        self._devices[device.address] = device
        services = tuple(service.lower() for service in said.service_uuids)
        self._heard[device.address] = self._last, Sighting(device.address, said.local_name or device.name, services, said.rssi)
