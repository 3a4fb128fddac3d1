"""Days on which people said that nothing is to be expected of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from detectors import dates
from detectors.outcome import Source
from detectors.plan.occurrence import Occurrence, Zones
from detectors.report import Report, TimeOut
from detectors.session.answers import paused
from detectors.session.matching import by_week


def excused(planned: Sequence[Occurrence], reports: Sequence[Report], zones: Zones) -> list[tuple[Occurrence, Source]]:
    """`planned` in its order, the time outs filled in, and whose word each excuse is; the plan's is the therapist's.

    Of a week's quota as many are excused, the last ones, as the days off are worth; halves stay excused.
    """
    off = _off_days(planned, reports, zones) | _off_weeks(planned, reports, zones)
    out = []
    for one in planned:
        why = off.get(one.id)
        if why is None or one.excused is not None:
            out.append((one, Source.THERAPIST))
        else:
            out.append((replace(one, excused=why.why), Source(why.by)))
    return out


def _off_days(planned: Sequence[Occurrence], reports: Sequence[Report], zones: Zones) -> dict[str, TimeOut]:
    found = ((one.id, paused(reports, dates.day(one.planned, zones))) for one in planned if one.planned is not None)
    return {id_: out for id_, out in found if out is not None}


def _off_weeks(planned: Sequence[Occurrence], reports: Sequence[Report], zones: Zones) -> dict[str, TimeOut]:
    off: dict[str, TimeOut] = {}
    for group in by_week([one for one in planned if one.quota and one.excused is None]):
        days = _days(dates.day(group[0].start, zones), dates.day(group[0].end - 1, zones))
        outs = [out for day in days if (out := paused(reports, day)) is not None]
        due = len(group) * (len(days) - len(outs)) // len(days)
        off |= {one.id: outs[0] for one in group[due:]} if outs else {}
    return off


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
