"""`keepup chaos`: a storm over a line of its own, and whether anything was lost."""

from collections.abc import Callable
from shutil import rmtree
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.options import as_json
from cli.processes import end_alike
from cli.victims import Broker, Kept, site
from lab.chaos.ground import ground
from lab.chaos.storm import rage


def chaos(
    seconds: Annotated[float, typer.Option(min=1, help="How long the storm lasts; then it settles.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Of bands and blows: the same seed, the same schedule.")] = 1,
    store: Annotated[
        Kept, typer.Option(help="Double: our own server that answers as InfluxDB 2 does; influx: influxd from PATH.")
    ] = Kept.SQLITE,
    broker: Annotated[Broker, typer.Option(help="Embedded: in one process with the ingester. Neither keeps anything.")] = Broker.EMBEDDED,
    bands: Annotated[int, typer.Option(min=1, max=200, help="How many virtual bands.")] = 12,
    json_: as_json = False,
) -> None:
    """Kill every process of the line at random with -9, spoil network and disk, and see whether a reading is lost.

    Virtual bands in real time, through a real gateway, broker, ingester and store in a folder of their own. Afterwards an independent
    reader compares, sample by sample, what the bands said and the gateway committed with what is stored. Exit code 1 where the promise
    is broken. The disk is filled where a small file system may be mounted, which takes root.

    Example: keepup chaos --seconds 60 --seed 2 --broker mosquitto
    """
    end_alike()
    with ground() as folder:
        try:
            with _progress() as progress:
                came = rage(site(folder, broker, store), seconds, seed, bands, moved=_bar(progress, seconds))
        except BaseException:
            rmtree(folder, ignore_errors=True)
            raise
    typer.echo(came.json() if json_ else came)
    if came.kept:
        rmtree(folder, ignore_errors=True)
        raise typer.Exit(0)
    typer.echo(f"What was heard, committed, stored and said is left in {folder}", err=True)
    raise typer.Exit(1)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True)


def _bar(progress: Progress, seconds: float) -> Callable[[float], None]:
    task = progress.add_task("storm", total=seconds)

    def moved(at: float) -> None:
        progress.update(task, completed=min(at, seconds), description="storm" if at < seconds else "settling")

    return moved
