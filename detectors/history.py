"""What a rule sees of one patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ingest.batch import Span
from ingest.bout import Bout
from ingest.minute import Minutes


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Days of one patient, beginning at a local midnight, gap-free, up to `end`."""

    patient: str
    zone: ZoneInfo
    start: int
    """A local midnight, µs UTC."""
    end: int
    """What is judged ends here, µs UTC; never after what is complete."""
    minutes: Minutes
    """Every minute of [start, end), worn and asleep filled in as far as they can be told from what came before `end`."""
    bouts: Sequence[Bout] = ()
    gaps: Sequence[Span] = ()
    """Spans with a cause that touch [start, end)."""
    complete_to: int | None = None
    """Everything before is stored or a gap, µs UTC; `None`: nothing is known yet."""
    last_heard: int | None = None
    """Newest time at which any of the patient's bands was heard, µs UTC; may lie before `start`; `None`: never."""
    since: int | None = None
    """When the patient's first band was handed over, µs UTC."""
    battery: float | None = None
    """Percent, last known."""
