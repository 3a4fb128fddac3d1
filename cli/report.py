"""`keepup report`: what a patient says, put into the chart by hand."""

from datetime import date
from secrets import token_hex
from typing import Annotated, Any, Literal

import typer
from pydantic import ValidationError

from alerts.chart import Chart
from cli.line import chart_of, wall
from cli.options import a_chart, a_day, a_folder, a_patient
from detectors.report import Answer, Back, Feeling, Pain, Reason, Report, Said, TimeOut

app = typer.Typer(help="What a patient said, put into the chart by hand.", no_args_is_help=True, add_completion=False)
a_by = Annotated[
    Literal["patient", "therapist"], typer.Option("--by", help="Who says so; a patient's word is shown apart from a therapist's.")
]
an_occurrence = typer.Argument(metavar="OCCURRENCE", help="The session's id: plan, name and local date, rx-0002/core/2027-03-01.")


@app.callback()
def report(context: typer.Context, folder: a_folder, patient: a_patient, chart: a_chart = None) -> None:
    """What a patient said, put into the chart by hand: at a visit, on the phone.

    It counts as an answer from a message's link does. What was said stays; what was said later holds.

    Example: keepup report clinic p-7f3a pain 3
    """
    context.obj = (folder, patient, chart)


@app.command()
def answer(
    context: typer.Context,
    occurrence: Annotated[str, an_occurrence],
    said: Annotated[Said, typer.Argument(metavar="yes|not_yet|not_today", help="Whether it was done.")],
    by: a_by = "therapist",
) -> None:
    """Whether a planned session was done.

    Example: keepup report clinic p-7f3a answer rx-0002/core/2027-03-01 yes --by patient
    """
    _say(context, by, Answer, occurrence=occurrence, said=said)


@app.command()
def pain(
    context: typer.Context,
    score: Annotated[int, typer.Argument(min=0, max=10, help="0 is no pain, 10 the worst there can be.")],
    by: a_by = "therapist",
) -> None:
    """How much the back hurts, from 0 to 10.

    Example: keepup report clinic p-7f3a pain 0
    """
    _say(context, by, Pain, score=score)


@app.command()
def feeling(
    context: typer.Context,
    back: Annotated[Literal["better", "same", "worse"], typer.Argument(help="Against last time.")],
    by: a_by = "therapist",
) -> None:
    """How the back is against last time; kept apart from scores.

    Example: keepup report clinic p-7f3a feeling same
    """
    _say(context, by, Feeling, back=back)


@app.command()
def reason(
    context: typer.Context,
    why: Annotated[Literal["it_hurt", "no_time", "feel_fine", "not_sure_how", "other"], typer.Argument(help="What got in the way.")],
    occurrence: Annotated[
        str | None, typer.Option("--session", metavar="OCCURRENCE", help="Of which session; none: of exercise at all.")
    ] = None,
    by: a_by = "therapist",
) -> None:
    """What got in the way of exercise.

    Example: keepup report clinic p-7f3a reason no_time --session rx-0002/core/2027-03-01
    """
    _say(context, by, Reason, occurrence=occurrence, why=why)


@app.command()
def pause(
    context: typer.Context,
    first: Annotated[date, typer.Argument(parser=a_day, metavar="FROM", help="First day without exercise, 2027-03-01.")],
    last: Annotated[date, typer.Argument(parser=a_day, metavar="TO", help="Last day without exercise.")],
    why: Annotated[Literal["travel", "ill", "other"], typer.Option(help="Why.")] = "other",
    by: a_by = "therapist",
) -> None:
    """Days on which nothing is expected and nobody is reminded; both days count, by the patient's calendar.

    To stop messages for other reasons: keepup patient pause.

    It is taken back, or ended early, by: back.

    Example: keepup report clinic p-7f3a pause 2027-03-01 2027-03-07 --why travel
    """
    if last < first:
        raise typer.BadParameter(f"{last} comes before {first}. Give the first day, then the last.")
    _say(context, by, TimeOut, first=first, last=last, why=why)


@app.command()
def back(
    context: typer.Context,
    first: Annotated[date, typer.Argument(parser=a_day, metavar="FROM", help="First day with exercise again, 2027-03-05.")],
    by: a_by = "therapist",
) -> None:
    """From when on exercise is expected again, whatever pause was said before; of one that begins then or later nothing is left.

    Example: keepup report clinic p-7f3a back 2027-03-05
    """
    _say(context, by, Back, first=first)


def _say(context: typer.Context, by: str, kind: type[Any], **what: object) -> None:
    folder, patient, elsewhere = context.obj
    try:
        said: Report = kind(id=token_hex(16), patient=patient, at=wall(), by=by, **what)
    except ValidationError as error:
        raise typer.BadParameter("; ".join(one["msg"] for one in error.errors(include_url=False, include_input=False))) from error
    with chart_of(folder, elsewhere) as chart:
        if occurrence := what.get("occurrence"):
            _planned(chart, patient, str(occurrence))
        try:
            chart.reports.add(said, "cli", wall())
        except ValueError as error:
            typer.echo(f"{error} (keepup patient list shows who is there).", err=True)
            raise typer.Exit(1) from error
    typer.echo(f"It is in the chart of {patient}.")


def _planned(chart: Chart, patient: str, occurrence: str) -> None:
    """An answer to what was never planned would be kept and mean nothing."""
    sessions = {f"{r.plan.id}/{s.name}/" for r in chart.plans.revisions(patient) for phase in r.plan.phases for s in phase.sessions}
    if not any(occurrence.startswith(session) for session in sessions):
        there = ", ".join(f"{session}DATE" for session in sorted(sessions)) or "none; keepup plan assign gives a plan"
        raise typer.BadParameter(f"{occurrence} is no session of {patient}. There are: {there}.")
