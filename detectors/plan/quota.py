"""The occurrences of one ISO week: sessions the patient does so many times, on days of their choice."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from detectors.plan.occurrence import Occurrence
from detectors.plan.plan import Phase, Quota
from detectors.plan.term import Term
from ingest.batch import MINUTE


def quota(monday: date, terms: Iterable[Term]) -> Iterator[Occurrence]:
    """What the week that begins on `monday` asks for. A week two phases share is numbered through."""
    given: Counter[tuple[str, str]] = Counter()
    for term, phase, days in _parts(monday, terms):
        yield from _of_part(term, phase, days, given)


def _parts(monday: date, terms: Iterable[Term]) -> Iterator[tuple[Term, Phase, list[date]]]:
    """The week's days, each for the first plan that asks for something on them and is in force when they begin.

    A plan keeps the days it began with until the week is over, so that nobody owes two plans' walks in one week.
    """
    taken: set[date] = set()
    week = [monday + timedelta(days=n) for n in range(7)]
    for term in terms:
        for phase in term.plan.phases:
            if phase.end < week[0] or phase.start > week[-1] or not any(isinstance(session.when, Quota) for session in phase.sessions):
                continue
            days = [day for day in week if phase.start <= day <= phase.end and day not in taken and term.midnight(day) >= term.since]
            if days and term.midnight(days[0]) < term.until:
                taken.update(days)
                yield term, phase, days


def _of_part(term: Term, phase: Phase, days: list[date], given: Counter[tuple[str, str]]) -> Iterator[Occurrence]:
    covered = [day for day in days if not term.paused(day)]
    excused = None if covered else term.paused(days[0])
    covered = covered or days
    start, end = term.midnight(covered[0]), term.midnight(covered[-1] + timedelta(days=1))
    # a day may be left out whole by who crosses the date line
    end = max(end, start + MINUTE)
    year, week, _ = days[0].isocalendar()
    for session in phase.sessions:
        if isinstance(session.when, Quota):
            for _ in range(prorated(session.when.per_week, len(covered))):
                given[term.plan.id, session.name] += 1
                id_ = f"{term.plan.id}/{session.name}/{year}-W{week:02}/{given[term.plan.id, session.name]}"
                yield Occurrence(id_, session, phase.stage, None, start, end, end, excused)


def prorated(per_week: int, days: int) -> int:
    """Of so many a week, how many in so many days of one; no half can arise, for seven is odd."""
    return round(per_week * days / 7)
