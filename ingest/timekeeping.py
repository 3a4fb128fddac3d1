"""The gateway's clock: times that never go back, how far they are to be trusted, and what is known of them later."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ingest.batch import DAY, MICROS, MINUTE, Clock, Quality
from ingest.body import EARLIEST

STEP = MINUTE // 2
"""µs by which a clock must be set at once for it to matter: less moves nothing beyond the neighbouring minute, the grain of judgement."""
SLOW = 2
"""How many times more slowly times go on while the clock lies behind them."""
FARTHEST = DAY
"""µs that a clock which was set may lie behind what is committed; catching up takes `SLOW` times as long."""
STANDS = DAY
"""µs after which a step of the clock is doubted no more, whatever follows: it never calls more than about a day wrong (a design choice)."""

System = Callable[[], tuple[int, bool | None]]
"""→ (µs UTC of the system's clock, was that set by a time server? `None`: the system does not say)."""


class ClockBehind(Exception):
    """The clock shows a time long before the newest reading: times given now would be wrong for ever."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Times in [t0, t1) are of another time: `off` µs later, where that is known."""

    t0: int
    t1: int
    off: int | None = None
    grows: bool = False
    """From look to look: only what is new of it is to be told."""


@dataclass(frozen=True, slots=True)
class Leap:
    """After `before` the next time given is `after`. Of what lies between the gateway ran from `ran` on, but its clock was wrong."""

    before: int
    ran: int
    after: int


@dataclass(frozen=True, slots=True)
class _Step:
    """The clock was set at once when the time given was `shown`; how far it lay apart from the steady one until then, and since."""

    shown: int
    before: int
    after: int

    def undone(self, apart: int) -> bool:
        """Whether a clock that lies so far apart has rather gone back to where it was than on from where it went."""
        return abs(apart - self.before) < abs(apart - self.after)


class Timekeeper:
    """Gives times (µs UTC) that go on evenly between two looks at the system's clock, and never back.

    `steady`: µs of a clock that nobody sets. `committed`: the newest time that an earlier run gave. A clock behind it is not obeyed:
    until a time server has set it, times go on from there; afterwards they go on at half speed until it has caught up. Raises
    `ClockBehind` where there is nothing to go on from.
    """

    def __init__(self, steady: Callable[[], int], system: System, committed: int | None = None) -> None:
        self._steady, self._system = steady, system
        self._mark, (wall, synced) = steady(), system()
        self._shown = wall if committed is None else max(wall, committed)
        self._apart = wall - self._mark
        self._steps: list[_Step] = []
        self._unset, self._told, self._jumped = synced is False, synced is not None, False
        self._since = self._shown
        if self._shown < EARLIEST:
            raise ClockBehind("The clock was never set. Wait until it is (`timedatectl` shows it), then start again.")
        self._go_on(wall)
        self._check()

    def now(self) -> int:
        return self._at(self._steady())

    @property
    def clock(self) -> Clock | None:
        """Of the times given since the last look; `None` where the system does not say."""
        if self._unset:
            return Clock(self._lag, Quality.UNSYNCED)
        if self._jumped:
            return Clock(self._lag, Quality.JUMPED)
        return Clock(self._lag, Quality.SYNCED) if self._told else None

    def look(self) -> tuple[list[Wrong], Leap | None]:
        """Obey the system's clock as far as it may be. What of the times given is now known to be wrong, and did they leap?

        Raises `ClockBehind` at the look after the clock was set back by more than `FARTHEST`.
        """
        self._check()
        steady, (wall, synced) = self._steady(), self._system()
        shown, apart = self._at(steady), wall - steady
        error, stepped = wall - shown, abs(apart - self._apart) >= STEP
        off = error if self._unset and (stepped or synced) and abs(error) >= STEP else None
        undone = self._undone(shown, apart) if stepped and not self._unset else None
        wrong = self._wrong(shown, wall, off, undone)
        leap = self._leap(shown, wall, off, undone) if error >= STEP else None
        doubtful = self._unset or self._jumped
        self._mark, self._shown, self._apart = steady, max(shown, wall), apart
        self._unset, self._told = self._unset and not synced, self._told or synced is not None
        self._go_on(wall)
        if not doubtful or (self._unset and off is not None):
            self._since = self._shown if undone is None else undone
        return wrong, leap

    def _undone(self, shown: int, apart: int) -> int | None:
        """Since when the times given were wrong, if this step says that an earlier one was."""
        self._steps = [step for step in self._steps if shown - step.shown < STANDS]
        for i, step in enumerate(self._steps):
            if step.undone(apart):
                self._steps[i:] = [replace(step, after=apart)] if abs(apart - step.before) >= STEP else []
                return step.shown
        self._steps.append(_Step(shown, self._apart, apart))
        return None

    def _wrong(self, shown: int, wall: int, off: int | None, undone: int | None) -> list[Wrong]:
        """A clock that was ahead tells of the time it passed over as if the gateway had not run: it ran, by a wrong clock."""
        if off is not None:
            passed = wall if wall - shown < -FARTHEST else self._since  # from farther than that nobody goes on
            return [*([Wrong(self._since + off, passed)] if off < 0 else []), Wrong(self._since, shown, off)]
        found = [Wrong(self._since, shown, grows=True)] if self._jumped else []
        return found if undone is None else [*found, Wrong(undone, wall if undone < wall < shown - FARTHEST else shown)]

    def _leap(self, shown: int, wall: int, off: int | None, undone: int | None) -> Leap:
        """A clock that was right and leaps slept meanwhile, and the gateway with it."""
        if off is not None:
            return Leap(shown, min(max(self._since + off, shown), wall), wall)
        return Leap(shown, shown if self._jumped or undone is not None else wall, wall)

    def _check(self) -> None:
        if not self._unset and self._lag < -FARTHEST:
            raise ClockBehind(
                f"The clock is {-self._lag // MICROS} s behind the newest reading in the spool. If the clock is wrong, set it; "
                "if it is right, it was wrong before: once a time server vouches for it (`timedatectl` shows that), start again; "
                "or give another spool file, and keep this one until all of it is sent."
            )

    def _go_on(self, wall: int) -> None:
        self._lag = min(wall - self._shown, 0)
        self._jumped = not self._unset and self._lag < 0 and (self._jumped or -self._lag >= STEP)
        self._slower = SLOW if self._lag < 0 and not self._unset else 1

    def _at(self, steady: int) -> int:
        return self._shown + (steady - self._mark) // self._slower
