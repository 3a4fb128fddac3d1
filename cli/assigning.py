"""A plan file into a patient's chart: read, looked over, and in force from an instant."""

from datetime import date, time
from pathlib import Path
from typing import NoReturn

import typer

from alerts.chart import Chart, Patient
from cli.line import chart_of, wall
from cli.options import stamp
from cli.remarks import shown as show
from detectors.plan.lint import remarks
from detectors.plan.plan import Plan
from detectors.plan.read import read
from detectors.plan.term import shown


def assigned(folder: Path, file: Path, text: str, patient: str | None, first: date | None, chart: str | None) -> None:
    """Says what it did and when it takes effect. Raises `typer.Exit` with code 1 where the plan is refused."""
    plan = _sound(file, text)
    with chart_of(folder, chart) as opened:
        who = opened.patient(patient or plan.patient)
        if who is None:
            _refused(f"patient {patient or plan.patient} is not in the chart; keepup patient add puts them there")
        now = wall()
        since = now if first is None else shown(first, time(0), opened.zones(who.id))
        try:
            new = opened.plans.assign(who.id, text, plan, since, plan.therapist, now)
        except ValueError as error:
            _refused(str(error))
        _tell(opened, who, plan, since, new)


def _sound(file: Path, text: str) -> Plan:
    found, plan = remarks(text), read(text).plan
    if found:
        show(file, found)
    if plan is None or any(one.level == "error" for one in found):
        typer.echo(f"{file} was not assigned: mend its errors first (keepup plan check {file}).", err=True)
        raise typer.Exit(1)
    return plan


def _tell(chart: Chart, who: Patient, plan: Plan, since: int, new: bool) -> None:
    if not new:
        (*_, newest) = chart.plans.assigned(who.id)
        typer.echo(f"{who.id} has just this plan since {stamp(newest.since, who.zone)}; nothing was changed.")
        return
    typer.echo(f"{who.id} has plan {plan.id} from {stamp(since, who.zone)} on. Sessions whose time has begun by then keep the plan before.")
    if plan.timezone != who.zone.key:
        typer.echo(
            f"The plan names {plan.timezone}, but {who.id} is in {who.zone.key}: its times are by the patient's clock "
            "(keepup patient move changes that).",
            err=True,
        )


def _refused(why: str) -> NoReturn:
    typer.echo(f"{why}.", err=True)
    raise typer.Exit(1)
