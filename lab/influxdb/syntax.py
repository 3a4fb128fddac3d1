"""The words of Flux: its tokens, and what a query is made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from lab.influxdb.refusal import Refused

UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86_400 * 10**9,
    "w": 604_800 * 10**9,
}
"""Nanoseconds of a duration's units; months and years have none."""


@dataclass(frozen=True, slots=True)
class Time:
    """ns since 1970."""

    ns: int


@dataclass(frozen=True, slots=True)
class Duration:
    ns: int


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float | bool | Time | Duration


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """`r.name` or `r["name"]`."""

    of: str
    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """`sign` is an operator of Flux with two operands, or `not`, `exists` or `-` with one."""

    sign: str
    operands: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Array:
    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Function:
    parameter: str
    body: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """`given` is what is piped into it; `None` at the head of a pipeline."""

    name: str
    arguments: "dict[str, Node]" = field(default_factory=dict)
    given: "Call | None" = None

    def pipeline(self) -> "list[Call]":
        """The calls, the first first."""
        return [*(self.given.pipeline() if self.given else []), self]


Node = Literal | Name | Member | Operation | Array | Function | Call

_TOKEN = re.compile(
    r"""\s+|//[^\n]*|(?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?)|(?P<duration>(?:\d+(?:ns|us|µs|ms|[smhdw]))+)(?![A-Za-z])"""
    r"""|(?P<float>\d+\.\d*|\.\d+)|(?P<int>\d+)|(?P<string>"(?:\\[\s\S]|[^"\\])*")|(?P<name>[A-Za-z_]\w*)|(?P<sign>\|>|=>|==|!=|<=|>=|[-+*/%<>=.,:()\[\]{}])"""
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


def failure(reason: str) -> Refused:
    return Refused("invalid", f"compilation failed: {reason}")


def nanos(text: str) -> int:
    """ns since 1970 of RFC 3339."""
    whole, _, rest = text.partition(".")
    digits = re.match(r"\d*", rest)
    fraction = digits[0] if digits else ""
    zone = rest[len(fraction) :] if rest else ""
    at = datetime.fromisoformat((whole + zone if "T" in text else text + "T00:00:00Z").replace("Z", "+00:00"))
    return int(at.timestamp()) * 10**9 + int((fraction + "0" * 9)[:9])


def tokens(text: str) -> Iterator[tuple[str, str]]:
    text, at = text.partition("\0")[0], 0  # a real server reads no further than NUL
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise failure(f"error @{text.count(chr(10), 0, at) + 1}: unexpected {text[at]}")
        if found.lastgroup:
            yield (found[0] if found.lastgroup == "sign" else found.lastgroup), found[0]
        at = found.end()


def value(kind: str, text: str) -> str | int | float | Time | Duration:
    if kind == "string":
        return re.sub(r"\\(x[0-9a-fA-F]{2}|[\s\S])", lambda m: _ESCAPES.get(m[1], m[0]), text[1:-1])
    if kind == "time":
        return Time(nanos(text))
    if kind == "duration":
        return Duration(sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)(ns|us|µs|ms|s|m|h|d|w)", text)))
    return int(text) if kind == "int" else float(text)
