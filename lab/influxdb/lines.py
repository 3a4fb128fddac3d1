"""Line protocol as InfluxDB 2 reads it: text into points, and a whole body refused for one malformed line."""

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

NANOS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
"""Nanoseconds to one unit of a write's `precision`."""
FIRST, LAST = -(2**63) + 2, 2**63 - 2
"""Bounds of a time, ns since 1970 (models.MinNanoTime, MaxNanoTime of InfluxDB 2.9)."""
RESERVED = ("_measurement", "_field")

_KEY = r"(?:\\[^\n]|[^ \n,=\\])+"
_TAGGED = r"(?:[^ \n,=]|(?<=\\)[ ,=])+"  # a backslash escapes what follows even after another backslash, in tags alone
_STRING = r'"[^"\\]*(?:\\[\s\S][^"\\]*)*"'
_FLOAT = r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TRUE, _FALSE = "true|True|TRUE|t|T", "false|False|FALSE|f|F"
VALUES = {"integer": r"-?\d+i", "unsigned": r"\d+u", "float": _FLOAT, "boolean": f"(?:{_TRUE}|{_FALSE})", "string": _STRING}
"""Regular expression of a value by its kind, the kinds as InfluxDB names them."""
_ANY = "|".join(VALUES.values())
_MEASUREMENT = r"[^ \n,](?:[^ \n,]|(?<=\\)[ ,])*"
_HEAD = rf"{_MEASUREMENT}(?:,{_TAGGED}={_TAGGED})*"
_FIELDS = rf"{_KEY}=(?:{_ANY})(?:,{_KEY}=(?:{_ANY}))*"
_LINE = re.compile(rf"[ \t\0]*({_HEAD}) +({_FIELDS})(?: +(-?\d+))? *(?:\n|\Z)", re.ASCII)
_PART = re.compile(rf"({_KEY})=(?:{'|'.join(f'(?P<{kind}>{value})' for kind, value in VALUES.items())})(?:,|\Z)", re.ASCII)
_NOTHING = re.compile(r"[ \t\0]*(?:#[^\n]*)?(?:\n|\Z)")
_FIRST = re.compile(_MEASUREMENT)
_TAG = re.compile(rf",({_TAGGED})=({_TAGGED})")
_ESCAPED = re.compile(r"\\([,= ])")
_QUOTED = re.compile(r'\\(["\\])')
_OUTLINE = str.maketrans("123456789", "000000000")
_NUMBERED = re.compile(r"0[^,=]*=")
_SHORT = 18  # digits of a number that cannot be out of bounds

Value = int | float | bool | str
Kinds = tuple[tuple[str, str], ...]
"""Names of fields, each with its kind, one of `VALUES`; as on the line."""


class Malformed(ValueError):
    """A line that is no line protocol; the message is what InfluxDB says, every such line of the body on its own line."""


