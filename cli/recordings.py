"""The recordings of a site: which band each is, and where in time it is played; decided once and kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import typer

from cli.admission import Memory, Played
from cli.play import opened
from config import settings
from config.mistakes import Mistake
from config.settings import Site
from ingest.batch import DAY
from ingest.format import Unreadable
from ingest.play import Recording


@dataclass(frozen=True, slots=True)
class Placed:
    """Times µs UTC."""

    written: settings.Recording
    dev: str
    first: int
    """Of its first reading, moved."""
    moved: int
    began: int
    """When that is said."""

    @property
    def played(self) -> Played:
        return Played(self.written.patient, self.dev, self.first)


def placed(site: Site, memory: Memory, now: int) -> Iterator[Placed | Mistake]:
    """Each of the site's, as `memory` has it, or from `now` (µs UTC) on; a mistake in place of one that cannot be played."""
    for number, one in enumerate(site.recording, 1):
        dev = f"r-{sha256(f'{one.patient}/{one.file.name}/{one.band}'.encode()).hexdigest()[:8]}"
        kept = memory.said.get(f"{dev} times")
        if kept is None:
            try:
                kept = " ".join(map(str, times(one, opened(one.file, one.format, one.zone, one.band, dev, 0), now)))
            except (Unreadable, typer.BadParameter) as error:
                yield Mistake(f"recording[no. {number}]", str(error).rstrip("."))
                continue
            memory.said[f"{dev} times"] = kept
        yield Placed(one, dev, *map(int, kept.split()))


def times(written: settings.Recording, recording: Recording, now: int) -> tuple[int, int, int]:
    """(first, moved, began). Moved by whole days, so that nights stay nights; so its last reading is said when it bears that time, or less
    than a day later."""
    if not written.moved:
        return recording.start, 0, now
    takes = int((recording.end - recording.start) / written.speed) if written.speed else 0
    moved = (now + takes - recording.end) // DAY * DAY
    return recording.start + moved, moved, recording.end + moved - takes
