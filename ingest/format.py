"""What a recording format is: a file → batches, in order of time, with unreadable rows set aside."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.batch import Batch


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


def opened(path: Path) -> Iterable[str]:
    """Lines of a text file, gzip or not. Raises `Unreadable`."""
    import gzip

    try:
        with open(path, "rb") as probe:
            packed = probe.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rt", encoding="utf-8-sig") if packed else open(path, encoding="utf-8-sig") as lines:
            yield from lines
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Unreadable(
            f"{path.name} cannot be read: {error}. Check that the file is there, whole, and a UTF-8 CSV or its .gz."
        ) from error
