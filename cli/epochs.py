"""`keepup epochs`: a recording as a table of 5-s cells or of minutes."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import typer

from cli.options import a_file, a_format, a_zone, stamp
from cli.recording import heard, stretches
from detectors.rows import CELL_COLUMNS, MINUTE_COLUMNS, Row, cell_rows, minute_rows
from ingest.format import Unreadable


class Every(StrEnum):
    CELL = "5s"
    MINUTE = "1m"


def epochs(
    file: a_file,
    every: Annotated[Every, typer.Option(help="5s: features of acceleration; 1m: what is known of each minute.")] = Every.CELL,
    format: a_format = None,  # noqa: A002 — the option's name
    zone: a_zone = None,
) -> None:
    """Turn a recording into a CSV of 5-s cells or of minutes, on stdout.

    Times are ISO 8601 UTC, accelerations g (ENMO, MAD and sd mg), yes and no 1 and 0; what is unknown is empty. Of a recording of
    several bands the last column says which. The night that tells sleep is that of --zone, or of UTC.

    Example: keepup epochs week.csv.gz --every 1m > minutes.csv
    """
    bands = heard(file, format, zone)
    columns = CELL_COLUMNS if every is Every.CELL else MINUTE_COLUMNS
    if every is Every.CELL and not any(len(band.tiles) for band in bands.values()):
        raise Unreadable(f"{file.name} holds no acceleration, so it has no 5-s cells. Ask for its minutes: --every 1m.")
    sys.stdout.write(",".join([*columns, "dev"] if len(bands) > 1 else columns) + "\n")
    for dev, band in bands.items():
        last = f",{dev}\n" if len(bands) > 1 else "\n"
        if every is Every.CELL:
            _write(cell_rows(band.tiles), list(columns.values()), last)
        else:
            for part in stretches(band, zone):
                _write(minute_rows(part), list(columns.values()), last)


def _write(rows: Iterable[Row], places: list[int], last: str) -> None:
    for time, *values in rows:
        told = ("" if value is None else f"{value:.{place}f}" for value, place in zip(values, places[1:], strict=True))
        sys.stdout.write(f"{stamp(int(time or 0))},{','.join(told)}{last}")
