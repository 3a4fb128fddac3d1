"""The predicate of a deletion: `_measurement="acc" AND dev="b1"`, tags and the measurement alone."""

import re
from collections.abc import Callable
from typing import Any

from lab.influxdb.lines import Series
from lab.influxdb.refusal import Refused
from lab.influxdb.syntax import nanos

_CLAUSE = re.compile(
    r"""\s*("(?:\\.|[^"\\])+"|[A-Za-z_]\w*)\s*(=|!=)\s*("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')\s*(?:(AND)\s+|\Z)""", re.IGNORECASE
)


def read(asked: dict[str, Any]) -> tuple[int, int, Callable[[Series], bool]]:
    """First and last time (ns since 1970), and which series. Raises `Refused`."""
    bounds = []
    for name in ("start", "stop"):
        try:
            bounds.append(nanos(str(asked.get(name, ""))))
        except ValueError as error:
            raise Refused("invalid", f"invalid request; error parsing {name} time: use RFC3339Nano, e.g. 2006-01-02T15:04:05Z") from error
    clauses = _clauses(str(asked.get("predicate") or ""))

    def chosen(series: Series) -> bool:
        said = dict(series.tags) | {"_measurement": series.measurement}
        return all((said.get(name, "") == value) is (sign == "=") for name, sign, value in clauses)

    return bounds[0], bounds[1], chosen


def _clauses(predicate: str) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    at, joined = 0, False
    while at < len(predicate.rstrip()) or joined:
        clause = _CLAUSE.match(predicate, at)
        if clause is None:
            raise Refused("invalid", f"invalid request; error parsing predicate: found {predicate[at:][:20]!r}")
        name, sign, value, joined = _bare(clause[1]), clause[2], _bare(clause[3]), bool(clause[4])
        if name == "_field":
            raise Refused("not implemented", "delete by field is not supported")
        found.append((name, sign, value))
        at = clause.end()
    return found


def _bare(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[0] in "\"'" else text
