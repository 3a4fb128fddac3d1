"""What a machine without Bluetooth can show of the real radio: it fails in plain words."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError
from bleak_retry_connector import BleakAbortedError, BleakNotFoundError, BleakOutOfConnectionSlotsError

from ingest.radio import RadioError
from ingest.radios import bleak
from ingest.radios.bleak import BleakRadio, hint


async def failure() -> RadioError:
    with pytest.raises(RadioError) as caught:
        await BleakRadio().scan(0.01)
    return caught.value


def test_without_a_bus_the_hint_is_to_start_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")
    error = asyncio.run(failure())
    assert str(error) == "scanning failed: FileNotFoundError"
    assert error.hint == bleak.NO_BUS


@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed")
def test_without_bluetoothd_the_hint_is_to_start_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command = ["dbus-daemon", "--session", "--nofork", "--print-address", f"--address=unix:path={tmp_path}/bus"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bus:
        try:
            assert bus.stdout
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.stdout.readline().strip())
            error = asyncio.run(failure())
        finally:
            bus.terminate()
    assert error.hint == bleak.NO_DAEMON, error


def test_a_band_that_was_never_heard_cannot_be_connected() -> None:
    async def main() -> RadioError:
        with pytest.raises(RadioError) as caught:
            await BleakRadio().connect("C0:FF:EE:00:00:01", lambda: None)
        return caught.value

    error = asyncio.run(main())
    assert error.hint == bleak.FAR
    assert "C0:FF" not in str(error)  # an address has no place in a log


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.POWERED_OFF), bleak.POWERED_OFF),
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.NO_BLUETOOTH), bleak.NO_ADAPTER),
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM), bleak.DENIED),
        (BleakDBusError("org.bluez.Error.InProgress", []), bleak.BUSY),
        (BleakDBusError("org.bluez.Error.NotReady", []), bleak.POWERED_OFF),
        (BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"]), bleak.NOISE),
        (BleakError("adapter 'hci7' not found"), bleak.NO_ADAPTER),
        (BleakOutOfConnectionSlotsError(), bleak.FULL),
        (BleakAbortedError(), bleak.NOISE),
        (BleakNotFoundError(), bleak.FAR),
        (TimeoutError(), bleak.FAR),
        (EOFError(), bleak.RESTARTED),
        (BrokenPipeError(), bleak.RESTARTED),
        (PermissionError(), bleak.NO_BUS),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_each_known_failure_has_its_own_advice(error: BaseException, expected: str) -> None:
    assert hint(error) == expected


def test_the_radios_clock_never_goes_back() -> None:
    async def main() -> list[int]:
        radio = BleakRadio()
        return [radio.now() for _ in range(100)]

    times = asyncio.run(main())
    assert times == sorted(times)
