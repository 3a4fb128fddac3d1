"""`keepup plan`: what is prescribed, as a file that people and programs read."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cli.asking import Given, asked
from cli.options import as_json, zone
from cli.remarks import shown
from detectors.plan.draft import drafted
from detectors.plan.lint import remarks
from detectors.plan.written import LARGEST

app = typer.Typer(help="Exercise plans: check them, begin a new one.", no_args_is_help=True, add_completion=False)


@app.callback()
def plan() -> None:
    pass


def plan_text(file: Path) -> str:
    """What the file holds, as far as a plan can be long. Raises `typer.BadParameter`."""
    try:
        with file.open("rb") as opened:
            return opened.read(4 * LARGEST + 1).decode()
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not UTF-8 text. Save it as UTF-8, or name the plan's file.") from error
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read ({error.strerror}). Check the name and the rights.") from error


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Plans, YAML.", exists=True, dir_okay=False)],
    json_: as_json = False,
) -> None:
    """Say everything that is wrong with a plan, or could be better, each with its line.

    Exit code 1 when there is an error; warnings and advice do not count. With --json {"ok", "findings": [{"code", "level", "where",
    "line", "message"}]}; of several files each finding says which (file).

    Example: keepup plan check p-7f3a.yaml
    """
    told = [(file, remarks(plan_text(file))) for file in files]
    ok = not any(remark.level == "error" for _, found in told for remark in found)
    if json_:
        which = len(files) > 1
        findings = [
            ({"file": str(file)} if which else {})
            | {"code": one.code, "level": one.level, "where": one.where, "line": one.line, "message": one.message}
            for file, found in told
            for one in found
        ]
        sys.stdout.write(json.dumps({"ok": ok, "findings": findings}, indent=2) + "\n")
    else:
        for file, found in told:
            shown(file, found)
    raise typer.Exit(0 if ok else 1)


@app.command()
def new(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where to write it; else named after the plan.")] = None,
    patient: Annotated[str | None, typer.Option(metavar="ID", help="Pseudonym, e.g. p-7f3a.")] = None,
    therapist: Annotated[str | None, typer.Option(metavar="ID", help="Pseudonym, e.g. t-02.")] = None,
    zone: Annotated[ZoneInfo | None, typer.Option(parser=zone, metavar="ZONE", help="Where the patient lives.")] = None,
    region: Annotated[str | None, typer.Option(help="low_back, neck, …")] = None,
    start: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="First day, e.g. 2026-12-07.")] = None,
    days: Annotated[str | None, typer.Option(metavar="DAYS", help="Of the core sessions, e.g. mon,wed,fri.")] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="Of the core sessions, e.g. 18:30.")] = None,
    exercises: Annotated[str | None, typer.Option(metavar="NAMES", help="Of the core sessions, e.g. bird_dog,dead_bug.")] = None,
    walks: Annotated[int | None, typer.Option(metavar="N", help="Walks a week.")] = None,
    desk: Annotated[bool | None, typer.Option("--desk/--no-desk", help="Whether they work at a desk.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; take what is usual for all that is not given.")] = False,
) -> None:
    """Write a plan: eight weeks of active exercise that grows, then keeping it up.

    Asks for what is not given as an option. The file passes keepup plan check and is meant to be edited.

    Example: keepup plan new --patient p-7f3a --zone Europe/Berlin
    """
    given = Given(patient, therapist, zone.key if zone else None, region, start.date() if start else None, days, at, exercises, walks, desk)
    answers = asked(given, datetime.now(UTC).astimezone().date(), quiet=yes)
    place = file or Path(f"{answers.id}.yaml")
    try:
        with place.open("x", encoding="utf-8") as opened:
            opened.write(drafted(answers))
    except FileExistsError as error:
        raise typer.BadParameter(f"{place} is there already; nothing was changed. Name another file, or move that one away.") from error
    typer.echo(f"{place} is written. Read it, change what does not fit, then: keepup plan check {place}")
