"""Options that several verbs share, read and refused in one way."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

SITE = "home"
VIRTUAL = "virtual-"
BANDS = "KEEPUP_BANDS"
"""Bands to be heard, with blanks between: on a command line every user of the machine could read their addresses."""


def zone(name: str) -> ZoneInfo:
    """An IANA zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(f"{name!r} is not a time zone. Name one like Europe/Berlin or America/New_York.") from error


def speed(text: str) -> float | None:
    """`None` for "max"."""
    if text == "max":
        return None
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < 1e9:
        raise typer.BadParameter(f"{text!r} is not a speed. Give a number (1 is real time, 60 a minute a second) or max.")
    return factor


def address(text: str) -> str:
    """A URL; an absolute path names a file that holds it."""
    if not text.startswith("/"):
        return text
    try:
        return Path(text).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{text} cannot be read. Name a file whose first line is the address.") from error


def name(text: str) -> str:
    """Goes into topics, addresses of pages and tables."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", text):
        raise typer.BadParameter(f"{text!r} will not do as a name. Take letters, digits, - and _, at most 64.")
    return text


def person(text: str) -> str:
    """A name for somebody real."""
    if text.startswith(VIRTUAL):
        raise typer.BadParameter(f"{VIRTUAL}… is for simulated patients only, so that nobody takes one for a person. Choose another id.")
    return name(text)


def a_day(text: str) -> date:
    """Of a calendar, without a clock."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day. Write year, month and day, e.g. 2027-03-01.") from error


def stamp(at: int, zone: ZoneInfo | None = None) -> str:
    """ISO 8601, in UTC where no zone is given, to the second where that is exact."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return moment.astimezone(zone).isoformat() if zone else moment.isoformat().replace("+00:00", "Z")


a_file = Annotated[Path, typer.Argument(help="The recording: CSV, or its .gz.", exists=True, dir_okay=False)]
a_format = Annotated[str | None, typer.Option(help="Name of its format, where the first line does not tell.")]
a_zone = Annotated[ZoneInfo | None, typer.Option(parser=zone, metavar="ZONE", help="For stamps that carry no zone, e.g. Europe/Berlin.")]
a_speed = Annotated[
    float | None, typer.Option(parser=speed, metavar="N|max", show_default="max", help="1 is real time; max waits for nothing.")
]
as_json = Annotated[bool, typer.Option("--json", help="For machines: JSON on stdout, nothing else.")]
a_patient = Annotated[str, typer.Argument(parser=name, metavar="PATIENT", help="The patient's pseudonym, e.g. p-7f3a.")]
a_folder = Annotated[Path, typer.Argument(help="Where the site's databases are.", file_okay=False)]
a_broker = Annotated[
    str | None,
    typer.Option(
        envvar="KEEPUP_BROKER",
        parser=address,
        metavar="URL",
        help="mqtt://127.0.0.1:1883; beyond this machine mqtts://user:password@host:8883. Or the path of a file that holds it.",
    ),
]
a_chart = Annotated[
    str | None,
    typer.Option(
        envvar="KEEPUP_CHART",
        parser=address,
        metavar="URL",
        help="Of a chart that is not in the folder: postgresql+psycopg://user:password@host/name. Or the path of a file that holds it.",
    ),
]
a_ca = Annotated[str | None, typer.Option(metavar="FILE", help="Certificate of the authority the broker's own is signed by.")]
a_site = Annotated[str, typer.Option(envvar="KEEPUP_SITE", parser=name, metavar="NAME", help="Name of the site in MQTT topics.")]