class Series(NamedTuple):
    """What a point belongs to."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    """Sorted by name."""


Point = tuple[Series, Kinds, str, int]
"""Series, kinds, the text of the fields as written (`read` reads it), and the time in ns since 1970."""


def parse(body: str, precision: str = "ns", now: int | None = None) -> list[Point]:
    """Points in the order of their lines. `now`, ns since 1970, is the time of a line without one. Raises `Malformed`."""
    scale, points, wrong = NANOS[precision], list[Point](), list[str]()
    outlines: dict[str, Kinds] = {}
    at, length = 0, len(body)
    while at < length:
        end = body.find("\n", at)
        parts = body[at : end if end >= 0 else length].split(" ")
        # Most lines differ from one before in digits alone: such a line need not be taken apart again.
        if len(parts) == 3 and (kinds := outlines.get(parts[1].translate(_OUTLINE))):
            head, fields, stamp = parts
            if len(stamp) < _SHORT and stamp.isdigit() and stamp.isascii() and isinstance(series := _series(head), Series):
                points.append((series, kinds, fields, int(stamp) * scale))
                at = end + 1 if end >= 0 else length
                continue
        at = _slowly(body, at, scale, now, points, wrong, outlines)
    if wrong:
        raise Malformed("\n".join(wrong))
    return points


def _slowly(body: str, at: int, scale: int, now: int | None, points: list[Point], wrong: list[str], outlines: dict[str, Kinds]) -> int:
    """The line that begins at `at`, whatever it is; returns where the next begins."""
    if nothing := _NOTHING.match(body, at):
        return nothing.end()
    found = _LINE.match(body, at)
    try:
        if found is None:
            raise Malformed("invalid line")
        head, fields, stamp = found.groups()
        time = int(stamp) * scale if stamp else now
        if time is None or not FIRST <= time <= LAST:
            raise Malformed("bad timestamp")
        series = _series(head)
        if isinstance(series, str):
            raise Malformed(series)
        kinds = _kinds(fields)
    except Malformed as error:
        end = (body + "\n").index("\n", at)
        wrong.append(f"unable to parse '{body[at:end].strip()}': {error}")
        return end + 1
    outline = fields.translate(_OUTLINE)
    if len(outlines) < 10_000 and '"' not in outline and "0" * _SHORT not in outline and not _NUMBERED.search(outline):
        outlines[outline] = kinds
    points.append((series, kinds, fields, time))
    return found.end()


def read(fields: str) -> dict[str, Value]:
    """The fields of a point by name, escapes undone; of two with one name the last."""
    return {_unescaped(part[1]): _value(str(part.lastgroup), part[str(part.lastgroup)]) for part in _PART.finditer(fields)}


def one(fields: str, name: str) -> Value | None:
    """One field of a point, without a look at the others' values; `None` where it is not there."""
    if '"' not in fields and f"{name}=" not in fields and "\\" not in fields:
        return None
    found = [part for part in _PART.finditer(fields) if part[1] == name or _unescaped(part[1]) == name]
    return _value(str(found[-1].lastgroup), found[-1][str(found[-1].lastgroup)]) if found else None


def united(old: str, new: str) -> str:
    """The text of the fields of both; of two with one name the new."""
    return ",".join({part[1]: part[0].rstrip(",") for text in (old, new) for part in _PART.finditer(text)}.values())


def escaped(text: str) -> str:
    """A tag's or field's name, or a tag's value, as it is written on a line."""
    return re.sub(r"([,= ])", r"\\\1", text)


def quoted(text: str) -> str:
    """A string as a field's value is written."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@lru_cache(65_536)
def _series(head: str) -> Series | str:
    """The series, or what is wrong with it."""
    found = _FIRST.match(head)
    if found is None or not re.fullmatch(_HEAD, head) or head.startswith("#"):
        return "invalid tag format"
    measurement = found[0]
    tags = sorted((_unescaped(key), _unescaped(value)) for key, value in _TAG.findall(head, len(measurement)))
    if any(one[0] == two[0] for one, two in pairwise(tags)):
        return "duplicate tags"
    reserved = [key for key, _ in tags if key in RESERVED]
    return f'cannot use reserved tag key "{reserved[0]}"' if reserved else Series(re.sub(r"\\([, ])", r"\1", measurement), tuple(tags))


def _kinds(fields: str) -> Kinds:
    parts = list(_PART.finditer(fields))
    for part in parts:
        kind, text = str(part.lastgroup), part[str(part.lastgroup)]
        if kind == "integer" and not -(2**63) <= int(text[:-1]) < 2**63:
            raise Malformed(f"unable to parse integer {text[:-1]}: strconv.ParseInt: value out of range")
        if kind == "unsigned" and int(text[:-1]) >= 2**64:
            raise Malformed(f"unable to parse unsigned {text[:-1]}: strconv.ParseUint: value out of range")
        if kind == "float" and abs(float(text)) == float("inf"):
            raise Malformed("invalid float")
    return tuple((_unescaped(part[1]), str(part.lastgroup)) for part in parts)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _value(kind: str, text: str) -> Value:
    if kind in ("integer", "unsigned"):
        return int(text[:-1])
    if kind == "float":
        return float(text)
    if kind == "boolean":
        return text[0] in "tT"
    return _QUOTED.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]
