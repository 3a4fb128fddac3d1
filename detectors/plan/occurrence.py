"""One planned session on one day, or one of a week's quota."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from detectors.plan.dose import session_minutes
from detectors.plan.plan import Plan, Session, Stage
from ingest.batch import MINUTE
from ingest.bout import GROWS

Zones = Sequence[tuple[int, ZoneInfo]]
"""From when (µs UTC, ascending; the first holds before, too) the patient's clock is that of the zone."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A plan as it stood from `since` (µs UTC) until the next revision; what had begun by then keeps the older one."""

    plan: Plan
    since: int


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Times µs UTC. Derived from the plan whenever it is needed; only what was judged and answered is kept."""

    id: str
    """Plan, session and local date, "rx-0002/core/2027-03-01"; of a quota ISO week and number, "rx-0002/walk/2027-W09/2"."""
    session: Session
    stage: Stage
    planned: int | None
    """When it is to begin; `None` where the patient chooses (a quota)."""
    start: int
    """The window: a session that begins in [start, end) is in time."""
    end: int
    grace: int
    """Until when it may be made up, `end` or later."""
    excused: str | None = None
    """Why nothing is expected, e.g. "travel"; `None`: it is."""

    @property
    def shown(self) -> int:
        """When a session begun at the window's last moment is over and seen to be: nobody is asked before. µs UTC."""
        return self.end if self.quota else self.end + round(session_minutes(self.session)) * MINUTE + GROWS

    @property
    def quota(self) -> bool:
        return self.planned is None
