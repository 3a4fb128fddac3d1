"""Runs pipelines of Flux over the points: one table for each series and field, as the storage of InfluxDB 2 gives them."""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from lab.influxdb import tables
from lab.influxdb.lines import FIRST, LAST, Series, Value
from lab.influxdb.points import Points
from lab.influxdb.refusal import Refused
from lab.influxdb.syntax import Array, Call, Duration, Function, Literal, Member, Name, Node, Operation, Time, failure, nanos
from lab.influxdb.tables import STRING, TIME, TYPES, Row, Table

ROWS = {"_time", "_value"}
"""Columns that differ from row to row of a stored table; the others are its key."""
COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the calls up to the last filter say: a stretch of a bucket, and which series and rows of it."""

    bucket: str
    start: int
    stop: int
    filters: tuple[Function, ...] = ()


def run(pipeline: list[Call], points: Points, bucket: Callable[[str], str], now: int | None) -> tuple[str, Iterator[Table]]:
    """The result's name and its tables. `bucket` gives a bucket's id by name, or raises. Raises `Refused` before any table is given."""
    steps = list(pipeline)
    asked = _asked(steps, bucket, now)
    result = "_result"
    stream: Iterator[Table] = _stored(asked, points)
    for call in steps:
        if call.name == "yield":
            result = str(_literal(call, "name", "_result"))
        else:
            stream = _step(call, stream)
    return result, stream


def _asked(steps: list[Call], bucket: Callable[[str], str], now: int | None) -> Asked:
    """Takes `from`, `range` and the filters right after off the steps."""
    source = steps.pop(0)
    if source.name != "from" or not isinstance(named := _literal(source, "bucket"), str):
        raise failure(f"error calling function {source.name!r}: a pipeline begins with from(bucket: ...)")
    if not steps or steps[0].name != "range":
        reason = f"""cannot submit unbounded read to "{named}"; try bounding 'from' with a call to 'range'"""
        raise Refused("invalid", f"error in building plan while starting program: {reason}")
    span = steps.pop(0)
    start, stop = _instant(span.arguments.get("start"), now), _instant(span.arguments.get("stop", Name("now")), now)
    if start is None or stop is None or start >= stop:
        raise Refused("invalid", "error in building plan while starting program: cannot query an empty range")
    filters: list[Function] = []
    while steps and steps[0].name == "filter":
        filters.append(_function(steps.pop(0)))
    return Asked(bucket(named), start, stop, tuple(filters))


def _stored(asked: Asked, points: Points) -> Iterator[Table]:
    tests = [_test(function) for function in asked.filters]
    for place, series, kinds in points.series(asked.bucket):
        for field, kind in sorted(kinds.items()):
            table = _table(asked, points, place, series, field, kind)
            # A filter of names alone is asked once for a table, not for every row: the storage does so too.
            if not all(test(table.key) for test, needs in tests if not needs & ROWS):
                continue
            for test in [test for test, needs in tests if needs & ROWS]:
                table = tables.filtered(table, test)
            if next(table.rows(), None) is not None:
                yield table


def _table(asked: Asked, points: Points, place: int, series: Series, field: str, kind: str) -> Table:
    key: Row = {"_start": asked.start, "_stop": asked.stop}
    key |= dict(sorted([("_field", field), ("_measurement", series.measurement), *series.tags]))
    columns = {"_start": TIME, "_stop": TIME, "_time": TIME, "_value": TYPES[kind]} | {
        label: STRING for label in key if label not in tables.SPAN
    }

    def rows(newest_first: bool) -> Iterator[Row]:
        for time, value in points.values(place, field, asked.start, asked.stop, newest_first):
            yield {**key, "_time": time, "_value": value}

    return Table(key, columns, partial(rows, False), partial(rows, True))


def _step(call: Call, stream: Iterator[Table]) -> Iterator[Table]:
    name = call.name
    if name == "filter":
        test, _ = _test(_function(call))
        return (tables.filtered(table, test) for table in stream)
    if name in ("first", "last"):
        return tables.ends(stream, last=name == "last")
    if name in tables.AGGREGATES:
        return tables.aggregated(stream, name)
    if name == "aggregateWindow":
        return _windows(call, stream)
    if name == "group":
        return tables.grouped(stream, _names(call, []))
    if name in ("keep", "drop"):
        named = set(_names(call))
        return tables.kept(stream, named.__contains__ if name == "keep" else lambda label: label not in named)
    if name == "sort":
        by, desc = _names(call, ["_value"]), bool(_literal(call, "desc", False))
        return (tables.sorted_by(table, by, desc) for table in stream)
    if name == "limit":
        n, offset = _literal(call, "n"), _literal(call, "offset", 0)
        if not isinstance(n, int) or not isinstance(offset, int):
            raise failure('error calling function "limit": n and offset are numbers')
        return (tables.limited(table, n, offset) for table in stream)
    raise failure(f"undefined identifier {name}")


def _windows(call: Call, stream: Iterator[Table]) -> Iterator[Table]:
    every, function = _literal(call, "every"), call.arguments.get("fn")
    if not isinstance(every, Duration) or not isinstance(function, Name) or function.name not in tables.AGGREGATES:
        raise failure('error calling function "aggregateWindow": every is a duration and fn one of ' + ", ".join(tables.AGGREGATES))
    if _literal(call, "createEmpty", True):
        raise failure('error calling function "aggregateWindow": this protocol double has createEmpty: false only')
    return tables.windows(stream, function.name, every.ns, str(_literal(call, "timeSrc", "_stop")))


def _test(function: Function) -> tuple[Callable[[Row], bool], set[str]]:
    """The predicate, and the columns it asks for."""
    needs: set[str] = set()
    value = _compiled(function.body, function.parameter, needs)
    return lambda row: value(row) is True, needs


def _compiled(node: Node, parameter: str, needs: set[str]) -> Callable[[Row], Value | None]:
    if isinstance(node, Literal):
        plain = node.value.ns if isinstance(node.value, Time | Duration) else node.value
        return lambda _: plain
    if isinstance(node, Member) and node.of == parameter:
        label = node.name
        needs.add(label)
        return lambda row: row.get(label)
    if not isinstance(node, Operation):
        raise failure(f"{type(node).__name__} is nothing this protocol double has in a filter")
    parts = [_compiled(part, parameter, needs) for part in node.operands]
    if node.sign == "and":
        return lambda row: parts[0](row) is True and parts[1](row) is True
    if node.sign == "or":
        return lambda row: parts[0](row) is True or parts[1](row) is True
    if node.sign == "not":
        return lambda row: parts[0](row) is not True
    if node.sign == "exists":
        return lambda row: parts[0](row) is not None
    if node.sign in COMPARE:
        return partial(_compared, COMPARE[node.sign], parts[0], parts[1])
    raise failure(f"{node.sign} is nothing this protocol double has in a filter")


def _compared(
    sign: Callable[[Value, Value], bool], left: Callable[[Row], Value | None], right: Callable[[Row], Value | None], row: Row
) -> bool:
    one, two = left(row), right(row)
    return one is not None and two is not None and (isinstance(one, str) == isinstance(two, str)) and sign(one, two)


def _function(call: Call) -> Function:
    function = call.arguments.get("fn")
    if not isinstance(function, Function):
        raise failure(f'error calling function "{call.name}": missing required argument fn')
    return function


def _literal(call: Call, name: str, default: Value | None = None) -> Value | Duration | Time | None:
    node = call.arguments.get(name)
    if node is None:
        return default
    if not isinstance(node, Literal):
        raise failure(f'error calling function "{call.name}": {name} is no literal')
    return node.value


def _names(call: Call, default: list[str] | None = None) -> list[str]:
    node = call.arguments.get("columns")
    if node is None and default is not None:
        return default
    if not isinstance(node, Array):
        raise failure(f'error calling function "{call.name}": missing required argument columns')
    return [str(item.value) for item in node.items if isinstance(item, Literal)]


def _instant(node: Node | None, now: int | None) -> int | None:
    """ns since 1970 of a bound of `range`: a time, seconds since 1970, a duration before or after now, or now."""
    sign = 1
    if isinstance(node, Operation) and node.sign == "-":
        node, sign = node.operands[0], -1
    if isinstance(node, Call) and node.name == "time" and isinstance(given := node.arguments.get("v"), Literal):
        return given.value if isinstance(given.value, int) else nanos(str(given.value))
    if isinstance(node, Name | Call) and node.name == "now":
        return LAST if now is None else now
    found = node.value if isinstance(node, Literal) else None
    if isinstance(found, Time):
        return max(FIRST, min(LAST, found.ns))
    if isinstance(found, Duration) and now is not None:
        return now + sign * found.ns
    return sign * found * 10**9 if isinstance(found, int) else None
