"""`keepup bench`: the speed table."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cli.line import wall
from cli.options import as_json
from cli.processes import end_alike
from lab.bench.job import Bench, Job, Outcome, Unmeasured
from lab.chaos.storm import Site

JOBS = {
    "tiles": "A week of a wrist's samples into tiles, beside a plain numpy ENMO on the same array.",
    "ingest": "Windows from MQTT, behind Mosquitto, into SQLite, beside counting and storing alone.",
    "embedded": "The embedded broker, with the ingester in one process, beside what 200 live bands send.",
    "influx": "Readings as points into InfluxDB 2 and its protocol double, beside bare requests of the same bytes.",
    "bytes": "What a sample takes on the wire and on the disk, beside 8 bytes.",
    "latency": "Live bands (--bands, --seconds): from notification to stored, and the memory of each process.",
    "drain": "A backlog (--hours) behind live bands (--bands): how fast it is stored, and how late what is live is meanwhile.",
    "outage": "The store away (--seconds) under live bands (--bands): memory, until all is stored, and the books by keepup ledger.",
}
"""Job → what `--list` says of it. `lab/bench/JOB.py` holds a function `run`, and is imported once it is asked for."""
BANDS, FEW = 200, 20
"""Live bands where nothing else is said, and those that have a backlog too."""


def bench(
    jobs: Annotated[list[str] | None, typer.Argument(metavar="[JOB]...", help="Some only; --list names them. Else all.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name the jobs, and do none.")] = False,
    bands: Annotated[
        int | None, typer.Option(min=1, max=1000, help=f"Of the jobs that are live; else {BANDS}, and {FEW} with a backlog.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Of the jobs that are live; of the outage.")] = 20,
    hours: Annotated[float, typer.Option(min=0.01, max=48, help="Of the backlog; to make 24 takes some ten minutes.")] = 0.5,
    json_: as_json = False,
) -> None:
    """Measure how fast the line is, each job beside a peer or a floor in the same run.

    Exit code 1 where a job falls short of the least ratio to what it is measured beside; figures in seconds depend on the machine and on
    what else it does, and judge nothing. A job that cannot be done here says why and counts neither way.

    Example: keepup bench ingest embedded --json
    """
    if list_:
        for job, about in JOBS.items():
            typer.echo(f"{job:<10}{about}")
        return
    wanted = list(dict.fromkeys(jobs or JOBS))
    if unknown := [job for job in wanted if job not in JOBS]:
        raise typer.BadParameter(f"{unknown[0]} is no job. They are {', '.join(JOBS)}.")
    end_alike()
    before = os.getloadavg()[0]
    came = {job: _done(job, bands or (FEW if job == "drain" else BANDS), seconds, hours) for job in wanted}
    load = before, os.getloadavg()[0]
    met = all(outcome.met for outcome in came.values() if isinstance(outcome, Outcome))
    if json_:
        typer.echo(
            json.dumps({"met": met, "load": load, "processors": os.cpu_count(), "jobs": {job: _told(one) for job, one in came.items()}})
        )
    else:
        Console().print(_table(came))
        typer.echo(f"Load of the machine before and after: {load[0]:.1f}, {load[1]:.1f}, on {os.cpu_count()} processors.")
    raise typer.Exit(0 if met else 1)


def _done(job: str, bands: int, seconds: float, hours: float) -> Outcome | str:
    """What it measured, or why it cannot be done here."""
    run: Job = import_module(f"lab.bench.{job}").run
    with TemporaryDirectory(prefix="keepup-bench-") as folder, Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(job, total=1.0)
        moved: Callable[[float], None] = lambda part: progress.update(task, completed=part)  # noqa: E731 — it has a type
        try:
            return run(Bench(Path(folder), wall, _line, moved, bands, seconds, hours))
        except Unmeasured as why:
            return str(why)


def _line(folder: Path, broker: str, store: str) -> Site:
    from cli.victims import Broker, Kept, site  # brings clients that the tiles' table need not wait for

    try:
        return site(folder, Broker(broker), Kept(store))
    except typer.BadParameter as why:
        raise Unmeasured(why.message) from why


def _told(came: Outcome | str) -> dict[str, object]:
    if isinstance(came, str):
        return {"met": None, "why": came}
    return {"met": came.met, **asdict(came)}


def _table(came: dict[str, Outcome | str]) -> Table:
    table = Table()
    for name in ("job", "figure"):
        table.add_column(name)
    table.add_column("", justify="right")
    for name in ("unit", "goal"):
        table.add_column(name)
    for job, one in came.items():
        if isinstance(one, str):
            table.add_row(job, f"NOT MEASURED: {one}", end_section=True)
            continue
        for figure in one.figures:
            table.add_row(job, figure.what, _number(figure.value), figure.unit, figure.goal)
        table.add_row(job, one.measure, f"{one.ratio:.2f}", "kept" if one.met else "FALLS SHORT", f"≥ {one.least:g}", end_section=True)
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
