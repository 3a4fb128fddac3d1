"""The leaflet as four lamps (research note `domain` §1.1, S2): Active? Correct? Sticking? Keeping it up? Pure.

Unknown is a light of its own: what was not seen is never green, and never red.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from alerts.alert import Alert, State
from alerts.lines import SAID, WHEN
from detectors.adherence import Adherence, adherence
from detectors.outcome import Judged
from detectors.plan.dose import active
from detectors.plan.plan import Phase, Plan, Stage
from detectors.plan.rules_of_dose import other_region
from detectors.plan.rules_of_stage import long_passive_stage, mostly_passive, passive_only, passive_to_the_end
from detectors.rules.adherence_low import RED as VERY_LOW
from detectors.rules.adherence_low import Params
from detectors.rules.still_too_long import Params as Stillness
from web import goals, words
from web.day import Day

NO_PLAN = "no plan yet"
CUTS = Params()


class Light(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"


GLYPHS: Mapping[Light, str] = {Light.GREEN: "●", Light.AMBER: "▲", Light.RED: "■", Light.UNKNOWN: "?"}
WORDS: Mapping[Light, str] = {Light.GREEN: "well", Light.AMBER: "watch", Light.RED: "act", Light.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class Lamp:
    name: str
    light: Light
    evidence: str
    """One line."""

    @property
    def glyph(self) -> str:
        return GLYPHS[self.light]

    @property
    def word(self) -> str:
        return WORDS[self.light]


@dataclass(frozen=True, slots=True)
class Known:
    """All that the lamps of a patient rest on."""

    plan: Plan | None
    """In force."""
    judged: Sequence[Judged]
    """Of `days`."""
    alerts: Mapping[str, Alert]
    """By kind: what lasts, whether or not somebody has seen to it."""
    still: float | None
    """Minutes of today's longest still stretch; `None`: unknown."""
    days: Sequence[Day]
    """The last 28, newest first."""
    no_plan: str = NO_PLAN

    @property
    def today(self) -> date:
        return self.days[0].date

    @property
    def phase(self) -> Phase | None:
        """That of today."""
        return None if self.plan is None else phase_of(self.plan, self.today)


def lasting(alerts: Iterable[Alert]) -> dict[str, Alert]:
    """By kind, those that still hold: not over, not taken back, not held back, and not said to be something else."""
    states = (State.OPEN, State.SNOOZED, State.ACKED)
    return {alert.kind: alert for alert in alerts if alert.state in states and alert.label is None}


def lamps(known: Known) -> tuple[Lamp, Lamp, Lamp, Lamp]:
    return (
        Lamp("Active?", *_active(known)),
        Lamp("Correct?", Light.UNKNOWN, "not measured yet"),
        Lamp("Sticking?", *_sticking(known)),
        Lamp("Keeping it up?", *_kept_up(known)),
    )


def course(plan: Plan | None, today: date) -> str | None:
    """ "week 3 of 8": of the active course. `None`: there is none to tell of."""
    if plan is None:
        return None
    if over := _over(plan, today):
        return over
    now = phase_of(plan, today)
    first = min((phase.start for phase in plan.phases if phase.stage is Stage.ACTIVE), default=None)
    if now is None:
        return f"plan begins {words.day(min(p.start for p in plan.phases))}"
    if now.stage is not Stage.ACTIVE or first is None:
        later = f", active from {words.day(first)}" if first and first > today else ""
        return f"{now.stage} stage, week {(today - now.start).days // 7 + 1}{later}"
    last, credit = max(phase.end for phase in plan.phases if phase.stage is Stage.ACTIVE), plan.course.credit_weeks
    return f"week {(today - first).days // 7 + 1 + credit} of {((last - first).days + 7) // 7 + credit}"


def _over(plan: Plan, today: date) -> str | None:
    ends = max(phase.end for phase in plan.phases)
    return f"plan over since {words.day(ends)}" if today > ends else None


def phase_of(plan: Plan, today: date) -> Phase | None:
    return next((phase for phase in reversed(plan.phases) if phase.start <= today <= phase.end), None)


Seen = tuple[Light, str]


def _active(known: Known) -> Seen:
    plan = known.plan
    if said := _said(known, "no_active_exercise"):
        return Light.RED, said
    if plan is None:
        return Light.UNKNOWN, known.no_plan
    if over := _over(plan, known.today):
        return Light.UNKNOWN, over
    if any(passive_only(plan)):
        return Light.RED, "the plan has no active exercise"
    if any(passive_to_the_end(plan)):
        return Light.RED, "the plan ends passive: nothing active comes after"
    if said := _said(known, "active_overdue"):
        return Light.AMBER, said
    for rule, said in _DOUBTS:
        if any(rule(plan)):
            return Light.AMBER, said
    sessions = [session for phase in plan.phases for session in phase.sessions]
    names = dict.fromkeys(session.name for session in sessions if any(active(item) for item in session.items))
    return Light.GREEN, f"active exercise in {', '.join(names)}"


