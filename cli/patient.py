"""`keepup patient`: who is watched over, by whom, with which band."""

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from alerts.chart import Patient, Wearing
from cli.line import Clinic, clinic, wall
from cli.options import a_folder, name, person, zone

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
    replace: Annotated[bool, typer.Option("--replace", help="Change zone, therapist or band of somebody already there.")] = False,
) -> None:
    """Put a patient into the chart, and a band on them.

    Example: keepup patient add clinic p-7f3a --zone Europe/Berlin --therapist t-02 --band b-1
    """
    with clinic(folder) as behind:
        if behind.chart.patient(id) and not replace:
            typer.echo(
                f"{id} is in the chart already; nothing was changed. Choose another id, or say --replace to change theirs.", err=True
            )
            raise typer.Exit(1)
        behind.chart.admit(Patient(id, zone, therapist, virtual=False), wall())
        typer.echo(f"{id} is in the chart. {therapist} reads about them (keepup therapist gives a login).")
        if band:
            _put_on(behind, band, id)


def _put_on(behind: Clinic, band: str, patient: str) -> None:
    on = {w.patient for p in behind.chart.patients() for w in behind.chart.wearings(p.id) if w.dev == band and w.end is None}
    if patient not in on:
        behind.chart.hand_over(Wearing(band, patient, wall()))
    before = "".join(f"; {other} wears it no longer" for other in sorted(on - {patient}))
    typer.echo(f"{patient} wears {band}{before}.")
