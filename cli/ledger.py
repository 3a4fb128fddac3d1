"""`keepup ledger`: the books of readings, accepted = stored + dead, and why there are gaps."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from math import ceil
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from cli.line import Books, books_of
from cli.options import a_day, a_folder, as_json, name
from cli.stored import SQLITE, a_store
from ingest.batch import DAY, Cause, Stream
from ingest.body import EARLIEST, LATEST
from ingest.ledger import Ledger, Place, Row, drawn, given_up, set_aside, unheard
from ingest.store import RAW_KEPT

EPOCH = date(1970, 1, 1)
AGAIN = 1.0
"""s until a second look, where the books do not balance at the first: what arrives meanwhile may be in the one and not yet in the other."""
WIDEST = 1000
"""Characters."""


def ledger(
    folder: a_folder,
    json_: as_json = False,
    first: Annotated[date | None, typer.Option("--from", parser=a_day, metavar="DAY", help="UTC day; else the oldest held whole.")] = None,
    last: Annotated[date | None, typer.Option("--to", parser=a_day, metavar="DAY", help="UTC day, inclusive; else the newest.")] = None,
    band: Annotated[str | None, typer.Option(parser=name, metavar="DEV", help="One band only.")] = None,
    each: Annotated[bool, typer.Option("--each", help="A line for each band and day, as --json has it, and not for each day.")] = False,
    store: a_store = SQLITE,
) -> None:
    """Compare what the gateways accepted with what is stored, per band and UTC day.

    Every reading accepted is stored, set aside as a dead letter with its reason, or on its way; gaps are told by cause. Bands of which
    nothing is amiss on a day share a line. Days of which the store has forgotten the raw samples are left out. Exit code 1 where the books
    do not balance.

    Example: keepup ledger clinic --from 2027-03-01
    """
    with books_of(folder, store) as behind:
        days = _days(behind, first, last)
        if band and band not in (heard := behind.catalog.bands()):
            raise typer.BadParameter(f"Nothing was heard of a band {band}. Those that were heard: {', '.join(heard) or 'none yet'}.")
        found = read(behind, *days, band)
        if not found.balanced:
            time.sleep(AGAIN)
            found = read(behind, *days, band)
    if json_:
        typer.echo(json.dumps({"balanced": found.balanced, "rows": [_entry(row) for row in found.rows]}))
    else:
        say = Console(highlight=False, markup=False, emoji=False)
        if found.rows:
            show(found.rows, each)
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
    full: set[Place] = set()
    for dev in [band] if band else catalog.bands():
        spans = catalog.spans(dev, start, end)
        full |= given_up(spans)
        if spans:
            reach = max(span.t1 for span in spans) - 1
            gaps |= dict(unheard(dev, spans, max(first, spans[0].t0 // DAY), min(last, reach // DAY)))
    books = [book for book in catalog.gateways.books(first, last) if meant(book.dev, book.day)]
    return drawn(books, gateways, stored, dead, gaps, full)


def _days(behind: Books, first: date | None, last: date | None) -> tuple[int, int]:
    held = max(-(-behind.catalog.held_since(RAW_KEPT) // DAY), EARLIEST // DAY)
    wanted = (first - EPOCH).days if first else held
    if wanted < held:
        raise typer.BadParameter(f"{first} is too long ago: the store holds whole days since {_day(held)}. Begin there.")
    if first and last and last < first:
        raise typer.BadParameter(f"{last} is before {first}. Name the earlier day as --from.")
    return wanted, (last - EPOCH).days if last else LATEST // DAY


def _day(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()


def _entry(row: Row) -> dict[str, Any]:
    return asdict(row) | {"day": None if row.day is None else _day(row.day), "gaps": dict(row.gaps)}


def _together(rows: Iterable[Row]) -> Iterator[Row]:
    """Bands with nothing amiss on a day as one row, so that a month of many bands can be read, and what is amiss is seen."""
    alike: dict[tuple[int | None, str | None, bool], list[Row]] = {}
    for row in rows:
        amiss = row.dead != 0 or row.lost or row.missing
        alike.setdefault((row.day, row.band if amiss else None, row.accepted is None), []).append(row)
    for found in alike.values():
        yield _sum(found) if len(found) > 1 else found[0]


def _sum(rows: list[Row]) -> Row:
    gaps: Counter[str] = Counter()
    for row in rows:
        gaps.update(row.gaps)
    accepted = None if rows[0].accepted is None else sum(row.accepted or 0 for row in rows)
    stored, waiting = sum(row.stored for row in rows), sum(row.waiting for row in rows)
    return replace(rows[0], band=f"{len(rows)} bands", accepted=accepted, stored=stored, waiting=waiting, gaps=gaps)


def show(rows: Sequence[Row], each: bool = False) -> None:
    """As wide as it has to be: a terminal breaks a line, but a number that is cut off tells something else."""
    table, say = _table(rows if each else list(_together(rows))), Console(highlight=False)
    wide = Measurement.get(say, say.options.update(max_width=WIDEST), table).maximum
    Console(highlight=False, width=max(say.width, wide)).print(table)


def _table(rows: Sequence[Row]) -> Table:
    columns = _counts(rows) | {
        cause: [_hours(row.gaps.get(cause)) for row in rows] for cause in Cause if any(cause in r.gaps for r in rows)
    }
    table = Table(title="Readings by UTC day, and gaps by cause in h:min", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    for heading in ("day", "band"):
        table.add_column(heading, no_wrap=True)
    for heading in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for i, row in enumerate(rows):
        day = "not told" if row.day is None else _day(row.day)
        table.add_row(day, row.band or "not told", *(column[i] for column in columns.values()))
    return table


def _counts(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Columns by heading; of what went astray only those that tell of something."""
    always: dict[str, list[int | None]] = {"accepted": [row.accepted for row in rows], "stored": [*(row.stored for row in rows)]}
    astray: dict[str, list[int | None]] = {
        "dead": [row.dead for row in rows],
        "on its way": [*(row.waiting for row in rows)],
        "lost": [*(row.lost for row in rows)],
        "missing": [row.missing for row in rows],
    }
    told = always | {heading: column for heading, column in astray.items() if any(n != 0 for n in column)}
    return {heading: ["unknown" if n is None else f"{n:,}" for n in column] for heading, column in told.items()}


