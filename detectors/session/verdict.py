"""What becomes of one planned session, when all that speaks for and against it is together."""

from collections.abc import Sequence
from dataclasses import dataclass

from detectors.outcome import Outcome, Source
from detectors.plan.schedule import ANSWER, WAITED
from detectors.report import Report, Said
from detectors.session.answers import flared
from detectors.session.case import Case
from detectors.session.measures import Params
from ingest.batch import HOUR


@dataclass(frozen=True, slots=True)
class Bench:
    """As of when is judged, and by what."""

    end: int
    """Everything before is known, µs UTC."""
    now: int
    """µs UTC."""
    reports: Sequence[Report]
    params: Params


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    credit: float | None = None
    source: Source = Source.SENSOR
    ask: str | None = None


def verdict(case: Case, bench: Bench) -> Verdict | None:
    """`None`: nothing can be said yet. What was seen stands over what was said, and that over what was not seen."""
    return _seen(case, bench) or _excused(case, bench) or _said(case, bench) or _not_seen(case, bench)


def _seen(case: Case, bench: Bench) -> Verdict | None:
    one, params, dose = case.occurrence, bench.params, case.dose
    # days of a week's quota are given out anew with each day: they stand when the week is over
    if not _over(case, bench) and (one.quota or dose < params.done):
        return None
    if dose < (params.done if one.excused is not None else params.partial):
        return None
    if case.late:
        return Verdict(Outcome.LATE, round(dose, 2))
    return Verdict(Outcome.DONE, 1.0) if dose >= params.done else Verdict(Outcome.PARTIAL, round(dose, 2))


def _excused(case: Case, bench: Bench) -> Verdict | None:
    if case.occurrence.excused is None:
        return None
    return Verdict(Outcome.EXCUSED, source=case.excused_by) if bench.now >= case.occurrence.end else None


def _said(case: Case, bench: Bench) -> Verdict | None:
    answer = case.answer
    if case.occurrence.excused is not None:
        return None
    if answer is None:
        lost = case.another_done and case.wanted and bench.now >= case.occurrence.end
        return Verdict(Outcome.UNCLEAR) if lost else None
    source = Source(answer.by)
    if answer.said is Said.YES:
        return Verdict(Outcome.DONE, 1.0, source)
    if answer.said is Said.NOT_YET or bench.now < case.occurrence.end:
        return None
    if flared(bench.reports, answer, bench.params):
        return Verdict(Outcome.EXCUSED, source=source)
    # not today may yet be tomorrow, where the plan lets it be made up
    return Verdict(Outcome.NOT_SEEN, 0.0, source) if _past(case, bench) else Verdict(Outcome.ASKED, source=source)


def _not_seen(case: Case, bench: Bench) -> Verdict | None:
    one, params = case.occurrence, bench.params
    if one.excused is not None or bench.now < one.end:
        return None
    if not case.wanted:
        return Verdict(Outcome.UNVERIFIABLE)
    if bench.end < one.grace and bench.now >= one.grace + WAITED:
        return Verdict(Outcome.UNKNOWN)
    if bench.end >= one.grace and bench.now >= one.grace + ANSWER:
        return _settled(case, params)
    if bench.end < one.end or case.heard < params.heard:
        return None
    return Verdict(Outcome.ASKED, ask=("off" if case.window < params.worn and case.off else "not_seen") if case.asks else None)


def _settled(case: Case, params: Params) -> Verdict:
    """Unknown where too little was seen, or where one stretch of the window that was not seen could hold all of the session: a gateway that
    is off for 40 minutes of 150 leaves 0.73 of them, and may have been off for just the 25 that mattered."""
    # worn all the next day says nothing of a session for which the band was off
    if min(case.window, case.coverage or 0.0) < params.worn or not case.whole:
        return Verdict(Outcome.UNKNOWN)
    if case.p < params.unlikely and _reached(case, params):
        return Verdict(Outcome.NOT_SEEN, 0.0)
    return Verdict(Outcome.UNCLEAR)


def _reached(case: Case, params: Params) -> bool:
    """Did the patient know of the question while there was time to answer it?"""
    last = case.occurrence.grace + ANSWER
    in_time = case.asked is not None and case.asked <= last - params.answer_hours * HOUR
    return in_time or (case.answer is not None and case.answer.at <= last)


def _past(case: Case, bench: Bench) -> bool:
    """Is nothing more to come that would make up for it? Of what its window has ended."""
    one = case.occurrence
    return one.grace <= one.end or bench.end >= one.grace or bench.now >= one.grace + WAITED


def _over(case: Case, bench: Bench) -> bool:
    """Is nothing more to come that would make it done in time?"""
    return bench.end >= case.occurrence.end or bench.now >= case.occurrence.grace + WAITED
