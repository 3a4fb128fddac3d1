"""Of exercises and their dose: enough, not too much, and within what is safe."""

from collections.abc import Iterator

from detectors.plan.dose import active, session_minutes, weekly
from detectors.plan.exercises import EXERCISES
from detectors.plan.parts import items, phases, sessions
from detectors.plan.plan import Kind, Phase, Plan, Session, Stage
from detectors.plan.rule import Said

ADVISED_AGAINST = frozenset({"e_stim", "tens", "ultrasound", "traction"})
"""(WHO 2023 and NICE NG59 advise against TENS; `domain` D1.)"""
MOST_EXERCISES = 6
"""In one session; more, and the frequency is kept less often (odds ratio 0.2; `domain` §3.4)."""
STABILISATION_A_WEEK = (3, 5)
SESSION_MINUTES = (15, 35)
"""(Both: 3–5 times a week for 20–30 min explain the effect, Mueller & Niederer 2020; the session with some room, `domain` §3.4.)"""
HIGHEST_TARGET = 0.85
"""Of the maximal heart rate (`domain` §3.4)."""


def advised_against(plan: Plan) -> Iterator[Said]:
    """R05, `domain` D1."""
    for path, item in items(plan):
        if item.exercise in ADVISED_AGAINST:
            yield (
                "info",
                path,
                f"Guidelines for low-back pain advise against {item.exercise} (WHO 2023, NICE NG59); consider leaving it out.",
            )


def many_exercises(plan: Plan) -> Iterator[Said]:
    """R06, `domain` §3.4."""
    for path, session in sessions(plan):
        count = sum(active(item) for item in session.items)
        if count > MOST_EXERCISES:
            yield (
                "warn",
                (*path, "items"),
                f"{session.name} has {count} exercises; with more than {MOST_EXERCISES} people keep it up less often. "
                f"Keep the {MOST_EXERCISES} that matter most.",
            )


def how_often(plan: Plan) -> Iterator[Said]:
    """R08 (Mueller & Niederer 2020), of the course; maintenance has goals."""
    low, high = STABILISATION_A_WEEK
    for path, phase in phases(plan, Stage.ACTIVE):
        count = _stabilisation_a_week(phase)
        if count and not low <= count <= high:
            yield "info", path, f"{phase.name} has stabilisation {count:g} times a week; {low} to {high} times are advised."


def _stabilisation_a_week(phase: Phase) -> float:
    return sum(weekly(session) for session in phase.sessions if stabilises(session))


def stabilises(session: Session) -> bool:
    return any(item.kind is Kind.STABILISATION for item in session.items)


def how_long(plan: Plan) -> Iterator[Said]:
    """R09 (Mueller & Niederer 2020)."""
    low, high = SESSION_MINUTES
    for path, session in sessions(plan):
        length = round(session_minutes(session))
        if stabilises(session) and not low <= length <= high:
            yield "info", (*path, "items"), f"{session.name} takes about {length} min; {low} to {high} min are advised."


def target_too_high(plan: Plan) -> Iterator[Said]:
    """R20, `domain` §5.2."""
    for path, item in items(plan):
        if item.hr_zone and plan.baseline.beta_blocker:
            yield "warn", (*path, "hr_zone"), f"Heart-rate zones do not hold with a beta blocker; give {item.exercise} an effort instead."
        elif item.hr_zone and item.hr_zone[1] > HIGHEST_TARGET:
            yield (
                "warn",
                (*path, "hr_zone"),
                f"{item.exercise} aims at up to {item.hr_zone[1]:.0%} of the maximal heart rate; stay at {HIGHEST_TARGET:.0%} or below.",
            )


def other_region(plan: Plan) -> Iterator[Said]:
    """R01 as a warning, `domain` S8: something active, but nothing for the injured region. What is not in the catalogue may be for it."""
    found = [(path, EXERCISES.get(item.exercise)) for path, item in items(plan) if active(item)]
    if found and not any(known is None or known.covers(plan.region) for _, known in found):
        yield "warn", ("region",), f"No exercise of this plan is for the {plan.region.replace('_', ' ')}. Add one, or correct region."
