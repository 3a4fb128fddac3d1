"""How much of a plan was kept up, with bounds for what is not known (research note `domain` §1.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import fsum

from detectors import dates
from detectors.outcome import COUNTED, OPEN_TO_DOUBT, Judged, Outcome
from detectors.session.early import FOR
from ingest.batch import MICROS

ENOUGH = 0.30
"""Bounds farther apart than this are not enough data, and no alert about adherence may rest on them (`domain` §1.2)."""


@dataclass(frozen=True, slots=True)
class Adherence:
    """Shares 0..1; `None` where nothing was eligible."""

    low: float | None
    """Were everything in doubt not done."""
    mid: float | None
    """Without what is in doubt."""
    high: float | None
    """Were everything in doubt done."""
    done: float
    """Sum of credit, in sessions."""
    eligible: int
    unknown: int
    """In doubt: unknown, unclear, unverifiable."""
    excused: int
    coverage: float | None
    """Mean over the eligible and the doubtful of which it is known."""

    @property
    def enough(self) -> bool:
        # a billionth: bounds are quotients, and exactly 30 points apart is enough
        return self.low is not None and self.high is not None and self.high - self.low <= ENOUGH + 1e-9


def adherence(judged: Iterable[Judged], start: int, end: int) -> Adherence:
    """Over the sessions whose window ends in [start, end), µs UTC; the order of `judged` is irrelevant.

    A session nobody had planned stands for one not seen of the same ISO week, once a week; unless it was counted for one already.
    """
    those = [one for one in judged if start <= closes(one) < end]
    counted = [one for one in those if one.outcome in COUNTED]
    doubtful = [one for one in those if one.outcome in OPEN_TO_DOUBT]
    # exact, so that order is irrelevant to the last bit
    done = fsum(one.credit or 0.0 for one in counted) + _offset(those)
    eligible, unknown = len(counted), len(doubtful)
    covered = [one.coverage for one in [*counted, *doubtful] if one.coverage is not None]
    return Adherence(
        done / (eligible + unknown) if eligible else None,
        done / eligible if eligible else None,
        (done + unknown) / (eligible + unknown) if eligible else None,
        done,
        eligible,
        unknown,
        sum(one.outcome is Outcome.EXCUSED for one in those),
        fsum(covered) / len(covered) if covered else None,
    )


def closes(one: Judged) -> int:
    """End of the window (µs UTC); of what has none, its end."""
    due = one.facts.get("due_by")
    return dates.instant(due) if isinstance(due, str) else one.end


def _offset(those: Sequence[Judged]) -> int:
    extra = {_week(one) for one in those if one.outcome is Outcome.EXTRA and FOR not in one.facts}
    missed = {_week(one) for one in those if one.outcome is Outcome.NOT_SEEN}
    return len(extra & missed)


def _week(one: Judged) -> str:
    """The patient's ISO week; that of UTC where the facts do not tell it."""
    week = one.facts.get("week")
    return week if isinstance(week, str) else dates.iso_week(datetime.fromtimestamp(one.start // MICROS, UTC).date())
