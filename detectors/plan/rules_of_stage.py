"""Of the stages: from passive to active, six to eight weeks of it, and kept up after (the leaflet's first, third and fourth reason)."""

from collections.abc import Iterator
from itertools import pairwise

from detectors.plan.dose import active, minutes, weekly
from detectors.plan.parts import days, items, phases, runs, sessions_of
from detectors.plan.plan import Kind, Phase, Plan, Stage
from detectors.plan.remark import Level, Path
from detectors.plan.rule import Said

PASSIVE_DAYS = 14
"""Longest passive stage without a remark (`domain` D2; a therapist may set `thresholds.passive_days`)."""
PASSIVE_DAYS_AT_MOST = 28
"""(`domain` §3.4.)"""
ACTIVE_SHARE = 0.75
"""Of the prescribed minutes of an active phase (`domain` D1, after the billing ratio of Fritz 2007; to be signed off by a clinician)."""
COURSE_DAYS, FULL_COURSE_DAYS = 42, 56
"""Six to eight weeks (the leaflet; stabilisation trials run 7.0 ± 3.3 weeks, Mueller & Niederer 2020)."""
AEROBIC_MINUTES = 150
"""A week, moderate (WHO 2020)."""


def weekly_minutes(phase: Phase, among: frozenset[bool]) -> float:
    """Of a phase's items that are active or not, as `among` says; optional ones left out."""
    found = [(session, item) for session in phase.sessions for item in session.items if not item.optional]
    return sum(minutes(item) * weekly(session) for session, item in found if active(item) in among)


def passive_only(plan: Plan) -> Iterator[Said]:
    """R01, `domain` S3: the leaflet's first reason why a programme fails."""
    if not any(active(item) and not item.optional for _, item in items(plan)):
        yield (
            "error",
            ("phases",),
            "This plan has no active exercise. Add one for the region, e.g. walk or bird_dog: "
            "packs, massage and stimulation alone do not last.",
        )


def mostly_passive(plan: Plan) -> Iterator[Said]:
    """R02, `domain` D1."""
    for path, phase in phases(plan, Stage.ACTIVE):
        done, whole = weekly_minutes(phase, frozenset({True})), weekly_minutes(phase, frozenset({True, False}))
        if whole and 0 < done < ACTIVE_SHARE * whole:
            yield (
                "warn",
                path,
                f"Only {done / whole:.0%} of the minutes of {phase.name} are active; plan at least {ACTIVE_SHARE:.0%}: "
                "more exercise, fewer passive items, or make these optional.",
            )


def long_passive_stage(plan: Plan) -> Iterator[Said]:
    """R03, `domain` D2: passive care is for the beginning."""
    allowed = plan.thresholds.passive_days or PASSIVE_DAYS
    for run in runs(plan, Stage.PASSIVE):
        length, path = sum(days(phase) for _, phase in run), run[0][0]
        if length > allowed:
            level: Level = "error" if length > max(allowed, PASSIVE_DAYS_AT_MOST) else "warn"
            yield level, (*path, "to"), f"The passive stage lasts {length} days; end it after {allowed}, and let an active phase follow."


def passive_to_the_end(plan: Plan) -> Iterator[Said]:
    """R04, `domain` S7: lasting relief needs the step to an active phase."""
    *_, (path, last) = phases(plan)
    if last.stage is Stage.PASSIVE:
        yield "error", path, f"Nothing active comes after {last.name}. Add a phase with stage: active that begins the day after it."


def short_course(plan: Plan) -> Iterator[Said]:
    """R07, the leaflet: at least six to eight weeks, so that it does not come back."""
    planned = sum(days(phase) for _, phase in phases(plan, Stage.ACTIVE)) + 7 * plan.course.credit_weeks
    path: Path = next((path for path, _ in phases(plan, Stage.ACTIVE)), ("phases",))
    if planned < COURSE_DAYS:
        yield (
            "warn",
            path,
            f"The active course has {planned} days; plan at least {COURSE_DAYS} (6 weeks), better {FULL_COURSE_DAYS}. "
            "Weeks done elsewhere go into course: {credit_weeks: …}.",
        )
    elif planned < FULL_COURSE_DAYS:
        yield "info", path, f"The active course has {planned} days, more than 6 weeks; 8 weeks ({FULL_COURSE_DAYS} days) is the aim."


def nothing_to_keep_up(plan: Plan) -> Iterator[Said]:
    """R10, `domain` S19: the leaflet's fourth reason."""
    if not any(phases(plan, Stage.MAINTENANCE)):
        yield (
            "warn",
            ("phases",),
            "No maintenance phase follows the course. Add one with stage: maintenance and goals, so that it is kept up.",
        )


def goal_missing(plan: Plan) -> Iterator[Said]:
    """R11, `domain` D15: core, aerobic and strength (WHO 2020)."""
    for path, phase in phases(plan, Stage.MAINTENANCE):
        given = phase.goals.model_dump() if phase.goals else {}
        for name, example in (("core_days", 2), ("aerobic_minutes", AEROBIC_MINUTES), ("strength_days", 2)):
            if given.get(name) is None:
                yield "warn", (*path, "goals"), f"{phase.name} has no goal for {name}; write e.g. {name}: {example}."


def phases_apart(plan: Plan) -> Iterator[Said]:
    """R15, `domain` §3.4: every day belongs to one phase."""
    for (_, before), (path, after) in pairwise(phases(plan)):
        between = (after.start - before.end).days - 1
        if between > 0:
            yield (
                "error",
                (*path, "from"),
                f"{between} days lie between {before.name} and {after.name}; let {after.name} begin the day after.",
            )
        elif between < 0:
            yield (
                "error",
                (*path, "from"),
                f"{after.name} begins on {after.start}, before {before.name} has ended on {before.end}; let it begin the day after.",
            )


def little_aerobic(plan: Plan) -> Iterator[Said]:
    """R18, `domain` D15 (WHO 2020)."""
    for path, phase in phases(plan, Stage.MAINTENANCE):
        goal = phase.goals.aerobic_minutes if phase.goals else None
        planned = sum(
            minutes(item) * weekly(session)
            for _, session in sessions_of(path, phase)
            for item in session.items
            if item.kind is Kind.AEROBIC
        )
        told = goal if goal is not None else planned
        if (goal is not None or planned) and told < AEROBIC_MINUTES:
            yield "info", (*path, "goals"), f"{phase.name} aims at {told:.0f} aerobic minutes a week; {AEROBIC_MINUTES} are advised."
