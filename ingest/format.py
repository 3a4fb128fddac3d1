"""What a recording format is: a file → batches, in order of time, with unreadable rows set aside."""

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.batch import Batch

HEAD_LINES = 5
HEAD_WIDTH = 4096
"""How much of a file a format sees before it says whether the file is its own."""


class Unreadable(Exception):
    """The file as a whole cannot be read; the message says which, why, and what to do next."""


@dataclass(frozen=True, slots=True)
class Aside:
    """One row that could not be read."""

    line: int
    """1-based, as an editor counts."""
    reason: str


@dataclass(slots=True)
class Asides:
    """Rows set aside while a recording is read: all are counted, the first hundred kept."""

    count: int = 0
    first: list[Aside] = field(default_factory=list)

    def add(self, line: int, reason: str) -> None:
        self.count += 1
        if len(self.first) < 100:
            self.first.append(Aside(line, reason))


@dataclass(frozen=True, slots=True)
class Format:
    """`read(path, zone, asides)` yields batches; `zone` is for stamps that carry none (`None`: such stamps are refused).
    `claims(path, head)`: do these first lines look like mine?  Raises `Unreadable`."""

    name: str
    claims: Callable[[Path, list[str]], bool]
    read: Callable[[Path, ZoneInfo | None, Asides], Iterator[Batch]]


def opened(path: Path) -> Iterator[str]:
    """Lines of a text file, gzip or not; bytes that are no UTF-8 become U+FFFD, so one bad byte costs one row. Raises `Unreadable`."""
    try:
        with open(path, "rb") as probe:
            packed = probe.read(2) == b"\x1f\x8b"
        with (gzip.open if packed else open)(path, "rt", encoding="utf-8-sig", errors="replace") as lines:
            yield from lines
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"{path.name} cannot be read to its end: {error}. Check that the file is there and whole.") from error


def barren(path: Path, asides: Asides) -> Unreadable:
    """What to say of a file of which no row could be used."""
    if not asides.count:
        return Unreadable(f"{path.name} has a header and no rows. Record it again, or export it again.")
    example = f"; the first is line {asides.first[0].line}: {asides.first[0].reason}"
    return Unreadable(f"{path.name} holds no reading that can be used ({asides.count} rows set aside{example}).")


def chosen(path: Path, name: str | None, formats: Mapping[str, Format]) -> Format:
    """The format called `name`, or without a name the one that claims the file by its first lines. Raises `Unreadable`."""
    known = ", ".join(sorted(formats))
    if name is not None:
        if name not in formats:
            raise Unreadable(f"there is no format {name!r}; there are: {known}.")
        return formats[name]
    head = [line[:HEAD_WIDTH] for line in islice(opened(path), HEAD_LINES)]
    claiming = [each for each in formats.values() if each.claims(path, head)]
    if len(claiming) == 1:
        return claiming[0]
    if claiming:
        raise Unreadable(f"{path.name} looks like {' and '.join(each.name for each in claiming)}: choose with --format.")
    begins = next((line.strip() for line in head if line.strip()), "")[:60]
    if not begins:
        raise Unreadable(f"{path.name} is empty. Record it again, or export it again.")
    for mark, called in ((";", "';'"), ("\t", "tabs")):
        if any(each.claims(path, [line.replace(mark, ",") for line in head]) for each in formats.values()):
            raise Unreadable(f"{path.name} has its columns separated by {called}. Export it again with ','.")
    raise Unreadable(f"{path.name} begins with {begins!a}, which no format knows; there are: {known}. Choose with --format, or see README.")
