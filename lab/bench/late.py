"""A spool that sees how late its readings are stored, from inside the gateway: whoever listened beside a line that is pressed would take
the processor that it needs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue

from ingest.body import decode
from ingest.spool import Spool
from ingest.wire import unpack


class LateSpool(Spool):
    """`now`: µs UTC. `after`: only rows after this one are looked at, which costs a reading of each; `None`: none is."""

    def __init__(self, path: Path, now: Callable[[], int], after: int | None) -> None:
        super().__init__(path)
        self._clock, self._live = now, after
        self._lateness: SimpleQueue[list[int]] = SimpleQueue()

    def trim(self, stored: Sequence[tuple[int, int]], dead: Sequence[int]) -> int:
        if self._live is not None:
            for first, last in stored:
                self._measure(max(first - 1, self._live), last, self._clock())
        return super().trim(stored, dead)

    def _measure(self, before: int, last: int, now: int) -> None:
        for row in self.oldest(before, last - before) if last > before else ():
            if row.seq <= last:
                for _, body in unpack(row.parcel).bodies:
                    self._lateness.put(((now - decode(body).times) // 1000).tolist())

    def late(self) -> list[int]:
        """ms from notification to the answer, of each reading since this was last asked."""
        return [ms for _ in range(self._lateness.qsize()) for ms in self._lateness.get()]
