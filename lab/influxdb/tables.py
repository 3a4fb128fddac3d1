"""Streams of tables as Flux has them: rows with one group key, and the few steps that turn tables into tables."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from lab.influxdb.lines import Value
from lab.influxdb.refusal import Refused
from lab.influxdb.syntax import failure

Row = dict[str, Value | None]
TIME, STRING, LONG, DOUBLE = "dateTime:RFC3339", "string", "long", "double"
TYPES = {"integer": LONG, "unsigned": "unsignedLong", "float": DOUBLE, "boolean": "boolean", "string": STRING}
"""Datatype of annotated CSV by the kind of a field."""
SPAN = ("_start", "_stop")


@dataclass(frozen=True, slots=True)
class Table:
    """`key` are the columns all rows have alike, with their values; `columns` are all, with their datatypes. A time is ns since 1970."""

    key: Row
    columns: dict[str, str]
    rows: Callable[[], Iterator[Row]]
    """May be asked for more than once."""
    backwards: Callable[[], Iterator[Row]] | None = None
    """The rows from the last to the first, where that costs no more."""


Tables = Iterable[Table]


def filtered(table: Table, chosen: Callable[[Row], bool]) -> Table:
    backwards = table.backwards
    return replace(table, rows=lambda: filter(chosen, table.rows()), backwards=(lambda: filter(chosen, backwards())) if backwards else None)


def ends(tables: Tables, *, last: bool) -> Iterator[Table]:
    """The last or first row of each table that has one; a row whose value is unknown counts for nothing."""
    for table in tables:
        known = filtered(table, lambda row: row.get("_value") is not None)
        if last and not known.backwards:
            rows = list(known.rows())[-1:]
        else:
            rows = list(islice(known.backwards() if last and known.backwards else known.rows(), 1))
        if rows:
            yield replace(table, rows=_again(rows), backwards=None)


AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "count": len,
    "sum": sum,
    "mean": lambda values: sum(values) / len(values),
    "min": min,
    "max": max,
}


def aggregated(tables: Tables, name: str) -> Iterator[Table]:
    """One row for each table: its key, and of its values what `name` makes of them.

    The storage counts and sums groups itself, and leaves the range in the key of what it gives.
    """
    for table in tables:
        datatype, values = _aggregate_type(table, name), _values(table.rows())
        if values:
            spans = [label for label in SPAN if label in table.columns] if name in ("count", "sum") else []
            key = {label: next(table.rows())[label] for label in spans} | table.key
            columns = {label: kind for label, kind in table.columns.items() if label in key} | {"_value": datatype}
            yield Table(key, _ordered(columns), _again([key | {"_value": AGGREGATES[name](values)}]))


def windows(tables: Tables, name: str, every: int, source: str) -> Iterator[Table]:
    """A row for each window of `every` ns since 1970 that holds something; its `_time` is the window's `source`, cut at the range."""
    for table in tables:
        datatype = _aggregate_type(table, name)
        held: dict[int, list[Row]] = {}
        for row in table.rows():
            held.setdefault(_number(row["_time"]) // every, []).append(row)
        first, end = _number(table.key["_start"]), _number(table.key["_stop"])
        rows = [
            dict(table.key)
            | {
                "_time": max(n * every, first) if source == "_start" else min((n + 1) * every, end),
                "_value": AGGREGATES[name](_values(some)),
            }
            for n, some in sorted(held.items())
        ]
        if rows:
            columns = {label: table.columns[label] for label in table.key} | {"_time": TIME, "_value": datatype}
            yield Table(table.key, _ordered(columns), _again(rows))


def grouped(tables: Tables, by: Sequence[str]) -> Iterator[Table]:
    """Rows by the columns `by`, one table each, ascending in them; rows keep the order in which their tables came."""
    groups: dict[tuple[tuple[str, str], ...], tuple[Row, list[Table]]] = {}
    for table in tables:
        if all(label in table.key or label not in table.columns for label in by):
            parts = [(_key(table.key, by), table)]
        else:
            parts = _split(table, by)
        for key, part in parts:
            place = tuple((label, str(value)) for label, value in key.items())
            groups.setdefault(place, (key, []))[1].append(part)
    for _, (key, parts_of) in sorted(groups.items()):
        yield Table(key, _columns(parts_of), _chained(parts_of))


def kept(tables: Tables, keep: Callable[[str], bool]) -> Iterator[Table]:
    """Only some columns; tables whose keys have become the same become one."""
    narrow = [replace(table, columns={label: kind for label, kind in table.columns.items() if keep(label)}) for table in tables]
    found: dict[tuple[tuple[str, str], ...], tuple[Row, list[Table]]] = {}
    for table in narrow:
        key = {label: value for label, value in table.key.items() if keep(label)}
        place = tuple((label, str(value)) for label, value in key.items())
        found.setdefault(place, (key, []))[1].append(table)
    for key, parts in found.values():
        backwards = parts[0].backwards if len(parts) == 1 else None
        yield Table(key, _columns(parts), _chained(parts), backwards)


def sorted_by(table: Table, by: Sequence[str], desc: bool) -> Table:
    def rows() -> Iterator[Row]:
        return iter(sorted(table.rows(), key=lambda row: [(row.get(label) is not None, row.get(label)) for label in by], reverse=desc))

    return replace(table, rows=rows, backwards=None)


def limited(table: Table, n: int, offset: int) -> Table:
    return replace(table, rows=lambda: islice(table.rows(), offset, offset + n), backwards=None)


def _split(table: Table, by: Sequence[str]) -> list[tuple[Row, Table]]:
    rows: dict[tuple[str, ...], list[Row]] = {}
    for row in table.rows():
        rows.setdefault(tuple(str(row.get(label)) for label in by), []).append(row)
    return [(_key(some[0], by), replace(table, rows=_again(some), backwards=None)) for some in rows.values()]


def _key(row: Mapping[str, Value | None], by: Sequence[str]) -> Row:
    return {label: row[label] for label in by if label in row}


def _columns(tables: Sequence[Table]) -> dict[str, str]:
    out: dict[str, str] = {}
    for table in tables:
        for label, kind in table.columns.items():
            if out.setdefault(label, kind) != kind:
                raise Refused("invalid", f'schema collision detected: column "{label}" is both of type {kind} and {out[label]}')
    return out


def _ordered(columns: dict[str, str]) -> dict[str, str]:
    """As the storage gives them: the range, the time, the value, then names."""
    first = {label: columns[label] for label in (*SPAN, "_time", "_value") if label in columns}
    return first | columns


def _chained(tables: Sequence[Table]) -> Callable[[], Iterator[Row]]:
    return lambda: chain.from_iterable(table.rows() for table in tables)


def _again(rows: Sequence[Row]) -> Callable[[], Iterator[Row]]:
    return lambda: iter(rows)


def _aggregate_type(table: Table, name: str) -> str:
    kind = table.columns.get("_value")
    if name == "count":
        return LONG
    if kind not in (LONG, DOUBLE, TYPES["unsigned"]):
        raise failure(f"unsupported input type for {name} aggregate: {kind}")
    return DOUBLE if name == "mean" else kind


def _values(rows: Iterable[Row]) -> list[float]:
    # Anything may be counted, and only numbers come as far as a sum: `_aggregate_type` has seen to it.
    return [value for row in rows if (value := row["_value"]) is not None]  # type: ignore[misc] # see above


def _number(value: Value | None) -> int:
    if not isinstance(value, int):
        raise failure(f"{value!r} is no time")
    return value
