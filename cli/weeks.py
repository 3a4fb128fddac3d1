"""A plan's weeks, drawn for the terminal: legible at 80 columns and without colour."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.options import stamp
from detectors.plan.dose import active, minutes, session_minutes
from detectors.plan.occurrence import Occurrence, Revision
from detectors.plan.plan import Goals, Phase, Plan, Quota, Session, Window
from detectors.plan.schedule import occurrences
from detectors.plan.term import FOREVER
from detectors.plan.units import WEEKDAYS
from ingest.batch import MICROS

FOLD = 4
"""So many weeks alike are drawn as one."""
ANY_DAY = "any day"


@dataclass(frozen=True, slots=True)
class Week:
    """One row of a phase; alike are those that differ in their date alone."""

    monday: date
    cells: tuple[str, ...]
    """Monday to Sunday; of days outside the phase empty."""
    counts: str
    """Of what may be done on any day, "w×4"."""
    minutes: float
    share: float | None
    """0..1 of the minutes that are exercise; `None`: none at all."""

    @property
    def drawn(self) -> tuple[object, ...]:
        return self.cells, self.counts, self.minutes, self.share


def planned(plan: Plan) -> list[Occurrence]:
    """All of it, as if it had always been in force and the patient never travelled."""
    return occurrences([Revision(plan, -FOREVER)], (), -FOREVER, FOREVER)


def told(one: Occurrence) -> dict[str, object]:
    """For machines; times UTC."""
    return {
        "id": one.id,
        "session": one.session.name,
        "stage": one.stage.value,
        "planned": None if one.planned is None else stamp(one.planned),
        "start": stamp(one.start),
        "end": stamp(one.end),
        "grace": stamp(one.grace),
        "excused": one.excused,
    }


def weeks(plan: Plan) -> Group:
    """Each phase: what its sessions are, and which day of which week has which."""
    about = f"{plan.id} for {plan.patient}, {plan.region.replace('_', ' ')}; times of {plan.timezone}"
    lines: list[RenderableType] = [Text(_plain(about), "bold"), *([Text(_plain(plan.goal))] if plan.goal else [])]
    by_day: dict[date, list[Occurrence]] = defaultdict(list)
    for one in planned(plan):
        by_day[_day(one, plan.zone)].append(one)
    for phase in plan.phases:
        lines += [Text(), *_phase(phase, plan, by_day)]
    return Group(*lines)


def _day(one: Occurrence, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp((one.start if one.planned is None else one.planned) // MICROS, zone).date()


def _phase(phase: Phase, plan: Plan, by_day: Mapping[date, Sequence[Occurrence]]) -> Iterator[RenderableType]:
    days = (phase.end - phase.start).days + 1
    title = (
        f"{phase.name}: {phase.stage.value}, {_date(phase.start)} {phase.start.year} to {_date(phase.end)} {phase.end.year}, {days} days"
    )
    yield Text(title.removesuffix("s") if days == 1 else title, "bold")
    if phase.goals:
        yield Text(f"  goals: {_goals(phase.goals)}")
    if not phase.sessions:
        yield Text("  no sessions are planned")
        return
    marks = _marks(phase)
    yield _legend(phase, marks)
    yield from _grid(list(_weeks(phase, plan, by_day, marks)))
    for pause in plan.pauses:
        if pause.start <= phase.end and pause.end >= phase.start:
            yield Text(f"  ( ) paused {_date(pause.start)} to {_date(pause.end)}{_plain(f': {pause.why}') if pause.why else ''}")


def _plain(text: str) -> str:
    """Without what would tell the terminal to do something."""
    return "".join(letter for letter in text if letter.isprintable())


def _date(day: date) -> str:
    return f"{day.day} {day:%b}"


def _legend(phase: Phase, marks: Mapping[str, str]) -> Table:
    legend = Table.grid(padding=(0, 2, 0, 0))
    for session in phase.sessions:
        legend.add_row(f"  {marks[session.name]}", Text(f"{session.name}: {_when(session)}"))
    return legend


def _marks(phase: Phase) -> dict[str, str]:
    """A letter for each session, of its name where one is free."""
    marks: dict[str, str] = {}
    for name in dict.fromkeys(session.name for session in phase.sessions):
        letters = [letter for letter in name.lower() if letter.isalnum()]
        free = (mark for mark in [*letters, *"123456789abcdefghijklmnopqrstuvwxyz"] if mark not in marks.values())
        marks[name] = next(free, "?")
    return marks


def _when(session: Session) -> str:
    when = session.when
    about = f"about {session_minutes(session):.0f} min"
    if isinstance(when, Quota):
        apart = f", {when.min_gap / 86_400:g} d apart" if when.min_gap else ""
        return f"{when.per_week} a week on any day{apart}, {about}"
    days = "every day" if len(set(when.days)) == 7 else " ".join(day for day in WEEKDAYS if day in when.days)
    every = f" every {when.every // 7} weeks" if when.every > 7 else ""
    make_up = {"none": "", "24h": ", or 24 h after", "same_week": ", or until Sunday"}[session.make_up]
    return f"{days} {when.at:%H:%M}{every} ({_window(session.window, when.at)}{make_up}), {about}"


def _window(window: Window, at: time) -> str:
    """By the clock, or in hours where it leaves the day."""
    planned = datetime.combine(date(2000, 1, 1), at)
    start, end = planned - timedelta(seconds=window.early), planned + timedelta(seconds=window.late)
    if start.date() == end.date():
        return f"{start:%H:%M} to {end:%H:%M}"
    return f"from {window.early / 3600:g} h before to {window.late / 3600:g} h after"


def _goals(goals: Goals) -> str:
    said = {"core on {} days": goals.core_days, "{} aerobic minutes": goals.aerobic_minutes, "strength on {} days": goals.strength_days}
    return ", ".join(text.format(number) for text, number in said.items() if number is not None) + " a week"


def _weeks(phase: Phase, plan: Plan, by_day: Mapping[date, Sequence[Occurrence]], marks: Mapping[str, str]) -> Iterator[Week]:
    monday = phase.start - timedelta(days=phase.start.weekday())
    while monday <= phase.end:
        days = [monday + timedelta(days=n) for n in range(7)]
        inside = [phase.start <= day <= phase.end for day in days]
        found = [one for day, counts in zip(days, inside, strict=True) if counts for one in by_day.get(day, ())]
        cells = tuple(_cell(day, plan, by_day.get(day, ()), marks) if counts else "" for day, counts in zip(days, inside, strict=True))
        yield Week(monday, cells, _counts(found, marks), *_minutes(found))
        monday += timedelta(days=7)


def _cell(day: date, plan: Plan, found: Sequence[Occurrence], marks: Mapping[str, str]) -> str:
    said = "".join(marks[one.session.name] for one in found if not one.quota)
    if any(pause.start <= day <= pause.end for pause in plan.pauses):
        return f"({said or ' '})"
    return said or "·"


def _counts(found: Sequence[Occurrence], marks: Mapping[str, str]) -> str:
    counts = Counter((marks[one.session.name], one.excused is not None) for one in found if one.quota)
    ordered = sorted(counts.items(), key=lambda count: list(marks.values()).index(count[0][0]))
    return " ".join(f"({mark}×{n})" if excused else f"{mark}×{n}" for (mark, excused), n in ordered)


def _minutes(found: Sequence[Occurrence]) -> tuple[float, float | None]:
    items = [item for one in found if one.excused is None for item in one.session.items if not item.optional]
    exercise, whole = sum(minutes(item) for item in items if active(item)), sum(map(minutes, items))
    return sum(session_minutes(one.session) for one in found if one.excused is None), exercise / whole if whole else None


def _grid(rows: Sequence[Week]) -> Iterator[Text]:
    wide = max(5, *(len(cell) + 2 for row in rows for cell in row.cells))
    many = max((len(row.counts) for row in rows), default=0)
    many = max(many, len(ANY_DAY)) + 2 if many else 0
    head = "".join(f"{day.capitalize():<{wide}}" for day in WEEKDAYS)
    yield Text(f"  {'week':<13}{head}{ANY_DAY if many else '':<{many}}{'min':>4}{'active':>8}", "dim")
    for _, group in groupby(rows, key=lambda row: row.drawn):
        alike = list(group)
        for row in alike if len(alike) < FOLD else alike[:1]:
            cells = "".join(f"{cell:<{wide}}" for cell in row.cells)
            share = "" if row.share is None else f"{row.share:.0%}"
            yield Text(f"  {_week(row)}  {_date(row.monday):>6}  {cells}{row.counts:<{many}}{row.minutes:>4.0f}{share:>8}")
        if len(alike) >= FOLD:
            yield Text(f"  … and {len(alike) - 1} more weeks like it, to {_week(alike[-1])}")


def _week(row: Week) -> str:
    return f"W{row.monday.isocalendar().week:02}"
