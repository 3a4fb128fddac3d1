"""The words: what a lock screen may show, and the therapist's two lines. Pure; every text about a simulated patient says so.

Rules (research note `domain` §5.3): grade 6 or below (Flesch-Kincaid), no blame, no cause, nothing clinical where others may read it.
"""

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Audience
from alerts.hours import local
from detectors.finding import Finding
from ingest.batch import MINUTE

FIRST = "first"
CORRECTION = "correction"

WALK = (
    "Time for a short walk.",
    "A short walk would feel good now.",
    "How about a short walk?",
    "Up for a few steps?",
    "A few steps would be nice now.",
    "This is a good time to move a bit.",
)
BAND = (
    "Is your band charged and close by?",
    "Please look at your band. Is it on and charged?",
    "We have not heard from your band. Is it charged?",
    "Your band has been quiet. Please wear it if you can.",
    "Could you check that your band is charged?",
    "Your band may need a charge.",
)
NOTE = ("You have a new note.", "There is a new note for you.", "A new note came in for you.")
LET_GO = ("You can let our last note go.", "Our last note does not count.", "Please let our last note go. We know more now.")
TO_PATIENT: Mapping[str, tuple[str, ...]] = {"still_too_long": WALK, "silent_band": BAND}


def notice(audience: Audience, patient: str, kind: str, step: str, virtual: bool, turn: int) -> str:
    """What a lock screen, a mail's subject or a message on a broker may show. `turn` picks among the ways to say it."""
    if audience is Audience.THERAPIST:
        said = f"There is a new note on {patient}." if step == FIRST else f"Please set our last note on {patient} aside."
    else:
        ways = TO_PATIENT.get(kind, NOTE) if step == FIRST else LET_GO
        said = ways[turn % len(ways)]
    return f"Virtual: {said}" if virtual else said


def line(about: Finding | Alert, zone: ZoneInfo, virtual: bool) -> str:
    """For the therapist, at most two lines: pseudonym, fact, window in the patient's local time, coverage; then a proposed action."""
    fact, proposal = SAID.get(about.kind, (_fact, "look at the day."))
    who = f"{about.patient} (virtual)" if virtual else about.patient
    return f"{who}: {fact(about, window(about.start, about.end, zone))}{_coverage(about)}.\nProposed: {proposal}"


def window(start: int, end: int | None, zone: ZoneInfo) -> str:
    """ "Mon 02 Nov 10:05–11:00", local; "since …" while it lasts."""
    begun = f"{local(start, zone):%a %d %b %H:%M}"
    if end is None:
        return f"since {begun}"
    same_day = local(start, zone).date() == local(end, zone).date()
    return f"{begun}–{local(end, zone):{'%H:%M' if same_day else '%a %d %b %H:%M'}}"


def _coverage(about: Finding | Alert) -> str:
    coverage = about.evidence.get("coverage")
    return "" if coverage is None else f", {100 * float(coverage):.0f} % of it heard"


def _still(about: Finding | Alert, when: str) -> str:
    minutes = about.evidence.get("still_min")
    if minutes is None and about.end is not None:
        minutes = (about.end - about.start) // MINUTE
    return f"still {when}" if minutes is None else f"still for {float(minutes):.0f} min, {when}"


def _silent(_: Finding | Alert, when: str) -> str:
    return f"band not heard {when}; what was done then is unknown"


def _fact(about: Finding | Alert, when: str) -> str:
    return f"{about.kind.replace('_', ' ')}, {when}"


SAID: Mapping[str, tuple[Callable[[Finding | Alert, str], str], str]] = {
    "still_too_long": (_still, "agree on short walks in the day."),
    "silent_band": (_silent, "ask whether the band is charged, worn and near its receiver."),
}
