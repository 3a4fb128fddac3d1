"""Of the clock: nobody is disturbed at night, and one session can be told from the next."""

from collections.abc import Iterator
from datetime import time
from itertools import combinations

from detectors.plan.parts import phases, sessions, sessions_of
from detectors.plan.plan import Fixed, Plan, Session
from detectors.plan.rule import Said
from detectors.plan.units import WEEKDAYS

QUIET = (time(21, 30), time(7, 30))
"""Where a plan names no quiet hours (`domain` §2.7)."""
DAY = 86_400
WEEK = 7 * DAY


def quiet(at: time, plan: Plan) -> tuple[time, time] | None:
    """The quiet hours that hold then."""
    hours = plan.quiet_hours or (QUIET,)
    return next((span for span in hours if within(at, span)), None)


def within(at: time, span: tuple[time, time]) -> bool:
    """The span reaches over midnight where it ends before it begins."""
    start, end = span
    return start <= at < end if start < end else at >= start or at < end


def disturbed(plan: Plan) -> Iterator[Said]:
    """R13, `domain` §3.4: quiet hours always win, so the patient could not even be asked."""
    for path, session in sessions(plan):
        if isinstance(session.when, Fixed) and (hours := quiet(session.when.at, plan)):
            yield (
                "error",
                (*path, "when", "at"),
                f"{session.name} at {session.when.at:%H:%M} is in quiet hours ({hours[0]:%H:%M}-{hours[1]:%H:%M}); "
                "choose another time, or change quiet_hours.",
            )


def overlapping(plan: Plan) -> Iterator[Said]:
    """R14, `domain` §3.4: what is seen then could be either."""
    for root, phase in phases(plan):
        placed = [(path, session, list(_windows(session))) for path, session in sessions_of(root, phase)]
        for path, session, spans in placed:
            if any(_meet(a, b) for a, b in combinations(spans, 2)):
                yield "warn", (*path, "window"), f"The windows of {session.name} reach into each other from day to day; make them shorter."
        for (_, one, some), (path, other, others) in combinations(placed, 2):
            if any(_meet(a, b) for a in some for b in others):
                yield (
                    "warn",
                    (*path, "window"),
                    f"The windows of {one.name} and {other.name} overlap, so one could be taken for the other; "
                    "make them shorter, move one, or make one session of both.",
                )


def _windows(session: Session) -> Iterator[tuple[int, int]]:
    """Seconds after Monday 00:00, and how long."""
    if isinstance(session.when, Fixed):
        at = session.when.at.hour * 3600 + session.when.at.minute * 60
        for day in set(session.when.days):
            yield WEEKDAYS.index(day) * DAY + at - session.window.early, session.window.early + session.window.late


def _meet(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """On the ring of a week."""
    return (b[0] - a[0]) % WEEK < a[1] or (a[0] - b[0]) % WEEK < b[1]
