"""The words: what a message says, and the therapist's two lines. Pure; every text about a simulated patient says so.

Rules (research note `domain` §5.3): grade 6 or below (Flesch-Kincaid), no blame, no cause, nothing clinical where others may read it.
The texts: `alerts.catalogue`, `alerts.corrections`, `alerts.answers` for patients, `alerts.lines` for therapists.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Audience
from alerts.answers import named
from alerts.catalogue import MESSAGES, OTHER
from alerts.corrections import CORRECTIONS, TAKEN_BACK
from alerts.hours import local
from alerts.lines import SAID, WHEN, other
from alerts.variety import choose
from detectors.finding import Finding
from detectors.outcome import KIND

FIRST = "first"
AGAIN = "again"
"""Over or taken back, and so after all; worded like the first."""
CORRECTION = "correction"
FOUND = "found"
"""A correction that says what was seen after all."""
_HEARD = frozenset({"still_too_long"})
"""Kinds found only where the band is worn: their coverage is of what was heard."""
_NO_FACTS: Mapping[str, str] = {}
_DAY = re.compile(r"/(\d{4}-\d\d-\d\d)$")
"""How the key of a session planned for a day ends; a quota's ends with its week, and no day is its."""


def notice(
    audience: Audience,
    patient: str,
    kind: str,
    step: str,
    virtual: bool,
    turn: int,
    detail: int = 0,
    recent: Sequence[str] = (),
    facts: Mapping[str, str] | None = None,
) -> str:
    """What a message says. `turn` picks among the ways of saying it that are not in `recent`: what the recipient was sent in the last
    `alerts.variety.FORTNIGHT` days, oldest first.

    `detail`: the patient's; 0 says nothing on a lock screen, 1 "your set", 2 what `facts` (see there) tells. Every `step` but
    `CORRECTION` and `FOUND` is worded like the first.
    """
    if audience is Audience.THERAPIST:
        said = f"Please set our last note on {patient} aside." if step in (CORRECTION, FOUND) else f"There is a new note on {patient}."
    else:
        known = _NO_FACTS if facts is None else facts
        levels = CORRECTIONS.get(kind, TAKEN_BACK) if step == FOUND else TAKEN_BACK
        if step not in (CORRECTION, FOUND):
            levels = MESSAGES.get(f"{kind}/{known.get('ask')}") or MESSAGES.get(kind, OTHER)
        said = choose(levels, detail, known, turn, recent)
    return f"Virtual: {said}" if virtual else said


def facts(about: Finding | Alert, zone: ZoneInfo) -> dict[str, str]:
    """What a patient's message may be filled with, in the patient's local time; what is not known is not among it."""
    told = {"session": named(str(about.evidence["session"]))} if "session" in about.evidence else {}
    told |= {"ask": str(about.evidence["ask"])} if "ask" in about.evidence else {}
    told |= {name: f"{float(value):.0f}" for name, value in _numbers(about).items()}
    planned = _DAY.search(about.key)
    if planned:
        return told | {"day": f"{date.fromisoformat(planned[1]):%A}"}
    return told if about.kind == KIND else told | {"day": f"{local(about.start, zone):%A}"}


def _numbers(about: Finding | Alert) -> dict[str, float | int | str]:
    names = {"minutes": "still_min", "percent": "percent"}
    return {name: about.evidence[known] for name, known in names.items() if known in about.evidence}


def line(about: Finding | Alert, zone: ZoneInfo, virtual: bool) -> str:
    """For the therapist, at most two lines: pseudonym, fact, window in the patient's local time, coverage; then a proposed action."""
    fact, proposal = SAID.get(about.kind, other)(about)
    who = f"{about.patient} (virtual)" if virtual else about.patient
    when = window(about.start, _end(about), zone)
    told = fact.replace(WHEN, when) if WHEN in fact else f"{fact}, {when}"
    return f"{who}: {told}{_coverage(about)}.\nProposed: {proposal}"


def window(start: int, end: int | None, zone: ZoneInfo) -> str:
    """ "Mon 02 Nov 10:05–11:00", local; "since …" while it lasts."""
    begun = local(start, zone)
    if end is None:
        return f"since {begun:%a %d %b %H:%M}"
    return f"{begun:%a %d %b %H:%M}–{_until(begun, local(end, zone))}"


def _until(begun: datetime, end: datetime) -> str:
    return f"{end:%H:%M}" if begun.date() == end.date() else f"{end:%a %d %b %H:%M}"


def _end(about: Finding | Alert) -> int | None:
    """A session's grace has its end even while its answer is awaited."""
    return int(about.evidence["until"]) if about.kind == KIND and "until" in about.evidence else about.end


def _coverage(about: Finding | Alert) -> str:
    coverage = about.evidence.get("coverage")
    how = "heard" if about.kind in _HEARD else "worn and heard"
    return "" if coverage is None else f", {100 * float(coverage):.0f} % of it {how}"
