"""What people said about a planned session, and what a flare of pain excuses."""

from collections.abc import Iterable, Sequence
from datetime import date
from statistics import median

from detectors.report import STALE, Answer, Back, Feeling, Pain, Reason, Report, TimeOut
from detectors.session.measures import Params
from ingest.batch import DAY, HOUR

MEDIAN = 7 * DAY
"""Scores of so long before make the usual pain (research note `domain` D10)."""


def answered(reports: Iterable[Report], occurrence: str) -> Answer | None:
    """The last word on it."""
    said = [report for report in reports if isinstance(report, Answer) and report.occurrence == occurrence]
    return max(said, key=lambda answer: (answer.at, answer.id), default=None)


def flared(reports: Sequence[Report], answer: Answer, params: Params) -> bool:
    """Did it hurt about the time of this answer: more pain than usual, a back that is worse, or "it hurt" for a reason?"""
    near = [report for report in reports if abs(report.at - answer.at) <= params.flare_hours * HOUR]
    return any(_hurts(report, reports, answer.occurrence, params) for report in near)


def _hurts(report: Report, reports: Sequence[Report], occurrence: str, params: Params) -> bool:
    if isinstance(report, Reason):
        return report.why == "it_hurt" and report.occurrence in (None, occurrence)
    if isinstance(report, Feeling):
        return report.back == "worse"
    usual = _usual(reports, report.at) if isinstance(report, Pain) else None
    return isinstance(report, Pain) and usual is not None and report.score >= usual + params.flare_points


def _usual(reports: Sequence[Report], at: int) -> float | None:
    """Median score of the week before; where there is none, the last that is not stale."""
    before = sorted((one.at, one.score) for one in reports if isinstance(one, Pain) and at - STALE <= one.at < at)
    week = [score for said, score in before if said >= at - MEDIAN]
    return float(median(week)) if week else (float(before[-1][1]) if before else None)


def paused(reports: Iterable[Report], day: date) -> TimeOut | None:
    """The time out this day lies in, by the last word on it."""
    outs = [one for one in reports if isinstance(one, TimeOut | Back) and one.first <= day and (isinstance(one, Back) or day <= one.last)]
    last = max(outs, key=lambda one: (one.at, one.id), default=None)
    return last if isinstance(last, TimeOut) else None
