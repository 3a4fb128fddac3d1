"""A plan's fixed sessions as iCalendar (RFC 5545), for the patient's own calendar."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import ceil, lcm
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from detectors.plan.dose import session_minutes
from detectors.plan.fixed import monday, placed
from detectors.plan.occurrence import Occurrence, Revision, Zones
from detectors.plan.plan import Fixed, Item, Phase, Session
from detectors.plan.term import EPOCH, Term, in_zone, terms
from detectors.plan.units import WEEKDAYS

TITLE = "Your plan"
"""All that may be read over somebody's shoulder."""
OURS = UUID("6f0f3f3e-8a53-5d0e-9f8e-0d2b7c1f4a11")
"""Under which the ids of events are made, so that none shows a patient, a plan or a session."""


@dataclass(slots=True)
class Series:
    """One fixed session of a phase, as long as one revision and one zone hold."""

    term: Term
    phase: Phase
    session: Session
    zone: ZoneInfo
    held: list[Occurrence] = field(default_factory=list)
    starts: list[datetime] = field(default_factory=list)
    """On the zone's wall clock, naive; one for each that is held."""

    @property
    def name(self) -> str:
        return f"{self.term.plan.id}/{self.phase.name}/{self.session.name}"


def calendar(revisions: Sequence[Revision], zones: Zones, now: int, *, detail: bool = False) -> bytes:
    """One event for each fixed session and phase; what is excused is left out, and weekly numbers are no events.

    `detail`: with the session's name and its items; otherwise it says nothing but that there is something to do. An event keeps its
    id as long as plan, phase and session keep their names; what an older revision or zone leaves behind gets one of its own.
    """
    diary = Calendar()
    for name, value in {"prodid": "-//KeepUp//plan//EN", "version": "2.0", "method": "PUBLISH", "x-wr-calname": TITLE}.items():
        diary.add(name, value)
    found = _series(terms(revisions, zones))
    for uid, series in _named(found):
        diary.add_component(_event(uid, series, len(revisions), now, detail))
    if found:
        days = [series.starts[n].date() for series in found for n in (0, -1)]
        diary.add_missing_timezones(min(days) - timedelta(days=366), max(days) + timedelta(days=366))
    return bytes(diary.to_ical())


def _series(held: Sequence[Term]) -> list[Series]:
    found: dict[tuple[object, ...], Series] = {}
    for day in _days(held):
        for term, phase, one in placed(day, held):
            if one.excused is None and one.planned is not None and isinstance(one.session.when, Fixed):
                zone = [zone for index, (since, zone) in enumerate(term.zones) if not index or since <= one.planned][-1]
                start = datetime.combine(day, one.session.when.at)
                skipped = in_zone(start, zone) != one.planned  # by a journey: no rule would say so
                key = (id(term), id(phase), id(one.session), zone.key, skipped and day)
                series = found.setdefault(key, Series(term, phase, one.session, zone))
                series.held.append(one)
                series.starts.append(_local(one.planned, zone) if skipped else start)
    return list(found.values())


def _days(held: Sequence[Term]) -> Iterator[date]:
    phases = [phase for term in held for phase in term.plan.phases]
    if phases:
        yield from map(date.fromordinal, range(min(p.start for p in phases).toordinal(), max(p.end for p in phases).toordinal() + 1))


def _named(found: Iterable[Series]) -> Iterator[tuple[str, Series]]:
    """The newest of a name goes by it, so that a calendar that knows it moves it on; earlier ones by their first session, too."""
    namesakes: dict[str, list[Series]] = defaultdict(list)
    for series in found:
        namesakes[series.name].append(series)
    for name, several in namesakes.items():
        *older, newest = sorted(several, key=lambda series: series.held[-1].start)
        yield from ((str(uuid5(OURS, f"{name}/{series.held[0].id}")), series) for series in older)
        yield str(uuid5(OURS, name)), newest


def _event(uid: str, series: Series, revision: int, now: int, detail: bool) -> Event:
    event = Event()
    event.add("uid", uid)
    event.add("sequence", revision)
    event.add("dtstamp", _utc(now))
    event.add("class", "PRIVATE")
    event.add("summary", series.session.name if detail else TITLE)
    if detail:
        event.add("description", "\n".join(_words(item) for item in series.session.items))
    event.add("dtstart", series.starts[0].replace(tzinfo=series.zone))
    event.add("duration", timedelta(minutes=max(1, ceil(session_minutes(series.session)))))
    if len(series.starts) > 1:
        _repeat(event, series)
    return event


def _repeat(event: Event, series: Series) -> None:
    when, last = series.session.when, series.held[-1].planned
    if not isinstance(when, Fixed) or last is None:
        return
    weeks = lcm(when.every, 7) // 7
    by_day = [day[:2].upper() for day in WEEKDAYS if day in when.days]
    event.add("rrule", {"freq": "weekly", "interval": weeks, "wkst": "MO", "byday": by_day, "until": _utc(last)})
    left_out = [at.replace(tzinfo=series.zone) for at in _said(series.starts, when, weeks) if at not in set(series.starts)]
    if left_out:
        event.add("exdate", left_out)


def _said(starts: list[datetime], when: Fixed, weeks: int) -> Iterator[datetime]:
    """What the rule alone would say."""
    first = starts[0]
    for n in range((starts[-1] - first).days + 1):
        at = first + timedelta(days=n)
        if WEEKDAYS[at.weekday()] in when.days and (monday(at.date()) - monday(first.date())).days % (7 * weeks) == 0:
            yield at


def _words(item: Item) -> str:
    sets = f"{item.sets} × " if item.sets > 1 else ""
    dose = f"{sets}{item.reps}" if item.reps else f"{item.sets} sets" if item.sets > 1 else ""
    hold = f"hold {item.hold} s" if item.hold else ""
    said = [dose, hold, f"{item.minutes:g} min" if item.minutes else "", "each side" if item.side == "both" else ""]
    return f"{item.exercise.replace('_', ' ')}: {', '.join(filter(None, said))}".rstrip(": ")


def _utc(instant: int) -> datetime:
    return EPOCH + timedelta(microseconds=instant)


def _local(instant: int, zone: ZoneInfo) -> datetime:
    return _utc(instant).astimezone(zone).replace(tzinfo=None)
