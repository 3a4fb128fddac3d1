"""Prepares an InfluxDB 2 for a site."""

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlsplit

import typer

from cli.options import as_json, name
from cli.stored import TOKEN_FILE, token_in
from ingest.batch import DAY
from ingest.buckets import kept, prepare, scrape, token
from ingest.flux import BEGINNING, column
from ingest.influx import Place, Server, place
from ingest.store import RAW_KEPT, StoreUnavailable

_WHAT = {"works": "works", "made": "was made for these buckets alone"}

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Prepare an InfluxDB 2 for a site's readings.")


@app.callback()
def influx() -> None:
    pass  # so that init stays a verb of its own beside none


@app.command()
def init(
    url: Annotated[str, typer.Argument(metavar="URL", help="http://127.0.0.1:8086; beyond this machine https://host:8086.")],
    org: Annotated[str, typer.Option(metavar="ORG", help="The organisation, by name.")],
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Holds an operator's token, which may make buckets and tokens; else it is asked for."),
    ] = None,
    write_token_to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the site's own token goes, for your eyes alone; without it none is made.")
    ] = None,
    read_token_to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where a token goes that may only read: for dashboards, and for the file's group.")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The ingester's /metrics, which the server is then to keep for 30 days, for dashboards too."),
    ] = None,
    prefix: Annotated[str, typer.Option(parser=name, metavar="NAME", help="Begins the buckets' names.")] = "keepup",
    json_: as_json = False,
) -> None:
    """Make the site's buckets, each with how long it keeps, and a token that may read and write these buckets and nothing else.

    Safe to run again: what is there is left, and told anew how long to keep; a token that works is kept. With --json {"store", "buckets":
    {name: what was done}, "token": "made" | "works" | null, "read_token": the same}.

    Example: keepup influx init http://127.0.0.1:8086 --org clinic --token-file operator --write-token-to influx-token
    """
    asked = urlsplit(url)
    if asked.scheme not in ("http", "https") or asked.path.strip("/"):
        raise typer.BadParameter(
            "URL is the server alone, http://127.0.0.1:8086, or https://host:8086 beyond this machine. --org names the rest."
        )
    address = f"{url.rstrip('/')}/{quote(org, safe='')}" + ("" if prefix == "keepup" else f"/{prefix}")
    at = place(address)
    operator = typer.prompt("An operator's token", hide_input=True, err=True) if token_file is None else token_in(token_file)
    health = f"{prefix}-health"
    buckets = kept(at) | ({health: RAW_KEPT} if metrics else {})
    with closing(Server(at.url, at.org, operator)) as server:
        done = prepare(server, at.org, buckets)
        if metrics:
            scrape(server, at.org, health, metrics)
        made = None if write_token_to is None else _token(server, at, write_token_to, kept(at))
        reads = None if read_token_to is None else _token(server, at, read_token_to, buckets, ("read",), 0o640)
    if json_:
        typer.echo(json.dumps({"store": address, "buckets": done, "token": made, "read_token": reads}))
        return
    for bucket, what in done.items():
        typer.echo(f"{bucket} {what}; {buckets[bucket] // DAY} days")
    if made:
        typer.echo(f"The token in {write_token_to} {_WHAT[made]}.")
        typer.echo(f"Now: {TOKEN_FILE}={write_token_to} keepup ingest FOLDER --store {address}")
    if reads:
        typer.echo(f"The token in {read_token_to}, to read, {_WHAT[reads]}.")


def _token(server: Server, at: Place, file: Path, buckets: Iterable[str], may: Sequence[str] = ("read", "write"), mode: int = 0o600) -> str:
    if file.exists() and file.stat().st_size:
        _tried(at, file, buckets, may)
        return "works"
    # The file before the token: one that could not be written down would work for ever, and nobody would know of it.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as out:
        os.fchmod(out.fileno(), mode)
        out.write(token(server, at.org, buckets, f"KeepUp: to {' and '.join(may)} the buckets of {at.prefix}", may) + "\n")
        out.flush()
        os.fsync(out.fileno())
    return "made"


def _tried(at: Place, file: Path, buckets: Iterable[str], may: Sequence[str]) -> None:
    """Raises `StoreUnavailable` unless the token in the file may do so with each bucket."""
    with closing(Server(at.url, at.org, token_in(file))) as mine:
        try:
            for bucket in buckets:
                list(mine.rows(column(bucket, "tile", "-", "body", BEGINNING, BEGINNING + 1)))
                if "write" in may:
                    mine.delete(bucket, BEGINNING, BEGINNING + 1)
        except StoreUnavailable as error:
            raise StoreUnavailable(f"The token in {file} does not serve: {error} Or move the file aside and run this again.") from error
