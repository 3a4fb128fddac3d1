"""The gateway's clock: times that never go back, how far they are to be trusted, and what is known of them later."""

from collections.abc import Callable
from dataclasses import dataclass

from ingest.batch import DAY, MICROS, MINUTE, Clock, Quality
from ingest.body import EARLIEST

STEP = MINUTE // 2
"""µs by which a clock must be set at once for it to matter: less moves nothing beyond the neighbouring minute, the grain of judgement."""
SLOW = 2
"""How many times more slowly times go on while the clock lies behind them."""
FARTHEST = DAY
"""µs that a clock which was set may lie behind what is committed; catching up takes `SLOW` times as long."""

System = Callable[[], tuple[int, bool | None]]
"""→ (µs UTC of the system's clock, was that set by a time server? `None`: the system does not say)."""


class ClockBehind(Exception):
    """The clock shows a time long before the newest reading: times given now would be wrong for ever."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Times in [t0, t1) are of another time: `off` µs later, where that is known."""

    t0: int
    t1: int
    off: int | None


@dataclass(frozen=True, slots=True)
class Leap:
    """After `before` the next time given is `after`. Of what lies between the gateway ran from `ran` on, but its clock was wrong."""

    before: int
    ran: int
    after: int


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

    def look(self) -> tuple[Wrong | None, Leap | None]:
        """Obey the system's clock as far as it may be. What of the times given is now known to be wrong, and did they leap?

        Raises `ClockBehind` at the look after the clock was set back by more than `FARTHEST`.
        """
        self._check()
        steady, (wall, synced) = self._steady(), self._system()
        shown, stepped = self._at(steady), abs(wall - steady - self._apart) >= STEP
        error = wall - shown
        off = error if self._unset and (stepped or synced) and abs(error) >= STEP else None
        wrong = Wrong(self._since, shown, off) if off is not None or self._jumped else None
        leap = self._leap(shown, wall, off) if error >= STEP else None
        doubtful = self._unset or self._jumped
        self._mark, self._shown, self._apart = steady, max(shown, wall), wall - steady
        self._unset, self._told = self._unset and not synced, self._told or synced is not None
        self._go_on(wall)
        if not doubtful or (self._unset and off is not None):
            self._since = self._shown
        return wrong, leap

    def _leap(self, shown: int, wall: int, off: int | None) -> Leap:
        """A clock that was right and leaps slept meanwhile, and the gateway with it."""
        if off is not None:
            return Leap(shown, min(max(self._since + off, shown), wall), wall)
        return Leap(shown, shown if self._jumped else wall, wall)

    def _check(self) -> None:
        if not self._unset and self._lag < -FARTHEST:
            raise ClockBehind(
                f"The clock is {-self._lag // MICROS} s behind the newest reading in the spool. If the clock is wrong, set it; "
                "if it is right, it was wrong before: give another spool file, and keep this one until all of it is sent."
            )

    def _go_on(self, wall: int) -> None:
        self._lag = min(wall - self._shown, 0)
        self._jumped = not self._unset and self._lag < 0 and (self._jumped or -self._lag >= STEP)
        self._slower = SLOW if self._lag < 0 and not self._unset else 1

    def _at(self, steady: int) -> int:
        return self._shown + (steady - self._mark) // self._slower
