"""Whether somebody does their session on a day: as planned, a day late, or no more."""

from dataclasses import dataclass
from datetime import date, timedelta
from zlib import crc32

import numpy as np

from ingest.batch import DAY
from lab.persona import Persona

_SALT = crc32(b"habit")


@dataclass(frozen=True, slots=True)
class Habit:
    """`end`: µs UTC, of the history; `None`: what a persona does towards its end is not done."""

    persona: Persona
    seed: int
    name: str
    end: int | None = None

    def exercises(self, day: date, start: int) -> bool:
        """`start`: of the local day, µs UTC."""
        yesterday = day - timedelta(days=1)
        if self._planned(day) and not self._postpones(day):
            return self._keeps_on(day, start)
        return self._planned(yesterday) and self._postpones(yesterday) and self._keeps_on(day, start)

    def _planned(self, day: date) -> bool:
        return day.weekday() in self.persona.exercise_days

    def _postpones(self, day: date) -> bool:
        """Where the next day has a session of its own, two cannot be told apart: then it is done as planned."""
        share = self.persona.next_day_share
        return share > 0 and not self._planned(day + timedelta(days=1)) and self._drawn(day, 0) < share

    def _keeps_on(self, day: date, start: int) -> bool:
        """All until the slackening begins, then ever fewer, then none."""
        if self.persona.slackens_before_end is None or self.end is None:
            return True
        begins, stops = (self.end - int(days * DAY) for days in self.persona.slackens_before_end)
        return self._drawn(day, 1) * (stops - begins) < stops - start

    def _drawn(self, day: date, which: int) -> float:
        """Even in [0, 1)."""
        return float(np.random.default_rng([self.seed, crc32(self.name.encode()), day.toordinal(), _SALT]).random(2)[which])