_DOUBTS = (
    (mostly_passive, "less than three quarters of the active stage is active"),
    (long_passive_stage, "the passive stage is long"),
    (other_region, "no exercise is for the injured region"),
)


def _sticking(known: Known) -> Seen:
    low = known.alerts.get("adherence_low")
    level = low.evidence.get("level") if low else None
    if said := _said(known, "likely_stopped") or (_said(known, "adherence_low") if level == VERY_LOW else None):
        return Light.RED, said
    if said := _said(known, "not_seen_in_a_row") or _said(known, "adherence_low"):
        return Light.AMBER, said
    week, month = _kept(known)
    if not week.eligible + week.unknown + month.eligible + month.unknown:
        return Light.UNKNOWN, known.no_plan if known.plan is None else "nothing to judge yet"
    return _how_much(week, month, known.plan), f"7 days {_share(week)}; 28 days {_share(month)}"


def _how_much(week: Adherence, month: Adherence, plan: Plan | None) -> Light:
    """By four weeks; a low week warns, but a good one proves nothing where the weeks before it are not known, nor they without it."""
    own = plan.thresholds if plan else None
    amber, red = (own and own.adherence_amber) or CUTS.amber, (own and own.adherence_red) or CUTS.red
    lately, long = _sure(week), _sure(month)
    if long is not None and long < red:
        return Light.RED
    if any(share is not None and share < amber for share in (lately, long)):
        return Light.AMBER
    doubtful = week.unknown and not week.enough
    return Light.UNKNOWN if long is None or doubtful else Light.GREEN


def _kept(known: Known) -> tuple[Adherence, Adherence]:
    """Of 7 days and of 28."""
    week, month = (adherence(known.judged, known.days[back].start, known.days[0].end) for back in (6, 27))
    return week, month


def _sure(kept: Adherence) -> float | None:
    """0..1; `None` where too little is known for a light."""
    return kept.mid if kept.enough and kept.eligible >= CUTS.sessions else None


def _share(kept: Adherence) -> str:
    return words.bounds(kept) if kept.eligible else "not known"


def _kept_up(known: Known) -> Seen:
    phase = known.phase
    if phase and phase.stage is Stage.MAINTENANCE and phase.goals:
        light, said = _goals(phase, known)
    else:
        light, said = _so_far(known)
    if light in (Light.GREEN, Light.UNKNOWN) and (still := _still(known)):
        return Light.AMBER, f"{still}; {said}"
    return light, said


def _goals(phase: Phase, known: Known) -> Seen:
    week, before = (goals.met(phase, known.judged, days) for days in (known.days[:7], known.days[7:14]))
    said = f"7 days: {', '.join(goal.words for goal in week)}"
    if all(goal.low >= goal.due for goal in week):
        return (Light.GREEN if week else Light.UNKNOWN), said
    if not _judged(known, known.days[:7]) or all(goal.high >= goal.due for goal in week):
        return Light.UNKNOWN, said
    lapsed = _judged(known, known.days[7:14]) and any(
        max(one.high / one.due, two.high / two.due) < goals.LAPSE for one, two in zip(week, before, strict=True)
    )
    return (Light.RED if lapsed else Light.AMBER), said


def _judged(known: Known, days: Sequence[Day]) -> bool:
    return any(days[-1].start <= one.end and one.start < days[0].end for one in known.judged)


def _so_far(known: Known) -> Seen:
    at = course(known.plan, known.today)
    if at is None:
        return Light.UNKNOWN, known.no_plan
    week, month = _kept(known)
    said = f"{at}; 28 days {_share(month)}; "
    said += "still time not known today" if known.still is None else f"longest still today {words.span(known.still)}"
    light = _how_much(week, month, known.plan)
    # who sits little has kept up nothing by that; before maintenance, how little is done is for the lamp before this one to say
    sure = known.phase and (known.still is not None if light is Light.GREEN else known.phase.stage is Stage.MAINTENANCE)
    return (light if sure else Light.UNKNOWN), said


def _still(known: Known) -> str | None:
    """What there is to say of sitting long, if anything."""
    if said := _said(known, "still_too_long"):
        return said
    longest = Stillness().nudge_minutes if known.plan is None else known.plan.sedentary.still_minutes
    return f"still for {words.span(known.still)} today" if known.still is not None and known.still >= longest else None


def _said(known: Known, kind: str) -> str | None:
    alert = known.alerts.get(kind)
    return SAID[kind](alert)[0].replace(f" {WHEN}", "") if alert else None
