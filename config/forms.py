"""What single settings look like, and what to say of one that does not."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator

from alerts.http import base
from config.plugins import drivers, formats
from detectors.plan.lint import remarks
from ingest.store import StoreUnavailable

VIRTUAL = "virtual-"
"""Begins the id of a simulated patient."""


def _id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", text):
        raise ValueError("will not do as an id: take letters, digits, - and _, at most 64")
    return text


def _zone(name: object) -> ZoneInfo:
    try:
        return name if isinstance(name, ZoneInfo) else ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f'"{name}" is not a time zone: write one like "Europe/Berlin"') from error


def _present(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {path}: check the name; it is looked for from where the toml file is")
    return path


def _url(text: str) -> str:
    """One that may stand in a file many read."""
    if "://" not in text:
        raise ValueError("is not an address: it begins like mqtts:// or postgresql+psycopg://")
    parts = urlsplit(text)
    if parts.password is not None or parse_qs(parts.query).keys() & {"password", "passfile"}:
        raise ValueError("holds a password: put the whole address into a file for your eyes alone, and write url_file in place of url")
    return text


Id = Annotated[str, AfterValidator(_id)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Present = Annotated[Path, AfterValidator(_present)]
Url = Annotated[str, AfterValidator(_url)]


def page_base(text: str) -> str:
    try:
        return base(text)
    except ValueError as error:
        raise ValueError("is no address for links: write one like https://keepup.example.org, nothing behind the host") from error


def store_address(text: str) -> str:
    """Of an InfluxDB; its token stands elsewhere."""
    from ingest.influx import place  # brings a client for which no site with a store of its own should wait

    try:
        place(text)
    except StoreUnavailable as error:
        raise ValueError(f"will not do as a store: {error}".rstrip(".")) from error
    return text


def band_driver(name: str) -> str:
    if name not in (known := drivers()):
        raise ValueError(f'there is no driver "{name}": write one of {", ".join(known)}')
    return name


def recording_format(name: str) -> str:
    if name not in (known := formats()):
        raise ValueError(f'there is no format "{name}": write one of {", ".join(known)}, or leave it out')
    return name


def sound_plan(file: Path) -> Path:
    """Without errors; warnings and advice do not count."""
    try:
        found = [one for one in remarks(file.read_text(encoding="utf-8")) if one.level == "error"]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read as text: name a plan file") from error
    if found:
        said = "".join(f"\n    line {one.line}: {one.message}" for one in found)
        raise ValueError(f"the plan has errors (keepup plan check {file} says more):{said}")
    return file


def pace(given: object) -> float | None:
    """`None` for "max"."""
    if given is None or given == "max":
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 1 <= given < 1e9:
        raise ValueError('write a number from 1 (real time) on, or "max"; slower than real time, readings would come from the future')
    return float(given)
