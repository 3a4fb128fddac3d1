"""Who is told of what, and when: one table. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum

from alerts.alert import Audience, State
from detectors.dates import instant
from detectors.finding import Finding
from detectors.outcome import KIND, SEEN, Outcome, Source
from detectors.rules.still_too_long import Params as Stillness
from ingest.batch import DAY, HOUR, MICROS, MINUTE, Cause

NUDGE_FRESH = 15 * MINUTE
"""A nudge rests on what was seen no longer ago than this: nobody is told to get up for having sat this morning."""
SILENT_PATIENT = 12
"""Hours of silence before the patient hears of it (research note `domain` D19) …"""
SILENT_THERAPIST = 48
"""… and the therapist."""
OURS = frozenset({Cause.GATEWAY, Cause.OVERFLOW, Cause.CORRUPT, Cause.CLOCK})
"""Causes of a silence that lie with the receiver: the patient need do nothing, and is not asked to."""
ANSWERABLE = 24 * HOUR
"""How long after a session's grace end its question can be answered, and is sent (research note `domain` §1.2, "asked")."""
CORRECT_WITHIN = 72 * HOUR
"""Who was told longer ago than this is not bothered with a correction …"""
REMEMBERED = CORRECT_WITHIN
"""… and is told once more of what is over and goes on after all; who was told since then knows (design)."""
MESSAGE_LASTS = 72 * HOUR
"""What could not be sent by then is not sent; the page still shows the alert. Longer than all of `BACKOFF`."""
URGENT_EVERY = 7 * DAY
"""One urgent message about a patient in that time; what else would be urgent waits for the digest (research note `domain` §1.3)."""
NIGHT_FROM = time(20)
"""On the therapist's clock: what is urgent waits from then on for the digest's time, for nobody makes a call at night (design) …"""
NIGHT_TO = time(12)
"""… or for noon, where the digest comes later (design)."""
LOOK_AGAIN = HOUR
"""What a pause holds is looked at so often, for a pause may be ended early (design)."""
UNANSWERED = 3 * DAY
"""The digest says how many alerts have waited longer (research note `alerts` §6.5)."""
SNOOZE_MOST = 14 * DAY
"""Research note `alerts` §6.1."""
FORGOTTEN = 30 * DAY
"""An alert that nobody answered and nothing ended expires after this."""
BACKOFF = tuple(seconds * MICROS for seconds in (5, 60, 300, 1800, 7200, 18_000, 36_000))
"""Waits after the first, second … failed sending; after the last one the message is dead."""
RETRY_AFTER_MOST = 12 * HOUR
"""A receiver may ask for a longer wait than `BACKOFF`, up to this."""
LEASE = 5 * MINUTE
"""How long a claimed message is its claimant's; a pass of `alerts.deliver` is over well before."""
LIVE = (State.SUPPRESSED, State.OPEN, State.SNOOZED, State.ACKED)
RETRACTABLE = (*LIVE, State.RESOLVED)
"""A bout that is over may still turn out never to have been one."""


class Shape(StrEnum):
    """How a finding is known again, and what it means when it is found no more."""

    SPAN = "span"
    """Known again by overlap; found no more: it never was (retracted)."""
    STATE = "state"
    """Known again by its key, else by overlap; open by the clock. Found no more: it never was; where it began out of sight, and its rule
    does not remember, it is over."""
    OCCURRENCE = "occurrence"
    """Known again by its key; any new evidence is a change; found no more: it never was (retracted)."""


@dataclass(frozen=True, slots=True)
class Telling:
    """`due(finding, now)`: this audience is to be told by now.

    `nudge`: worth nothing later, so never held, and gone with its day. `asks`: the patient can answer by a link in the message.
    `urgent`: the therapist hears of it at once, not in the next digest.
    """

    audience: Audience
    due: Callable[[Finding, int], bool]
    nudge: bool = False
    asks: bool = False
    urgent: bool = False


Evidence = Mapping[str, float | int | str]


def _never(_: Finding, __: Evidence) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Manner:
    """`disproved(finding, told)`: what the finding has become shows that its alert, raised on the evidence `told`, was wrong.
    `remembers`: its rule looks at every session ever judged (`Told.earlier`), so what it finds no more never was, wherever it began.
    """

    shape: Shape = Shape.SPAN
    remembers: bool = False
    tellings: tuple[Telling, ...] = ()
    disproved: Callable[[Finding, Evidence], bool] = _never


