"""`keepup plan`: what is prescribed, as a file that people and programs read."""

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from cli.asking import Given, asked
from cli.options import a_chart, a_day, a_folder, as_json, name, zone
from cli.prescribing import plan_text
from cli.remarks import shown
from cli.weeks import planned, told, weeks
from detectors.plan.calendar import calendar as icalendar
from detectors.plan.draft import drafted
from detectors.plan.lint import remarks
from detectors.plan.occurrence import Revision
from detectors.plan.plan import Plan
from detectors.plan.read import read
from detectors.plan.term import FOREVER

app = typer.Typer(help="Exercise plans: check them, draw them, begin a new one, assign it.", no_args_is_help=True, add_completion=False)
a_plan = Annotated[Path, typer.Argument(metavar="FILE", help="A plan, YAML.", exists=True, dir_okay=False)]


@app.callback()
def plan() -> None:
    pass


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


@app.command()
def show(file: a_plan, json_: as_json = False) -> None:
    """Draw a plan's weeks: which session is on which day, the minutes a week, and how much of them is exercise.

    With --json {"plan", "timezone", "occurrences": [{"id", "session", "stage", "planned", "start", "end", "grace", "excused"}]}, times
    UTC; of what may be done on any day of a week planned is null.

    Example: keepup plan show p-7f3a.yaml
    """
    plan = _read(file)
    if json_:
        occurrences = [told(one) for one in planned(plan)]
        sys.stdout.write(json.dumps({"plan": plan.id, "timezone": plan.timezone, "occurrences": occurrences}, indent=2) + "\n")
    else:
        Console(highlight=False, markup=False, emoji=False).print(weeks(plan))


@app.command()
def assign(
    folder: a_folder,
    file: a_plan,
    patient: Annotated[
        str | None, typer.Option(parser=name, metavar="ID", help="Whose it must be; the plan itself says whose it is.")
    ] = None,
    first: Annotated[
        date | None,
        typer.Option("--from", parser=a_day, metavar="DATE", help="First day by the patient's calendar; from now on if not given."),
    ] = None,
    chart: a_chart = None,
) -> None:
    """Put a plan into its patient's chart, in place of the one before.

    A plan with errors is refused; warnings are shown. What was judged by an older plan stays as it was judged. Exit code 1: refused.

    Example: keepup plan assign clinic p-7f3a.yaml --from 2027-03-01
    """
    from cli.assigning import assigned  # brings the chart, for which who only checks a file should not wait

    assigned(folder, file, plan_text(file), patient, first, chart)


@app.command()
def calendar(
    file: a_plan,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write it; else to stdout.", dir_okay=False)] = None,
    detail: Annotated[bool, typer.Option("--detail", help="With names and exercises; else it says no more than: your plan.")] = False,
) -> None:
    """A plan's sessions of fixed days as iCalendar, for the patient's own calendar.

    What may be done on any day of a week is left out. An --out that is there already is written anew.

    Example: keepup plan calendar p-7f3a.yaml --out p-7f3a.ics
    """
    now = int(datetime.now(UTC).timestamp() * 1e6)
    written = icalendar([Revision(_read(file), -FOREVER)], (), now, detail=detail)
    if out:
        out.write_bytes(written)
    else:
        sys.stdout.buffer.write(written)


def _read(file: Path) -> Plan:
    """Raises `typer.BadParameter`."""
    plan = read(plan_text(file)).plan
    if plan is None:
        raise typer.BadParameter(f"{file} is not a plan yet. See what is wrong with it: keepup plan check {file}")
    return plan
