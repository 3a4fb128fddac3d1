"""How far the goals of a maintenance week were met, as far as judged sessions tell. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf

from detectors import dates
from detectors.outcome import OPEN_TO_DOUBT, SEEN, Judged, Outcome
from detectors.plan.dose import active, minutes
from detectors.plan.plan import Goals, Kind, Phase, Session
from web.day import Day

NAMES: Mapping[str, str] = {"core_days": "core days", "aerobic_minutes": "aerobic minutes", "strength_days": "strength days"}
KINDS: Mapping[str, frozenset[Kind]] = {
    "core_days": frozenset({Kind.STABILISATION, Kind.ACTIVE}),
    "aerobic_minutes": frozenset({Kind.AEROBIC}),
    "strength_days": frozenset({Kind.STRENGTH}),
}
"""Of the items that serve each goal."""
LAPSE = 0.5
"""Of a goal: less than this in two weeks running is a lapse (research note `domain` D15; needs a clinician's sign-off)."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Of seven days: at least `low` was done, and at most `high` if everything in doubt was; infinite where nothing planned shows it."""

    name: str
    low: float
    high: float
    due: int

    @property
    def words(self) -> str:
        """ "1 to 2 of 2 core days"."""
        if self.high == inf:
            return f"{self.low:.0f} or more of {self.due} {self.name}" if self.low else f"{self.name} not known, {self.due} wanted"
        span = f"{self.low:.0f}" if self.high <= self.low else f"{self.low:.0f} to {ceil(self.high)}"
        return f"{span} of {self.due} {self.name}"


def met(phase: Phase, judged: Iterable[Judged], days: Sequence[Day]) -> list[Goal]:
    """Of these local days; what was not planned counts for no goal but walking, which is aerobic."""
    if phase.goals is None:
        return []
    here = [(day, one) for one in judged for day in days if day.start <= _when(one) < day.end]
    sure = [(day, one) for day, one in here if one.outcome in SEEN]
    both = sure + [(day, one) for day, one in here if one.outcome in OPEN_TO_DOUBT]
    return [
        Goal(NAMES[name], _sum(name, sure, phase), _sum(name, both, phase) if _planned(name, phase) else inf, due)
        for name, due in _wanted(phase.goals)
    ]


def _wanted(goals: Goals) -> list[tuple[str, int]]:
    return [(name, due) for name in NAMES if (due := getattr(goals, name))]


def _planned(name: str, phase: Phase) -> bool:
    """Whether any session is for this goal: otherwise little or nothing of it is judged, however much was done."""
    kinds = KINDS[name]
    return any(_holds(session, kinds) for session in phase.sessions)


def _sum(name: str, those: Sequence[tuple[Day, Judged]], phase: Phase) -> float:
    if name == "aerobic_minutes":
        return sum(_aerobic(one, phase) for _, one in those)
    return len({day.date for day, one in those if (session := _session(one, phase)) and _holds(session, KINDS[name])})


def _aerobic(one: Judged, phase: Phase) -> float:
    if one.outcome is Outcome.EXTRA:
        return float(one.facts.get("seen_min", 0)) if one.session == "walk" else 0.0
    session = _session(one, phase)
    planned = sum(minutes(item) for item in session.items if item.kind is Kind.AEROBIC) if session else 0.0
    return planned * (1.0 if one.credit is None else one.credit)


def _session(one: Judged, phase: Phase) -> Session | None:
    return next((session for session in phase.sessions if session.name == one.session), None)


def _holds(session: Session, kinds: frozenset[Kind]) -> bool:
    return any(item.kind in kinds and active(item) for item in session.items)


def _when(one: Judged) -> int:
    began = one.facts.get("began")
    return dates.instant(began) if isinstance(began, str) else one.start