def _sits_now(finding: Finding, now: int) -> bool:
    still = float(finding.evidence.get("still_min", 0))
    long = still >= float(finding.evidence.get("nudge_min", Stillness().nudge_minutes))
    return long and now - (finding.start + still * MINUTE) <= NUDGE_FRESH


def _silent_for(hours: float) -> Callable[[Finding, int], bool]:
    # The rule says how long: once the band is heard again the silence stands still, though what it said is not yet complete.
    return lambda finding, _: float(finding.evidence.get("silent_h", 0)) >= hours


def _silent_by_the_band(finding: Finding, now: int) -> bool:
    return _silent_for(SILENT_PATIENT)(finding, now) and not _ours(finding.evidence)


def _ours_after_all(finding: Finding, told: Evidence) -> bool:
    return _ours(finding.evidence) and not _ours(told)


def _ours(evidence: Evidence) -> bool:
    return evidence.get("cause") in OURS


def _to_be_asked(finding: Finding, now: int) -> bool:
    asked = finding.evidence.get("outcome") == Outcome.ASKED and "ask" in finding.evidence
    return asked and _from_then_on(finding, now) and now < answerable_until(finding.evidence)


def _seen_after_all(finding: Finding, told: Evidence) -> bool:
    # What the patient said, or did once asked, is no mistake of ours.
    seen = finding.evidence.get("outcome") in SEEN and told.get("outcome") not in SEEN
    by_sensor = finding.evidence.get("source") == Source.SENSOR and told.get("source") == Source.SENSOR
    return seen and by_sensor and instant(str(finding.evidence["began"])) < int(told.get("tell_from", 2**62))


def _always(_: Finding, __: int) -> bool:
    return True


def _level(level: str) -> Callable[[Finding, int], bool]:
    return lambda finding, _: finding.evidence.get("level") == level


def _from_then_on(finding: Finding, now: int) -> bool:
    return now >= int(finding.evidence.get("tell_from", 0))


_DIGEST = Manner(Shape.STATE, tellings=(Telling(Audience.THERAPIST, _always),))
_COURSE = replace(_DIGEST, remembers=True)
_AT_ONCE = Manner(Shape.STATE, remembers=True, tellings=(Telling(Audience.THERAPIST, _always, urgent=True),))
MANNERS: Mapping[str, Manner] = {
    "still_too_long": Manner(Shape.SPAN, tellings=(Telling(Audience.PATIENT, _sits_now, nudge=True),)),
    "silent_band": Manner(
        Shape.STATE,
        tellings=(Telling(Audience.PATIENT, _silent_by_the_band), Telling(Audience.THERAPIST, _silent_for(SILENT_THERAPIST))),
        disproved=_ours_after_all,
    ),
    KIND: Manner(Shape.OCCURRENCE, tellings=(Telling(Audience.PATIENT, _to_be_asked, asks=True),), disproved=_seen_after_all),
    "not_seen_in_a_row": _COURSE,
    "likely_stopped": _AT_ONCE,
    "adherence_low": Manner(
        Shape.STATE,
        remembers=True,
        tellings=(Telling(Audience.THERAPIST, _level("amber")), Telling(Audience.THERAPIST, _level("red"), urgent=True)),
    ),
    "partial_again": _COURSE,
    "drifting_time": _COURSE,
    "active_overdue": _DIGEST,
    "no_active_exercise": _DIGEST,
    "low_battery": Manner(Shape.STATE, tellings=(Telling(Audience.PATIENT, _from_then_on),)),
}
"""By kind; a kind that is not here is a span that is kept and told to nobody."""
LASTING = frozenset(kind for kind, manner in MANNERS.items() if manner.shape is Shape.STATE)
"""What goes on until the data or a person end it: its alerts are never forgotten."""


def shape(kind: str) -> Shape:
    return MANNERS.get(kind, Manner()).shape


def remembers(kind: str) -> bool:
    return MANNERS.get(kind, Manner()).remembers


def due(finding: Finding, now: int) -> tuple[Telling, ...]:
    """Who is to be told of the finding by `now` (µs UTC). What is over is told to nobody: there is nothing left to do about it."""
    if finding.end is not None:
        return ()
    return tuple(telling for telling in MANNERS.get(finding.kind, Manner()).tellings if telling.due(finding, now))


def disproved(finding: Finding, told: Evidence) -> bool:
    return MANNERS.get(finding.kind, Manner()).disproved(finding, told)


def answerable_until(evidence: Evidence) -> int:
    """Of a planned session; µs UTC."""
    return int(evidence["until"]) + ANSWERABLE
