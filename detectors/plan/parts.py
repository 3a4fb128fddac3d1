"""The parts of a plan, each with its path."""

from collections.abc import Iterator
from itertools import groupby

from detectors.plan.plan import Item, Phase, Plan, Session, Stage
from detectors.plan.remark import Path


def phases(plan: Plan, stage: Stage | None = None) -> Iterator[tuple[Path, Phase]]:
    """All of them, or those of a stage."""
    for i, phase in enumerate(plan.phases):
        if stage is None or phase.stage is stage:
            yield ("phases", i), phase


def sessions(plan: Plan, stage: Stage | None = None) -> Iterator[tuple[Path, Session]]:
    for path, phase in phases(plan, stage):
        yield from sessions_of(path, phase)


def sessions_of(path: Path, phase: Phase) -> Iterator[tuple[Path, Session]]:
    for i, session in enumerate(phase.sessions):
        yield (*path, "sessions", i), session


def items(plan: Plan) -> Iterator[tuple[Path, Item]]:
    for path, session in sessions(plan):
        yield from items_of(path, session)


def items_of(path: Path, session: Session) -> Iterator[tuple[Path, Item]]:
    for i, item in enumerate(session.items):
        yield (*path, "items", i), item


def days(phase: Phase) -> int:
    """Both ends included."""
    return (phase.end - phase.start).days + 1


def runs(plan: Plan, stage: Stage) -> Iterator[list[tuple[Path, Phase]]]:
    """Phases of the stage that follow each other."""
    for found, group in groupby(phases(plan), key=lambda one: one[1].stage):
        if found is stage:
            yield list(group)
