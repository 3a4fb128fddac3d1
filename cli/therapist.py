"""Somebody who reads the pages."""

import re
import sys
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from alerts.chart import Therapist
from alerts.people import SHORTEST
from cli.line import chart_of
from cli.options import a_chart, a_folder, name, zone


def clock(text: str) -> int:
    """Minutes after midnight."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a time of day. Write hours and minutes, e.g. 07:30.")
    return int(found[1]) * 60 + int(found[2])


def therapist(
    folder: a_folder,
    id: Annotated[str, typer.Argument(parser=name, metavar="ID", help="Pseudonym, e.g. t-02.")],  # noqa: A002 — the therapist's
    zone: Annotated[ZoneInfo | None, typer.Option(parser=zone, metavar="ZONE", help="Where their clock is; UTC at first.")] = None,
    digest: Annotated[
        int | None, typer.Option(parser=clock, metavar="HH:MM", help="When the day's digest is due by their clock; 07:30 at first.")
    ] = None,
    chart: a_chart = None,
) -> None:
    """Let a therapist log in, or give them another password. With --zone or --digest, for one who can log in already: change that alone.

    Asks for the password, or reads it from stdin where that is not a terminal: nobody may type it after the command.

    Example: keepup therapist clinic t-02

    Example: keepup therapist clinic t-02 --zone Europe/Berlin --digest 07:30
    """
    if (zone is None and digest is None) or _before(folder, id, chart) is None:
        _employ(folder, id, chart)
    if zone is not None or digest is not None:
        _settle_in(folder, id, zone, digest, chart)


def _employ(folder: Path, id: str, chart: str | None) -> None:  # noqa: A002 — the therapist's
    password = _asked() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST:
        raise typer.BadParameter(f"The password has {len(password)} characters; give at least {SHORTEST}. A few plain words will do.")
    with chart_of(folder, chart, new=True) as opened:
        opened.employ(id, password)
    typer.echo(f"{id} can log in.")


def _before(folder: Path, id: str, chart: str | None) -> Therapist | None:  # noqa: A002 — the therapist's
    if chart is None and not (folder / "chart.db").exists():
        return None
    with chart_of(folder, chart) as opened:
        return next((one for one in opened.therapists() if one.id == id), None)


def _settle_in(folder: Path, id: str, zone: ZoneInfo | None, digest: int | None, chart: str | None) -> None:  # noqa: A002 — the therapist's
    before = _before(folder, id, chart) or Therapist(id)
    now = Therapist(id, zone or before.zone, before.digest_at if digest is None else digest)
    with chart_of(folder, chart) as opened:
        opened.settle_in(now)
    typer.echo(f"{id} gets the day's digest at {now.digest_at // 60:02}:{now.digest_at % 60:02} in {now.zone.key}.")


def _asked() -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
