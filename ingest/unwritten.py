"""Commits for which the disk has no room: held in memory, in order, and where that runs out too, gaps."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ingest.batch import Batch, Span, Stream
from ingest.store import RAW
from ingest.thinning import gaps, told

HOLD = 32 << 20
"""Bytes of readings held at most: 20 bands with motion at 50 Hz for about an hour and a half."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What the collector gives at once: on the disk as a whole, or not at all."""

    batches: Sequence[Batch] = ()
    spans: Sequence[Span] = ()
    cursors: Mapping[tuple[str, Stream], int] = field(default_factory=dict)
    heard_to: Mapping[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes in memory, roughly."""
        return sum(300 + b.values.nbytes + (0 if b.offsets is None else b.offsets.nbytes) for b in self.batches) + 200 * len(self.spans)

    @property
    def reached(self) -> dict[str, int]:
        """Band → up to where it is told of, µs UTC."""
        return {span.dev: span.t1 for span in sorted(self.spans, key=lambda span: span.t1)} | dict(self.heard_to)


class Unwritten:
    """First in, first out. None of it is accepted yet: it is gone with the process, and the time is then the gateway's gap."""

    def __init__(self, room: int = HOLD) -> None:
        self._room = room
        self._size = 0
        self._commits: deque[Commit] = deque()

    def __len__(self) -> int:
        return len(self._commits)

    @property
    def first(self) -> Commit:
        return self._commits[0]

    def add(self, commit: Commit) -> None:
        self._commits.append(commit)
        self._size += commit.size

    def pop(self) -> None:
        """The first is on the disk."""
        self._size -= self._commits.popleft().size

    def cursor(self, dev: str, stream: Stream) -> int | None:
        """Time of a stream's last sample among these."""
        return next((c.cursors[dev, stream] for c in reversed(self._commits) if (dev, stream) in c.cursors), None)

    def shed(self) -> int:
        """Keeps to the room: the two oldest commits become one without raw motion, until that is too much too and all of it goes.
        Returns how many readings became gaps."""
        lost = 0
        while self._size > self._room and len(self._commits) > 1:
            one, two = self._commits.popleft(), self._commits.popleft()
            both, gone = _without(_together(one, two), raw_only=True)
            lost += gone
            if both.size > self._room // 2:
                both, gone = _without(both, raw_only=False)
                lost += gone
            self._commits.appendleft(both)
            self._size += both.size - one.size - two.size
        return lost


def _without(commit: Commit, raw_only: bool) -> tuple[Commit, int]:
    """And how many readings went."""
    gone = [b for b in commit.batches if not raw_only or b.stream in RAW]
    kept = [b for b in commit.batches if raw_only and b.stream not in RAW]
    left = Commit(kept, told([*commit.spans, *gaps(gone)]), commit.cursors, commit.heard_to)
    return left, sum(b.n for b in gone)


def _together(one: Commit, two: Commit) -> Commit:
    one_to, two_to = one.reached, two.reached  # before gaps in whole minutes are put in their place, which reach further
    heard = {dev: max(one_to.get(dev, 0), two_to.get(dev, 0)) for dev in one_to.keys() | two_to.keys()}
    return Commit([*one.batches, *two.batches], [*one.spans, *two.spans], {**one.cursors, **two.cursors}, heard)
