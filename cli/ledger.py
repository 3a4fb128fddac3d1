"""`keepup ledger`: the books of readings, accepted = stored + dead, and why there are gaps."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.line import Books, books_of
from cli.options import a_day, a_folder, as_json, name
from cli.stored import SQLITE, a_store
from ingest.batch import DAY, Stream
from ingest.body import EARLIEST, LATEST
from ingest.ledger import Ledger, Place, Row, drawn, set_aside, unheard
from ingest.store import RAW_KEPT

EPOCH = date(1970, 1, 1)
AGAIN = 1.0
"""s until a second look, where the books do not balance at the first: what arrives meanwhile may be in the one and not yet in the other."""


def ledger(
    folder: a_folder,
    json_: as_json = False,
    first: Annotated[date | None, typer.Option("--from", parser=a_day, metavar="DAY", help="UTC day; else the oldest held whole.")] = None,
    last: Annotated[date | None, typer.Option("--to", parser=a_day, metavar="DAY", help="UTC day, inclusive; else the newest.")] = None,
    band: Annotated[str | None, typer.Option(parser=name, metavar="DEV", help="One band only.")] = None,
    store: a_store = SQLITE,
) -> None:
    """Compare what the gateways accepted with what is stored, per band and UTC day.

    Every reading accepted is stored, set aside as a dead letter with its reason, or on its way; gaps are told in seconds by cause. Days of
    which the store has forgotten the raw samples are left out. Exit code 1 where the books do not balance.

    Example: keepup ledger clinic --from 2027-03-01
    """
    with books_of(folder, store) as behind:
        days = _days(behind, first, last)
        found = read(behind, *days, band)
        if not found.balanced:
            time.sleep(AGAIN)
            found = read(behind, *days, band)
    if json_:
        typer.echo(json.dumps({"balanced": found.balanced, "rows": [_entry(row) for row in found.rows]}))
    else:
        say = Console(highlight=False, markup=False, emoji=False)
        say.print(_table(found))
        for sentence in _sentences(found, folder):
            say.print(sentence)
    raise typer.Exit(0 if found.balanced else 1)


def read(behind: Books, first: int, last: int, band: str | None = None) -> Ledger:
    """The books of these UTC days (numbers since 1970, inclusive)."""
    catalog, start, end = behind.catalog, first * DAY, (last + 1) * DAY

    def holds(dev: str, stream: str, t0: int) -> bool:
        known = stream in list(Stream) and EARLIEST <= t0 < LATEST
        return known and any(held.t0 == t0 for held in behind.store.batches(dev, Stream(stream), t0, t0 + 1))

    def meant(dev: str, day: int) -> bool:
        return first <= day <= last and band in (None, dev)

    # claims first and books last: what arrives meanwhile is then on its way, not missing
    gateways = catalog.gateways.all()
    stored = {place: n for place, n in behind.store.daily(start, end).items() if meant(*place)}
    dead = {place: n for place, n in set_aside(catalog.dead(), holds).items() if place is None or meant(*place)}
    gaps: dict[Place, Mapping[str, float]] = {}
    for dev in [band] if band else catalog.bands():
        spans = catalog.spans(dev, start, end)
        if spans:
            reach = max(span.t1 for span in spans) - 1
            gaps |= dict(unheard(dev, spans, max(first, spans[0].t0 // DAY), min(last, reach // DAY)))
    books = [book for book in catalog.gateways.books(first, last) if meant(book.dev, book.day)]
    return drawn(books, gateways, stored, dead, gaps)


def _days(behind: Books, first: date | None, last: date | None) -> tuple[int, int]:
    held = max(-(-behind.catalog.held_since(RAW_KEPT) // DAY), EARLIEST // DAY)
    wanted = (first - EPOCH).days if first else held
    if wanted < held:
        raise typer.BadParameter(f"{first} is too long ago: the store holds whole days since {_day(held)}. Begin there.")
    return wanted, (last - EPOCH).days if last else LATEST // DAY


def _day(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()


def _entry(row: Row) -> dict[str, Any]:
    return asdict(row) | {"day": None if row.day is None else _day(row.day), "gaps": dict(row.gaps)}


def _table(found: Ledger) -> Table:
    table = Table(title="Readings by band and UTC day")
    for heading in ("band", "day"):
        table.add_column(heading)
    for heading in ("accepted", "stored", "dead", "on its way", "lost", "missing"):
        table.add_column(heading, justify="right")
    table.add_column("gaps")
    for row in found.rows:
        counts = (row.accepted, row.stored, row.dead, row.waiting, row.lost, row.missing)
        where = (row.band or "not told", "not told" if row.day is None else _day(row.day))
        table.add_row(*where, *("unknown" if n is None else f"{n:,}" for n in counts), ", ".join(_gaps(row)))
    return table


def _gaps(row: Row) -> Iterator[str]:
    for cause, seconds in sorted(row.gaps.items()):
        yield f"{cause} {timedelta(seconds=round(seconds))}"


def _sentences(found: Ledger, folder: Path) -> Iterator[str]:
    """What it comes to, and what to do."""
    rows = found.rows
    stored = sum(row.stored for row in rows)
    yield f"The books {'' if found.balanced else 'do not '}balance. {stored:,} readings are stored."
    if any(row.accepted is None for row in rows):
        yield (
            "How much was accepted is not known of every band and day. A gateway tells it within a minute of the first reading of a day: "
            "look again then. One that never does runs an older KeepUp: bring it up to date."
        )
    if short := sum(max(row.missing or 0, 0) for row in rows):
        yield f"{short:,} readings were accepted and are nowhere. Delete nothing, here or on the gateways, and report it as a defect."
    if over := -sum(min(row.missing or 0, 0) for row in rows):
        yield f"{over:,} more are stored than were accepted. Does a gateway run on a copy of another one's spool? Give it a new file."
    if any(row.dead != 0 for row in rows):
        yield f"Some were set aside as dead letters: keepup ingest dead list {folder} tells why."
    if waiting := sum(row.waiting for row in rows):
        yield f"{waiting:,} are on their way: their gateways still hold them. keepup gateway list {folder} tells when each was last heard."
    if lost := sum(row.lost for row in rows):
        yield f"{lost:,} were lost with a gateway that was retired; should it be found, start it, and they come."
