"""The predicate of a deletion: `_measurement="acc" AND dev="b1"`, tags and the measurement alone.

What a real server refuses is refused (OR, a value in single quotes or over a line's end, an escape other than of a quote or backslash); of
what it takes, brackets are not.
"""

import re
from collections.abc import Callable
from typing import Any

from lab.influxdb.lines import Series
from lab.influxdb.refusal import Refused
from lab.influxdb.syntax import nanos

_CLAUSE = re.compile(
    r"""\s*("(?:\\["\\]|[^"\\\n])+"|[A-Za-z_]\w*)\s*(=|!=)\s*("(?:\\["\\]|[^"\\\n])*"|\w+)\s*(?:(AND)\s+|(OR)\s|\Z)""", re.IGNORECASE
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def read(asked: dict[str, Any]) -> tuple[int, int, Callable[[Series], bool]]:
    """First and last time (ns since 1970), and which series. Raises `Refused`."""
    bounds = []
    for name in ("start", "stop"):
        said = asked.get(name)
        try:
            if not isinstance(said, str) or not _TIME.fullmatch(said):
                raise ValueError(said)
            bounds.append(nanos(said))
        except ValueError as error:
            text = f"error decoding json body: invalid RFC3339Nano for field {name}, please format your time with RFC3339Nano format"
            raise Refused("invalid", text) from error
    predicate = asked.get("predicate") or ""
    if not isinstance(predicate, str):
        raise Refused("invalid", "error decoding json body: Invalid delete predicate node request: the predicate is no string")
    clauses = _clauses(predicate)

    def chosen(series: Series) -> bool:
        known = dict(series.tags) | {"_measurement": series.measurement}
        return all((known.get(name, "") == value) is (sign == "=") for name, sign, value in clauses)

    return bounds[0], bounds[1], chosen


def _clauses(predicate: str) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    at, joined = 0, False
    while at < len(predicate.rstrip()) or joined:
        clause = _CLAUSE.match(predicate, at)
        if clause is None:
            raise Refused("invalid", f"error decoding json body: cannot read the predicate at position {at}")
        if clause[5]:
            raise Refused("invalid", f"error decoding json body: the logical operator OR is not supported yet at position {clause.end(3)}")
        name, sign, value, joined = _bare(clause[1]), clause[2], _bare(clause[3]), bool(clause[4])
        if name == "_field":
            raise Refused("not implemented", "delete by field is not supported")
        found.append((name, sign, value))
        at = clause.end()
    return found


def _bare(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[0] == '"' else text
