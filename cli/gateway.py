"""`keepup gateway`: which gateways were heard, how far each has delivered, and that one is gone for good."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.ledger import read
from cli.line import Books, books_of, wall
from cli.options import a_folder, as_json, stamp
from cli.stored import SQLITE, a_store
from ingest.batch import DAY, MINUTE
from ingest.body import LATEST
from ingest.gateways import Gateway
from ingest.ledger import Row

ALIVE = 10 * MINUTE
"""A gateway that was heard so recently is there: it speaks every half minute."""
app = typer.Typer(help="Gateways: which were heard, and which is gone for good.", no_args_is_help=True, add_completion=False)


@app.callback()
def gateway() -> None:
    pass


@app.command(name="list")
def list_(folder: a_folder, json_: as_json = False, store: a_store = SQLITE) -> None:
    """Each gateway's spools: its bands, when it was last heard, up to when it has delivered all, and how many readings it still holds.

    A gateway whose card was replaced has a new spool; the old one stays in the list, and holds up judgement until it is retired.

    Example: keepup gateway list clinic
    """
    with books_of(folder, store) as behind:
        known = behind.catalog.gateways.all()
        waiting = _waiting(behind, known)
    entries = [_entry(one, waiting[one.spool]) for one in known]
    if json_:
        typer.echo(json.dumps({"gateways": entries}))
        return
    for entry in entries:
        typer.echo(_line(entry))
    if not entries:
        typer.echo("No gateway was heard yet. Is one running, with the same broker and site?")


@app.command()
def retire(
    folder: a_folder,
    spool: Annotated[str, typer.Argument(metavar="SPOOL", help="Id of its spool, as keepup gateway list tells it.")],
    yes: Annotated[bool, typer.Option("--yes", help="It is gone, and what it still holds with it.")] = False,
    store: a_store = SQLITE,
) -> None:
    """Wait no longer for a spool that is gone for good, a broken card, a lost box: what it did not deliver is a gap from then on.

    Should it come back, its first message takes this back, and what it holds is stored.

    Example: keepup gateway retire clinic 3f2a9c0d17be --yes
    """
    with books_of(folder, store) as behind:
        known = behind.catalog.gateways
        found = next((one for one in known.all() if one.spool == spool), None)
        if found is None:
            raise typer.BadParameter(f"No spool {spool!r} was heard. keepup gateway list {folder} names those that were.")
        now = wall()
        if now - found.heard < ALIVE:
            typer.echo(
                f"{spool} was heard at {stamp(found.heard)}: it is not gone. Stop its gateway first, and wait ten minutes.", err=True
            )
            raise typer.Exit(1)
        if not yes:
            typer.echo(f"{_line(_entry(found, _waiting(behind, [found])[spool]))}\nSay --yes if it is gone for good.", err=True)
            raise typer.Exit(1)
        known.retire(spool, now)
    typer.echo(f"{spool} is retired. Its bands are judged without it; what it held is a gap, and lost in keepup ledger {folder}.")


def _waiting(behind: Books, known: list[Gateway]) -> dict[str, int | None]:
    """Spool → readings it may still hold, of the days it has not delivered all of; `None`: it does not say how many it accepted."""
    first = min((upto // DAY for one in known for upto in one.claims.values()), default=0)
    rows = {(row.band, row.day): row for row in read(behind, first, LATEST // DAY).rows}
    books = behind.catalog.gateways.books(first, LATEST // DAY)
    none = Row(None, None, None, 0, 0)
    return {
        one.spool: sum(
            min(book.accepted or 0, (row := rows.get((book.dev, book.day), none)).waiting + row.lost)
            for book in books
            if book.spool == one.spool
        )
        if one.telling
        else None
        for one in known
    }


def _entry(one: Gateway, waiting: int | None) -> dict[str, Any]:
    return {
        "spool": one.spool,
        "gateway": one.name,
        "heard": stamp(one.heard),
        "bands": {dev: stamp(upto) for dev, upto in one.claims.items()},
        "waiting": waiting,
        "retired": None if one.retired is None else stamp(one.retired),
    }


def _line(entry: dict[str, Any]) -> str:
    held = "an unknown number of" if entry["waiting"] is None else f"{entry['waiting']:,}"
    state = f"retired {entry['retired']}" if entry["retired"] else f"last heard {entry['heard']}"
    return f"{entry['spool']}  of gateway {entry['gateway']}, {state}; {_bands(entry['bands'])}; holds {held} readings at most"


def _bands(delivered: Mapping[str, str]) -> str:
    if not delivered:
        return "no band yet"
    last, upto = min(delivered.items(), key=lambda one: one[1])
    if len(delivered) == 1:
        return f"{last} delivered to {upto}"
    return f"{len(delivered)} bands, all delivered to {upto} at least ({last})"
