"""`keepup patient`: who is watched over, by whom, with which band, and where their clock is."""

import json
from datetime import date, time, timedelta
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer

from alerts.chart import Chart, Patient, Wearing
from cli.line import chart_of, wall
from cli.options import a_chart, a_day, a_folder, a_patient, as_json, name, person, stamp, zone
from detectors.plan.term import shown

app = typer.Typer(help="The people whose bands are heard.", no_args_is_help=True, add_completion=False)


@app.callback()
def patient() -> None:
    pass


@app.command()
def add(
    folder: a_folder,
    id: Annotated[str, typer.Argument(parser=person, metavar="ID", help="Pseudonym, e.g. p-7f3a; never a name.")],  # noqa: A002 — the patient's
    zone: Annotated[ZoneInfo, typer.Option(parser=zone, metavar="ZONE", help="Where they live, e.g. Europe/Berlin.")],
    therapist: Annotated[str, typer.Option(parser=name, metavar="ID", help="Pseudonym of who reads about them.")],
    band: Annotated[str | None, typer.Option(parser=name, metavar="DEV", help="Id of the band they wear from now on.")] = None,
    detail: Annotated[
        int | None,
        typer.Option(
            min=0, max=2, help='What a message says: 0 that there is one, 1 "your set", 2 all. More than 0 only if they ask for it.'
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Change therapist, band, zone or detail of somebody already there.")] = False,
    chart: a_chart = None,
) -> None:
    """Put a patient into the chart, and a band on them.

    Example: keepup patient add clinic p-7f3a --zone Europe/Berlin --therapist t-02 --band b-1
    """
    with chart_of(folder, chart, new=True) as opened:
        before = opened.patient(id)
        if before and not replace:
            typer.echo(
                f"{id} is in the chart already; nothing was changed. Choose another id, or say --replace to change theirs.", err=True
            )
            raise typer.Exit(1)
        kept = detail if detail is not None else before.detail if before else 0
        opened.admit(Patient(id, zone, therapist, virtual=False, detail=kept), wall())
        typer.echo(f"{id} is in the chart. {therapist} reads about them (keepup therapist gives a login).")
        if band:
            _put_on(opened, band, id)


@app.command(name="list")
def list_(folder: a_folder, json_: as_json = False, chart: a_chart = None) -> None:
    """Who is in the chart: zone, therapist, band, plan, and until when they are paused.

    Example: keepup patient list clinic --json
    """
    with chart_of(folder, chart) as opened:
        people = [_line(opened, who, wall()) for who in opened.patients()]
    if json_:
        typer.echo(json.dumps({"patients": people}))
        return
    for one in people:
        plan = f"{one['plan']['id']} since {one['plan']['since'][:10]}" if one["plan"] else "no plan"
        paused = f"; paused until {one['paused_until']}" if one["paused_until"] else ""
        typer.echo(f"{one['id']}  {one['zone']}  {one['therapist']}  {' '.join(one['bands']) or 'no band'}  {plan}{paused}")
    if not people:
        typer.echo("Nobody is in the chart. keepup patient add puts somebody there.", err=True)


@app.command()
def move(
    folder: a_folder,
    id: a_patient,  # noqa: A002 — the patient's
    zone: Annotated[ZoneInfo, typer.Argument(parser=zone, metavar="ZONE", help="Where their clock is now, e.g. America/New_York.")],
    since: Annotated[
        date | None, typer.Option("--from", parser=a_day, metavar="DATE", help="First day there, 2027-03-01; from now on if not given.")
    ] = None,
    chart: a_chart = None,
) -> None:
    """Say that a patient lives, or travels, by another clock. Sessions planned for 18:30 are then at 18:30 there.

    Example: keepup patient move clinic p-7f3a America/New_York --from 2027-03-01
    """
    now = wall()
    at = now if since is None else shown(since, time(0), [(0, zone)])
    if at > now:
        raise typer.BadParameter(f"{since} is yet to come there. Say it once they have arrived.", param_hint="--from")
    with chart_of(folder, chart) as opened:
        try:
            moved = opened.move(id, zone, at)
        except ValueError as error:
            _refused(error)
    typer.echo(f"{id} is in {zone.key} since {stamp(at)}." if moved else f"{id} is in {zone.key} already; nothing was changed.")


@app.command()
def pause(
    folder: a_folder,
    id: a_patient,  # noqa: A002 — the patient's
    first: Annotated[date, typer.Argument(parser=a_day, metavar="FROM", help="First day, 2027-03-01.")],
    last: Annotated[date, typer.Argument(parser=a_day, metavar="TO", help="Last day; it is silent, too.")],
    kind: Annotated[
        str | None,
        typer.Option(parser=name, metavar="RULE", help="Silence this rule alone, e.g. still_too_long; all of them if not given."),
    ] = None,
    why: Annotated[str, typer.Option(metavar="TEXT", help="A few words for the record; no names.")] = "",
    by: Annotated[
        str | None, typer.Option(parser=name, metavar="ID", help="Pseudonym of who says so; their therapist if not given.")
    ] = None,
    chart: a_chart = None,
) -> None:
    """Tell nobody anything about a patient for some days, by the patient's calendar.

    Sessions stay planned. If none are expected either: keepup report FOLDER PATIENT pause.

    Example: keepup patient pause clinic p-7f3a 2027-03-01 2027-03-07 --why "in hospital"
    """
    if last < first:
        raise typer.BadParameter(f"{last} comes before {first}. Give the first day, then the last.")
    _one_of_the_rules(kind)
    with chart_of(folder, chart) as opened:
        who = _known(opened, id)
        zones = opened.zones(id)
        start, end = shown(first, time(0), zones), shown(last + timedelta(days=1), time(0), zones)
        try:
            opened.pauses.set(id, kind, start, end, by or who.therapist, why[:200], wall())
        except ValueError as error:
            _refused(error)
    typer.echo(f"Nobody is told anything{f' of {kind}' if kind else ''} about {id} from {stamp(start)} to {stamp(end)}.")


@app.command()
def resume(
    folder: a_folder,
    id: a_patient,  # noqa: A002 — the patient's
    by: Annotated[
        str | None, typer.Option(parser=name, metavar="ID", help="Pseudonym of who says so; their therapist if not given.")
    ] = None,
    chart: a_chart = None,
) -> None:
    """End every pause of a patient, those to come too. Exit code 1: there was none.

    Example: keepup patient resume clinic p-7f3a
    """
    now = wall()
    with chart_of(folder, chart) as opened:
        who = _known(opened, id)
        ended = sum(opened.pauses.end(one.id, by or who.therapist, now) for one in opened.pauses.of(id))
    if not ended:
        typer.echo(f"{id} is not paused; nothing was changed.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{id} is told of again.")


@app.command()
def erase(
    folder: a_folder,
    id: a_patient,  # noqa: A002 — the patient's
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the id once more.")] = False,
    chart: a_chart = None,
) -> None:
    """Forget a patient: nothing about them is left in the chart, and nobody can bring it back.

    What it does not reach it names. Exit code 1: nothing was erased.

    Example: keepup patient erase clinic p-7f3a
    """
    with chart_of(folder, chart) as opened:
        _known(opened, id)
        bands = ", ".join(sorted({worn.dev for worn in opened.wearings(id)}))
        if not yes and typer.prompt(f"All about {id} will be gone for good. Type the id once more") != id:
            _refused(ValueError("that is another id; nothing was erased"))
        cleared = opened.erase(id, wall())
    typer.echo(f"{id} is erased: plans, reports, findings, alerts and messages. The audit still adds up and names nobody.")
    if not cleared:
        typer.echo("The database's files may hold it yet: SQLite's until all verbs of the site were stopped once, else until VACUUM.")
    typer.echo(f"Not erased: what {bands or 'no band'} measured (store and catalog.db in {folder}, and what gateways keep), what was sent,")
    typer.echo("backups, and files that name them: their plan, up.json in the folder, keepup.toml (which would admit them again).")


def _put_on(chart: Chart, band: str, patient: str) -> None:
    on = {w.patient for p in chart.patients() for w in chart.wearings(p.id) if w.dev == band and w.end is None}
    if patient not in on:
        chart.hand_over(Wearing(band, patient, wall()))
    before = "".join(f"; {other} wears it no longer" for other in sorted(on - {patient}))
    typer.echo(f"{patient} wears {band}{before}.")


def _line(chart: Chart, who: Patient, now: int) -> dict[str, Any]:
    plan = next((one for one in reversed(chart.plans.assigned(who.id)) if one.since <= now), None)
    until = max((one.end for one in chart.pauses.of(who.id) if one.kind is None and one.start <= now < one.end), default=None)
    return {
        "id": who.id,
        "zone": who.zone.key,
        "therapist": who.therapist,
        "virtual": who.virtual,
        "detail": who.detail,
        "bands": sorted(w.dev for w in chart.wearings(who.id) if w.end is None),
        "plan": None if plan is None else {"id": plan.plan, "since": stamp(plan.since)},
        "paused_until": None if until is None else stamp(until),
    }


def _one_of_the_rules(kind: str | None) -> None:
    if kind is None:
        return
    from config.plugins import rules  # brings scipy, for which no other verb of a patient's should wait

    if kind not in (there := rules()):
        raise typer.BadParameter(f"{kind} is no rule; there are: {', '.join(there)}.", param_hint="--kind")


def _known(chart: Chart, id: str) -> Patient:  # noqa: A002 — the patient's
    who = chart.patient(id)
    if who is None:
        _refused(ValueError(f"patient {id} is not in the chart; keepup patient list shows who is"))
    return who


def _refused(error: ValueError) -> NoReturn:
    typer.echo(f"{error}.", err=True)
    raise typer.Exit(1) from error
