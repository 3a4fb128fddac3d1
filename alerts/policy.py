"""Who is told of what, and when: one table. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from alerts.alert import Audience, State
from detectors.finding import Finding
from ingest.batch import DAY, HOUR, MICROS, MINUTE

NUDGE_STILL_MIN = 50
"""Minutes of stillness before a nudge: research note `domain` D16 (45–60 min, default 50); needs a clinician's sign-off."""
NUDGE_FRESH = 15 * MINUTE
"""A nudge rests on what was seen no longer ago than this: nobody is told to get up for having sat this morning."""
SILENT_PATIENT = 12
"""Hours of silence before the patient hears of it (research note `domain` D19) …"""
SILENT_THERAPIST = 48
"""… and the therapist."""
CORRECT_WITHIN = 72 * HOUR
"""Who was told longer ago than this is not bothered with a correction."""
MESSAGE_LASTS = 72 * HOUR
"""What could not be sent by then is not sent; the page still shows the alert. Longer than all of `BACKOFF`."""
FORGOTTEN = 30 * DAY
"""An alert that nobody answered and nothing ended expires after this."""
BACKOFF = tuple(seconds * MICROS for seconds in (5, 60, 300, 1800, 7200, 18_000, 36_000))
"""Waits after the first, second … failed sending; after the last one the message is dead."""
LEASE = 5 * MINUTE
"""How long a claimed message is its claimant's; a pass of `alerts.deliver` is over well before."""
LIVE = (State.OPEN, State.ACKED)
RETRACTABLE = (*LIVE, State.RESOLVED)
"""A bout that is over may still turn out never to have been one."""


class Shape(StrEnum):
    """How a finding is known again, and what it means when it is found no more."""

    SPAN = "span"
    """Known again by overlap; found no more: it never was (retracted)."""
    STATE = "state"
    """Known again by overlap, and open by the clock; found no more: it never was, or is over where it began out of sight."""
    OCCURRENCE = "occurrence"
    """Known again by its key; found no more: it never was (retracted)."""


@dataclass(frozen=True, slots=True)
class Telling:
    """`due(finding, now)`: this audience is to be told by now. A nudge is worth nothing later: never held, gone with its day."""

    audience: Audience
    due: Callable[[Finding, int], bool]
    nudge: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    shape: Shape = Shape.SPAN
    tellings: tuple[Telling, ...] = ()


def _sits_now(finding: Finding, now: int) -> bool:
    still = float(finding.evidence.get("still_min", 0))
    return still >= NUDGE_STILL_MIN and now - (finding.start + still * MINUTE) <= NUDGE_FRESH


def _silent_for(hours: float) -> Callable[[Finding, int], bool]:
    # The rule says how long: once the band is heard again the silence stands still, though what it said is not yet complete.
    return lambda finding, _: float(finding.evidence.get("silent_h", 0)) >= hours


MANNERS: Mapping[str, Manner] = {
    "still_too_long": Manner(Shape.SPAN, (Telling(Audience.PATIENT, _sits_now, nudge=True),)),
    "silent_band": Manner(
        Shape.STATE,
        (Telling(Audience.PATIENT, _silent_for(SILENT_PATIENT)), Telling(Audience.THERAPIST, _silent_for(SILENT_THERAPIST))),
    ),
}
"""By kind; a kind that is not here is a span that is kept and told to nobody."""


def shape(kind: str) -> Shape:
    return MANNERS.get(kind, Manner()).shape


def due(finding: Finding, now: int) -> tuple[Telling, ...]:
    """Who is to be told of the finding by `now` (µs UTC). What is over is told to nobody: there is nothing left to do about it."""
    if finding.end is not None:
        return ()
    return tuple(telling for telling in MANNERS.get(finding.kind, Manner()).tellings if telling.due(finding, now))
