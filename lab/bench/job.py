"""What every job of the speed table is given, and what it gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.chaos.storm import Site


class Unmeasured(Exception):
    """The job cannot be done here; the message says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table."""

    what: str
    value: float
    unit: str
    goal: str = ""
    """In words, where this figure has one: it is shown, and the ratio judges."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job measured. A ratio to what was measured in the same run judges it: on a busy machine both sides are slow alike."""

    figures: Sequence[Figure]
    ratio: float
    least: float
    """The ratio that is enough."""
    measure: str
    """What the ratio compares, in words."""

    @property
    def met(self) -> bool:
        return self.ratio >= self.least


@dataclass(frozen=True, slots=True)
class Bench:
    """What a job is given."""

    folder: Path
    """Empty, and the job's own."""
    now: Callable[[], int]
    """µs UTC."""
    line: Callable[[Path, str, str], Site]
    """(folder, broker, store) → a line of real processes, to be started by `processes.standing`. Broker: "mosquitto" or "embedded"; store:
    "sqlite", "double" or "influx", which two run already. Raises `Unmeasured` where a program is not installed."""
    moved: Callable[[float], None] = lambda _: None
    """Told how much of the job is done, 0 to 1."""
    bands: int = 200
    seconds: float = 20
    hours: float = 0.5


Job = Callable[[Bench], Outcome]
