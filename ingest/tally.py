"""What an ingester has done since it was started, counted for whoever watches over it."""

from bisect import bisect_left
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()
KINDS = ("unreadable", "future", "old", "rejected", "defect")
"""Why something was set aside."""
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""s, of the classes that commits are counted in by how long they took."""


@dataclass(slots=True)
class Tally:
    """Written by one thread, read by any."""

    messages: int = 0
    batches: int = 0
    readings: int = 0
    dead: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    commits: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    """In each class, the last being those that took longer than all `BOUNDS`."""
    seconds: float = 0.0
    """All commits together."""
    stored_at: int | None = None
    """When something was last committed, µs UTC; `None`: not yet."""
    struck_since: int | None = None
    """Since when a defect of ours let no batch be stored, µs UTC; `None`: the last that came was stored, or there was no defect."""

    doubted_since: int | None = None
    """Since when messages are not answered because this machine's clock may be behind, µs UTC by that clock; `None`: it is believed."""

    def doubted(self, now: int, why: str) -> None:
        """A message was not answered."""
        if self.doubted_since is None:
            self.doubted_since = now
            log.warning("what is of later is not answered", reason=why)

    def committed(self, seconds: float, now: int) -> None:
        self.commits[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds
        self.stored_at = now

    def struck(self, now: int) -> None:
        """What was read was set aside for a defect, and nothing beside it was stored."""
        self.struck_since = now if self.struck_since is None else self.struck_since
