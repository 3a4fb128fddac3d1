"""What processes take while a job runs: memory at the start, at most and at the end, and of the processor."""

import time
from collections.abc import Iterator, Mapping

from lab.bench.cost import cpu, resident
from lab.bench.job import Figure

EVERY = 1.0
"""s between two looks at the memory."""


class Toll:
    """`pids`: name → process; they live for as long as it is asked."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._began = self._looked = time.monotonic()
        self._used = {name: cpu(pid) for name, pid in pids.items()}
        self.start = self.memory()
        self.most = dict(self.start)

    def memory(self) -> dict[str, float]:
        """MB, now."""
        return {name: resident(pid) for name, pid in self._pids.items()}

    def look(self) -> None:
        """As often as one likes."""
        if time.monotonic() - self._looked >= EVERY:
            self._looked = time.monotonic()
            now = self.memory()
            self.most = {name: max(most, now[name]) for name, most in self.most.items()}

    def figures(self) -> Iterator[Figure]:
        """Until now."""
        end, seconds = self.memory(), time.monotonic() - self._began
        for name, pid in self._pids.items():
            yield Figure(f"{name}: memory at the start", self.start[name], "MB")
            yield Figure(f"{name}: memory at most", max(self.most[name], end[name]), "MB")
            yield Figure(f"{name}: memory at the end", end[name], "MB")
            yield Figure(f"{name}: of one processor", 100 * (cpu(pid) - self._used[name]) / seconds, "%")
