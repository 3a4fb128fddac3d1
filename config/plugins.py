"""Finds plug-ins by their file names: a new file is a new plug-in, and no list needs editing."""

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import Any

import alerts.channels
import detectors.rules
import ingest.drivers
import ingest.formats
import ingest.stores
from alerts.channel import Channel
from detectors.rule import Rule
from ingest.driver import Driver
from ingest.format import Format


def _found(package: ModuleType, constant: str) -> dict[str, Any]:
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return {name: getattr(import_module(f"{package.__name__}.{name}"), constant) for name in names}


def drivers() -> dict[str, Driver]:
    return _found(ingest.drivers, "DRIVER")


def formats() -> dict[str, Format]:
    return _found(ingest.formats, "FORMAT")


def stores() -> dict[str, Any]:
    """Name → `open(path_or_url) -> Store`."""
    return _found(ingest.stores, "OPEN")


def rules() -> dict[str, Rule]:
    return _found(detectors.rules, "RULE")


def channels() -> dict[str, Channel]:
    return _found(alerts.channels, "CHANNEL")
