"""Annotated CSV: tables as InfluxDB 2 sends them."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from io import StringIO
from typing import Any

from lab.influxdb.lines import Value
from lab.influxdb.refusal import Refused
from lab.influxdb.tables import DOUBLE, TIME, Table

PART = 65_536  # characters sent at a time, or one row


@dataclass(frozen=True, slots=True)
class Dialect:
    annotations: tuple[str, ...] = ()
    """Of datatype, group and default, in the order they are sent."""
    header: bool = True
    delimiter: str = ","


def dialect(asked: Mapping[str, Any]) -> Dialect:
    """As the body of a query asks for it. Raises `Refused`."""
    annotations, delimiter = asked.get("annotations") or [], asked.get("delimiter") or ","
    if not isinstance(annotations, list) or not isinstance(delimiter, str):
        raise Refused("invalid", "failed to decode request body: annotations are a list, a delimiter is a string")
    unknown = {str(one) for one in annotations} - {"datatype", "group", "default"}
    if unknown or len(delimiter) != 1 or asked.get("dateTimeFormat") not in (None, "", "RFC3339", "RFC3339Nano"):
        raise Refused(
            "invalid", f"failed to decode request body: unknown dialect annotation type or delimiter: {sorted(unknown) or delimiter}"
        )
    return Dialect(tuple(annotations), asked.get("header") is not False, delimiter)


def encoded(result: str, tables: Iterable[Table], how: Dialect) -> Iterator[bytes]:
    """One result. A table repeats the schema only where it differs from the one before; what goes wrong on the way is a table too."""
    schema: tuple[object, ...] | None = None
    try:
        for number, table in enumerate(tables):
            out = _Lines(how)
            new = (list(table.columns.items()), list(table.key))
            if new != schema:
                if schema is not None:
                    out.write([])
                _head(out, table, result, how)
                schema = new
            first = ["", "" if "default" in how.annotations else result, str(number)]
            alike = first + [_text(table.key.get(label), kind) for label, kind in table.columns.items()]
            others = [(i, label, kind) for i, (label, kind) in enumerate(table.columns.items(), 3) if label not in table.key]
            for row in table.rows():
                for i, label, kind in others:
                    alike[i] = _text(row.get(label), kind)
                out.write(alike)
                if out.length >= PART:
                    yield out.taken()
            yield out.taken()
    except Refused as error:
        if schema is None:
            raise
        out = _Lines(how)
        for line in ([], *(["#" + name, *values] for name, values in _ERROR if name in how.annotations), ["", "error", "reference"]):
            out.write(line)
        out.write(["", str(error), ""])
        yield out.taken()
    yield b"\r\n"


_ERROR = [("datatype", ["string", "string"]), ("group", ["true", "true"]), ("default", ["", ""])]


def _head(out: "_Lines", table: Table, result: str, how: Dialect) -> None:
    said = {
        "datatype": ["#datatype", "string", "long", *table.columns.values()],
        "group": ["#group", "false", "false", *("true" if label in table.key else "false" for label in table.columns)],
        "default": ["#default", result, "", *("" for _ in table.columns)],
    }
    for annotation in how.annotations:
        out.write(said[annotation])
    if how.header:
        out.write(["", "result", "table", *table.columns])


class _Lines:
    def __init__(self, how: Dialect) -> None:
        self._text = StringIO()
        self._csv = csv.writer(self._text, delimiter=how.delimiter, lineterminator="\r\n")

    def write(self, cells: list[str]) -> None:
        self._csv.writerow(cells)

    @property
    def length(self) -> int:
        return self._text.tell()

    def taken(self) -> bytes:
        """What was written since."""
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode()


def _text(value: Value | None, kind: str) -> str:
    if value is None:
        return ""
    if kind == TIME:
        return instant(int(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == DOUBLE:
        # Go writes no exponent and no ".0".
        text = format(Decimal(repr(float(value))), "f")
        return text.removesuffix(".0")
    # Go's writer of CSV ends every line with CR LF, in a cell too, and leaves out a CR by itself.
    text = str(value)
    return text.replace("\r", "").replace("\n", "\r\n") if "\n" in text or "\r" in text else text


def instant(ns: int) -> str:
    """RFC 3339, no digit more than it needs."""
    seconds, rest = divmod(ns, 10**9)
    return _second(seconds) + (f".{rest:09d}".rstrip("0") if rest else "") + "Z"


@lru_cache(4_096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