def _hours(seconds: float | None) -> str:
    if seconds is None:
        return ""
    hours, minutes = divmod(ceil(seconds / 60), 60)
    return f"{hours}:{minutes:02}"


def _sentences(found: Ledger, folder: Path) -> Iterator[str]:
    """What it comes to, and what to do."""
    rows = found.rows
    if not rows:
        yield "Nothing is in the books: of these days no reading was accepted or stored, and no gap is known."
        return
    stored = sum(row.stored for row in rows)
    yield f"The books {'' if found.balanced else 'do not '}balance. {stored:,} readings are stored."
    if any(row.accepted is None for row in rows):
        yield (
            "How much was accepted is not known of every band and day. A gateway tells it within a minute of the first reading of a day: "
            "look again then. One that never does runs an older KeepUp: bring it up to date."
        )
    if short := sum(max(row.missing or 0, 0) for row in rows):
        yield f"{short:,} readings were accepted and are nowhere. Delete nothing, here or on the gateways, and report it as a defect."
    if over := -sum(min(row.missing or 0, 0) for row in rows if not row.note):
        yield f"{over:,} more are stored than were accepted. Does a gateway run on a copy of another one's spool? Give it a new file."
    for row in rows:
        if row.note:
            yield f"{row.band}, {_day(row.day or 0)}: {row.note}."
    if any(row.dead != 0 for row in rows):
        yield f"Some were set aside as dead letters: keepup ingest dead list {folder} tells why."
    if waiting := sum(row.waiting for row in rows):
        yield f"{waiting:,} are on their way: their gateways still hold them. keepup gateway list {folder} tells when each was last heard."
    if lost := sum(row.lost for row in rows):
        yield f"{lost:,} were lost with a gateway that was retired; should it be found, start it, and they come."
