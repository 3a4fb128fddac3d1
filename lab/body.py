"""A seeded simulated person: what the sensors of a band on (or off) this wrist measure at any time."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ingest.batch import DAY
from lab import noise
from lab.day import CHARGED, EPOCH, Doing, Stretch, lived, midnight
from lab.habit import Habit
from lab.motion import POLL, counts
from lab.persona import Persona
from lab.vitals import heartbeats, steps_taken

KEPT_DAYS = 16
LASTS = 7 * DAY
"""How long a full battery lasts (InfiniTime with heart rate and motion on: about a week)."""
UNCHARGED = 5 * DAY
"""For so long before it goes flat for good nobody charges the band."""


@dataclass(frozen=True, slots=True)
class _Day:
    start: int
    end: int
    stretches: tuple[Stretch, ...]
    starts: list[int]
    charge: Stretch | None
    heart: tuple[NDArray[np.int64], NDArray[np.int16]]
    steps: NDArray[np.int64]


@dataclass(eq=False)
class Body:
    """All of it is a function of time: any stretch may be asked for, in any order and any pieces, with the same answer."""

    name: str
    zone: ZoneInfo
    persona: Persona
    seed: int
    flat_from: int | None = None
    """µs UTC from which the band lies in a drawer with an empty battery."""
    end: int | None = None
    """µs UTC at which the history ends, towards which some slacken; `None`: none is near."""
    _days: dict[date, _Day] = field(default_factory=dict, init=False, repr=False)
    _newest: _Day | None = field(default=None, init=False, repr=False)
    _last_charges: dict[int, Stretch | None] = field(default_factory=dict, init=False, repr=False)

    def stretches(self, start: int, end: int) -> list[Stretch]:
        """What is truly done: the stretches that overlap [start, end), whole."""
        return [s for day in self._between(start, end) for s in day.stretches if s.start < end and s.end > start]

    def acceleration(self, start: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
        """Samples at the multiples of 100 ms in [start, end): times (n,) in µs UTC, and x, y, z (n, 3) at 1024 to the g, clipped at 2 g."""
        at = np.arange(-(-start // POLL), -(-end // POLL), dtype=np.int64) * POLL
        out = np.empty((len(at), 3), np.int16)
        for stretch in self.stretches(start, end):
            a, b = np.searchsorted(at, (stretch.start, stretch.end))
            if a < b:
                out[a:b] = counts(at[a:b], stretch, self.key)
        return at, out

    def heart(self, start: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
        """One reading a minute: times (n,) in µs UTC, beats per minute (n,); 0 is no reading (not worn, or the sensor lost it)."""
        parts = []
        for day in self._between(start, end):
            a, b = day.heart[0].searchsorted((start, end))
            parts.append((day.heart[0][a:b], day.heart[1][a:b]))
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([t for t, _ in parts]), np.concatenate([v for _, v in parts])

    def steps(self, start: int, end: int) -> NDArray[np.int64]:
        """The time of each step in [start, end), µs UTC."""
        parts = []
        for day in self._between(start, end):
            a, b = day.steps.searchsorted((start, end))
            parts.append(day.steps[a:b])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def no_step_before(self, at: int) -> int:
        """µs UTC: from `at` on surely no step is taken before this."""
        day = self._day(at)
        later = day.steps[day.steps.searchsorted(at) :]
        return int(later[0]) if len(later) else day.end

    def battery(self, at: int) -> int:
        """Percent."""
        percent = self._charged(at)
        if self.flat_from is not None:
            percent = min(percent, 100 * (self.flat_from - at) / UNCHARGED)
        return max(int(percent), 0)

    def reachable(self, at: int) -> bool:
        """Is the band within reach of the radio, and awake?"""
        return not self._unheard(self._stretch(at))

    def unchanged_until(self, at: int) -> int:
        """µs UTC up to which `reachable` surely stays as it is at `at`; later than `at`."""
        day = self._day(at)
        same = self.reachable(at)
        later = day.stretches[bisect_right(day.starts, at) :]
        return next((s.start for s in later if self._unheard(s) == same), day.end)

    @cached_property
    def key(self) -> np.uint64:
        return noise.key(self.seed, crc32(self.name.encode()))

    @staticmethod
    def _unheard(stretch: Stretch) -> bool:
        return stretch.away or stretch.doing == Doing.DRAWER

    def _stretch(self, at: int) -> Stretch:
        day = self._day(at)
        return day.stretches[bisect_right(day.starts, at) - 1]

    def _charged(self, at: int) -> float:
        """Percent since the band was last on its charger."""
        day = self._day(at)
        charge = day.charge if day.charge is not None and day.charge.start <= at else self._charge_before(day)
        if charge is None:
            return 100 - 100 * (at % LASTS) / LASTS
        if at >= charge.end:
            return 100 - 100 * (at - charge.end) / LASTS
        before = self._charged(charge.start - 1)
        return before + (100 - before) * (at - charge.start) / (charge.end - charge.start)

    def _charge_before(self, day: _Day) -> Stretch | None:
        if day.start not in self._last_charges:
            earlier = self._day(day.start - 1)
            for _ in range(self.persona.charge_every + UNCHARGED // DAY + 2):
                if earlier.charge is None:
                    earlier = self._day(earlier.start - 1)
            self._last_charges[day.start] = earlier.charge
        return self._last_charges[day.start]

    def _between(self, start: int, end: int) -> list[_Day]:
        days = [self._day(start)]
        while days[-1].end < end:
            days.append(self._day(days[-1].end))
        return days

    def _day(self, at: int) -> _Day:
        if self._newest is not None and self._newest.start <= at < self._newest.end:
            return self._newest
        local = (EPOCH + timedelta(microseconds=at)).astimezone(self.zone).date()
        if local not in self._days:
            if len(self._days) >= KEPT_DAYS:
                self._days.pop(next(iter(self._days)))
            self._days[local] = self._live(local)
        self._newest = self._days[local]
        return self._newest

    def _live(self, day: date) -> _Day:
        start, end = midnight(day, self.zone), midnight(day + timedelta(days=1), self.zone)
        exercises = Habit(self.persona, self.seed, self.name, self.end).exercises(day, start)
        whole = lived(self.persona, day, exercises, self._charges(day, start), self._chance(day), self.zone)
        stretches = self._until_flat(whole)
        key = self.key
        return _Day(
            start,
            end,
            stretches,
            [s.start for s in stretches],
            _charge(stretches),
            heartbeats(stretches, self.persona.resting_hr, key),
            steps_taken(stretches, key),
        )

    def _chance(self, day: date) -> np.random.Generator:
        return np.random.default_rng([self.seed, crc32(self.name.encode()), day.toordinal()])

    def _charges(self, day: date, start: int) -> bool:
        soon_flat = self.flat_from is not None and start > self.flat_from - UNCHARGED - DAY
        return day.toordinal() % self.persona.charge_every == 0 and not soon_flat

    def _until_flat(self, stretches: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
        flat = self.flat_from
        if flat is None or stretches[-1].end <= flat:
            return stretches
        kept = [Stretch(s.start, min(s.end, flat), s.doing, s.away, s.pace) for s in stretches if s.start < flat]
        return (*kept, Stretch(max(flat, stretches[0].start), stretches[-1].end, Doing.DRAWER))


def _charge(stretches: Sequence[Stretch]) -> Stretch | None:
    """The day's time on the charger, as one."""
    times = [(s.start, s.end) for s in stretches if s.doing in CHARGED]
    return Stretch(times[0][0], times[-1][1], Doing.CHARGING) if times else None
