"""`keepup ingest dead`: what could not be stored, why, and another try."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from typing import Annotated, Any

import typer

from cli.line import books_of
from cli.options import a_folder, as_json, stamp
from cli.stored import SQLITE, a_store
from ingest.body import EARLIEST, LATEST
from ingest.catalog import Catalog
from ingest.dead import MESSAGE, PARCEL, SPANS, Letter, glimpse

AT_ONCE = 64
"""Letters tried in one commit: as many as an ingester takes messages."""
ACROSS = 32
"""Bytes on a line."""
NAMES = {PARCEL: "row", MESSAGE: "message", SPANS: "spans"}
"""Of parts that are not one body."""

app = typer.Typer(
    help="What could not be stored: every byte is kept, with the reason.", no_args_is_help=True, add_completion=False, name="dead"
)


@app.command(name="list")
def list_(folder: a_folder, json_: as_json = False, store: a_store = SQLITE) -> None:
    """What was set aside and why, oldest first.

    Example: keepup ingest dead list clinic
    """
    with books_of(folder, store) as behind:
        if json_:
            typer.echo(json.dumps({"letters": [_entry(letter) for letter in behind.catalog.letters.all()]}))
            return
        for letter in behind.catalog.letters.all():
            one = _entry(letter)
            whose = " ".join(filter(None, [one["band"], one["stream"], one["from"]])) or _part(letter)
            typer.echo(f"{letter.id}  {one['at'][:19]}Z  {whose}  {_readings(letter)}: {one['reason']}")
        if not behind.catalog.letters.count():
            typer.echo("Nothing is set aside.", err=True)


@app.command()
def show(
    folder: a_folder,
    id: Annotated[int, typer.Argument(metavar="ID", help="As keepup ingest dead list tells it.")],  # noqa: A002 — the letter's
    json_: as_json = False,
    store: a_store = SQLITE,
) -> None:
    """All that is known of one: the reason, where it came from, its bytes, and what can be read of them.

    Example: keepup ingest dead show clinic 7
    """
    with books_of(folder, store) as behind:
        letter = _known(behind.catalog, id)
    read, payload = glimpse(letter.dead.payload), letter.dead.payload
    if json_:
        typer.echo(json.dumps(_entry(letter) | {"hex": payload.hex(), "read": read}))
        return
    typer.echo(f"set aside  {stamp(letter.at)}, because: {letter.dead.reason}")
    typer.echo(f"from       {_row(letter)}, {_part(letter)}, {_readings(letter)}, {len(payload):,} bytes")
    typer.echo(f"reads as   {'nothing that is known' if read is None else json.dumps(read, indent=2, ensure_ascii=False)}")
    for at in range(0, len(payload), ACROSS):
        typer.echo(f"{at:08x}   {payload[at : at + ACROSS].hex(' ', 4)}")


@app.command()
def retry(
    folder: a_folder,
    ids: Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="As keepup ingest dead list tells them.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything that is set aside.")] = False,
    json_: as_json = False,
    store: a_store = SQLITE,
) -> None:
    """Try once more to store what was set aside, after an update or once a clock is right. It may be done while the site runs.

    What can be stored now is, and is set aside no longer; the rest stays, with the reason of now. Exit code 1: something stays.

    Example: keepup ingest dead retry clinic --all
    """
    if bool(ids) == all_:
        raise typer.BadParameter("Say which: one or more ids, or --all.")
    stay: list[str] = []
    with redirect_stdout(sys.stderr), books_of(folder, store) as behind:  # what is logged is no result
        there = behind.catalog.letters.all() if all_ else [_known(behind.catalog, one) for one in dict.fromkeys(ids or ())]
        letters = [letter.id for letter in there]
        for some in _handfuls(letters):
            found = [letter for letter in map(behind.catalog.letters.one, some) if letter]
            stay += [dead.reason for dead in behind.ingester.retry(found)]
    if json_:
        typer.echo(json.dumps({"tried": len(letters), "stay": stay}))
    else:
        typer.echo(f"Tried {len(letters)}; {len(stay) or 'nothing'} stays set aside{':' if stay else '.'}")
        for reason in dict.fromkeys(stay):
            typer.echo(f"  {stay.count(reason)} × {reason}")
    raise typer.Exit(1 if stay else 0)


def _entry(letter: Letter) -> dict[str, Any]:
    dead = letter.dead
    # of anything but a body, what is said at the top tells of no one batch
    told = (glimpse(dead.payload) or {}) if dead.part >= 0 else {}
    t = told.get("t")
    return {
        "id": letter.id,
        "at": stamp(letter.at),
        "spool": dead.spool or None,
        "seq": dead.seq if dead.seq >= 0 else None,
        "part": NAMES.get(dead.part, dead.part),
        "readings": dead.readings or None,
        "bytes": len(dead.payload),
        "reason": dead.reason,
        "band": told["d"] if isinstance(told.get("d"), str) else None,
        "stream": told["s"] if isinstance(told.get("s"), str) else None,
        "from": stamp(t) if type(t) is int and EARLIEST <= t < LATEST else None,
    }


def _row(letter: Letter) -> str:
    return f"row {letter.dead.seq} of spool {letter.dead.spool}" if letter.dead.seq >= 0 else "a row that cannot be told"


def _part(letter: Letter) -> str:
    return f"the {NAMES[letter.dead.part]} as a whole" if letter.dead.part in NAMES else f"body {letter.dead.part}"


def _readings(letter: Letter) -> str:
    n = letter.dead.readings
    if n or letter.dead.part == SPANS:
        return "1 reading" if n == 1 else f"{n:,} readings"
    return "an unknown number of readings"


def _handfuls(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(ids), AT_ONCE):
        yield ids[first : first + AT_ONCE]


def _known(catalog: Catalog, id: int) -> Letter:  # noqa: A002 — the letter's
    letter = catalog.letters.one(id)
    if letter is None:
        typer.echo(f"Nothing of the id {id} is set aside. keepup ingest dead list shows what is.", err=True)
        raise typer.Exit(1)
    return letter
