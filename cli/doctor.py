"""What is wrong, in plain words, and what can be done: so far with a gateway's spool."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.options import as_json, stamp
from ingest.batch import MICROS
from ingest.budget import SOON
from ingest.inspection import Looked, look, reading
from ingest.salvage import salvage

app = typer.Typer(no_args_is_help=True, help="Look for what is wrong, and say what can be done.", add_completion=False)


@app.callback()
def doctor() -> None:
    """Look for what is wrong, and say what can be done."""


@app.command()
def spool(
    file: Annotated[Path, typer.Argument(help="The spool, as given to keepup collect.", exists=True, dir_okay=False)],
    into: Annotated[Path | None, typer.Option(metavar="NEW", help="Carry all that can be read into this new file.")] = None,
    json_: as_json = False,
) -> None:
    """Read every row of a spool that no collector is using, and say what waits in it and what is broken. It is not written to.

    With --into a new spool is made of all that can be read. It takes the old one's place: move that aside, and keep it. Never let both
    send. Exit code 1 where something is broken, also once it is salvaged.

    Example: keepup doctor spool spool.db --into salvaged.db
    """
    if into and into.exists():
        raise typer.BadParameter(f"{into} is there already. Name a file that is not.", param_hint="--into")
    with reading(file) as db:
        found = look(db, file)
        came = salvage(db, found, into) if into else None
    now = time.time_ns() // 1000
    if json_:
        print(json.dumps(_told(found, now, came)))
    else:
        _show(found, now, file, into, came)
    raise typer.Exit(1 if found.faults else 0)


def _told(found: Looked, now: int, came: int | None) -> dict[str, object]:
    return {
        "id": found.id,
        "sound": not found.faults,
        "faults": found.faults,
        "rows": found.rows,
        "readings": found.readings,
        "bands": found.bands,
        "bytes": found.size,
        "oldest": None if found.oldest is None else stamp(found.oldest),
        "age_s": _age(found, now),
        "days_left": None if found.days_left is None else round(found.days_left, 2),
        "rotten": found.rotten,
        "lost": found.lost,
        "aside": found.aside,
        "salvaged": came,
    }


def _age(found: Looked, now: int) -> float | None:
    return None if found.oldest is None else (now - found.oldest) / MICROS


def _show(found: Looked, now: int, file: Path, into: Path | None, came: int | None) -> None:
    say, age = Console(), _age(found, now)
    waits = "nothing" if age is None else f"{found.rows:,} rows, {found.readings:,} readings; the oldest is {age / 3600:,.1f} h old"
    table = Table(title=f"{file.name}: {'broken' if found.faults else 'sound'}", title_justify="left", show_header=False)
    table.add_row("waits", waits)
    table.add_row("takes", f"{found.size / 1e6:,.1f} MB")
    table.add_row("lasts", "not yet known" if found.days_left is None else f"{found.days_left:,.1f} days if nothing is stored meanwhile")
    for dev, readings in sorted(found.bands.items()):
        table.add_row(dev, f"{readings:,} readings")
    for fault in found.faults:
        table.add_row("broken", fault)
    say.print(table)
    if found.days_left is not None and found.days_left < SOON:
        say.print("It will soon be full: bring the line back, free some of the disk, or give keepup collect a larger --budget.")
    if came is not None:
        say.print(f"{came:,} rows are in {into}. Move {file.name} aside, keep it, and put the new one in its place.")
    elif found.faults:
        say.print(f"Save what can be read: keepup doctor spool {file} --into NEW. Then look at the disk; it may be failing.")
