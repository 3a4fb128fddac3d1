"""Finds plug-ins by their file names: a new file is a new plug-in, and no list needs editing."""

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import alerts.channels
import detectors.rules
import ingest.drivers
import ingest.formats
import ingest.stores

if TYPE_CHECKING:  # whoever asks for one kind, a store say, need not wait for what the other kinds are made of
    from alerts.channel import Channel
    from detectors.rule import Rule
    from ingest.driver import Driver
    from ingest.format import Format


def _found(package: ModuleType, constant: str) -> dict[str, Any]:
    return {name: getattr(import_module(f"{package.__name__}.{name}"), constant) for name in _names(package)}


def _names(package: ModuleType) -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def drivers() -> dict[str, "Driver"]:
    return _found(ingest.drivers, "DRIVER")


def formats() -> dict[str, "Format"]:
    return _found(ingest.formats, "FORMAT")


def stores() -> list[str]:
    return _names(ingest.stores)


def store(name: str) -> Any:
    """What opens it: `sqlite(folder)`, `influx(address, token)`. One at a time, for the client of another takes long to load."""
    return import_module(f"{ingest.stores.__name__}.{name}").OPEN


def rules() -> dict[str, "Rule"]:
    return _found(detectors.rules, "RULE")


def channels() -> dict[str, "Channel"]:
    return _found(alerts.channels, "CHANNEL")
