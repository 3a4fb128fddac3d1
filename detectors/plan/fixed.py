"""The occurrences of one day: sessions that have a weekday and a time."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta

from detectors.plan.occurrence import Occurrence
from detectors.plan.plan import Fixed, Phase, Session, Stage
from detectors.plan.term import Term
from detectors.plan.units import WEEKDAYS
from ingest.batch import DAY, MICROS, MINUTE


def fixed(day: date, terms: Iterable[Term]) -> Iterator[Occurrence]:
    """What is planned on `day`, each by the revision in force when its window begins; what had begun is not planned again."""
    for _, _, one in placed(day, terms):
        yield one


def placed(day: date, terms: Iterable[Term]) -> Iterator[tuple[Term, Phase, Occurrence]]:
    """The same, each with the revision and the phase it stems from."""
    begun: set[str] = set()
    for term in terms:
        for phase, one in _planned(term, day):
            if term.holds(one.start) and one.id not in begun:
                begun.add(one.id)
                yield term, phase, one


def monday(day: date) -> date:
    """That begins the day's ISO week."""
    return day - timedelta(days=day.weekday())


def _planned(term: Term, day: date) -> Iterator[tuple[Phase, Occurrence]]:
    """The day by one plan alone, in force or not."""
    namesakes: Counter[str] = Counter()
    for phase in term.plan.phases:
        for session in phase.sessions if phase.start <= day <= phase.end else ():
            clock = _clock(session, phase, day)
            if clock is not None:
                namesakes[session.name] += 1
                again = f"/{namesakes[session.name]}" if namesakes[session.name] > 1 else ""
                id_ = f"{term.plan.id}/{session.name}/{day.isoformat()}{again}"
                yield phase, _occurrence(term, phase.stage, id_, session, day, term.at(day, clock))


def _clock(session: Session, phase: Phase, day: date) -> time | None:
    """When on that day of the phase; `None`: not then. Weeks are counted from the phase's first ISO week."""
    when = session.when
    if not isinstance(when, Fixed) or WEEKDAYS[day.weekday()] not in when.days:
        return None
    return when.at if (monday(day) - monday(phase.start)).days % when.every == 0 else None


def _occurrence(term: Term, stage: Stage, id_: str, session: Session, day: date, planned: int) -> Occurrence:
    start = planned - session.window.early * MICROS
    # a minute is the least in which anything can be seen
    end = max(planned + session.window.late * MICROS, start + MINUTE)
    return Occurrence(id_, session, stage, planned, start, end, _grace(term, session, day, end), term.paused(day))


def _grace(term: Term, session: Session, day: date, end: int) -> int:
    if session.make_up == "24h":
        return end + DAY
    if session.make_up == "same_week":
        return max(end, term.midnight(monday(day) + timedelta(days=7)))
    return end
