"""What a therapist reads of each kind of finding: the fact, and an action to consider. Pure.

"Not seen", never "missed"; no cause is claimed. Fields are taken by name, so a pain score in the evidence cannot get into a mail.
"""

from collections.abc import Callable, Mapping

from alerts.alert import Alert
from detectors.finding import Finding
from detectors.outcome import Outcome
from ingest.batch import MINUTE

About = Finding | Alert
Said = tuple[str, str]
"""The fact, and what is proposed. The window follows the fact, or stands where it says `WHEN`."""
WHEN = "{when}"

_WORN_NEAR = "ask whether the band is worn near its receiver."
_RECEIVER = "have the receiver looked at; the patient need do nothing."
CAUSES: Mapping[str, Said] = {
    "radio": ("link lost", _WORN_NEAR),
    "range": ("out of range", _WORN_NEAR),
    "charging": ("on the charger", "ask whether the band is worn after charging."),
    "battery": ("battery empty", "ask for a charge; agree on a fixed time for it."),
    "gateway": ("receiver not running", _RECEIVER),
    "clock": ("clock not trusted", _RECEIVER),
    "overflow": ("receiver full", _RECEIVER),
    "corrupt": ("data unreadable", _RECEIVER),
}
"""Why a band was not heard, as the gap's own record has it (`ingest.batch.Cause`)."""
_BAND = "ask whether the band is charged, worn and near its receiver."
_NOTHING = "nothing to do."


def planned_session(about: About) -> Said:
    outcome = about.evidence.get("outcome")
    fact, proposal = _OUTCOMES[Outcome(str(outcome))] if outcome in list(Outcome) else ("judged", "look at the day.")
    told = {Outcome.DONE: _by, Outcome.LATE: _by, Outcome.PARTIAL: _part, Outcome.NOT_SEEN: _answer, Outcome.EXCUSED: _excuse}
    more = next((tell(about) for one, tell in told.items() if one == outcome), "")
    return f"{_session(about)} {fact}{more}", proposal


_OUTCOMES: Mapping[Outcome, Said] = {
    Outcome.DONE: ("done", _NOTHING),
    Outcome.PARTIAL: ("done in part", "ask what made it end there."),
    Outcome.LATE: ("done outside its window, counts in full", _NOTHING),
    Outcome.EXTRA: ("seen, though it was not planned", "consider adding it to the plan."),
    Outcome.ASKED: ("not clear yet, the answer is awaited", "wait for the answer."),
    Outcome.NOT_SEEN: ("not seen", "ask how it went at the next contact."),
    Outcome.UNCLEAR: ("unclear, it may have been done", "look at the day, or ask."),
    Outcome.UNKNOWN: ("unknown, the band could not tell and nobody said", "ask how it went; check that the band is worn."),
    Outcome.UNVERIFIABLE: ("not for a band to see, and nobody said", "ask how it goes at the next contact."),
    Outcome.EXCUSED: ("not expected", _NOTHING),
}


def not_seen_in_a_row(about: About) -> Said:
    return f"{_count(about, 'sessions')} in a row not seen{_which(about)}", "a short call; offer a smaller set."


def likely_stopped(about: About) -> Said:
    return f"{_count(about, 'sessions')} in a row not seen{_which(about)}; likely stopped", "call today; agree on one first small step."


def adherence_low(about: About) -> Said:
    facts, level = about.evidence, str(about.evidence.get("level", "amber"))
    low, high = _percent(facts.get("low")), _percent(facts.get("high"))
    bounds = f", between {low} and {high}" if low and high and low != high else ""
    of = f" of {facts['eligible']} sessions" if "eligible" in facts else ""
    days = f" in {facts['days']} days" if "days" in facts else ""
    proposal = "call today; offer a smaller plan." if level == "red" else "offer shorter or fewer sessions."
    return f"adherence {_percent(facts.get('adherence')) or 'low'}{of}{days} ({level}{bounds})", proposal


def partial_again(about: About) -> Said:
    facts = about.evidence
    often = f" {facts['partials']} of {facts['of']} times" if {"partials", "of"} <= facts.keys() else " several times"
    return f"{_session(about)} done in part{often}", "look for the item that is too hard or too long."


def drifting_time(about: About) -> Said:
    facts = about.evidence
    off = facts.get("late_min")
    how = (
        "at another time than planned"
        if off is None
        else f"{abs(float(off)):.0f} min {'earlier' if float(off) < 0 else 'later'} than planned"
    )
    usual = f", mostly at {facts['usual']}" if "usual" in facts else ""
    where = f" to {facts['usual']}" if "usual" in facts else ""
    return f"{_session(about)} done {how}{usual}", f"offer to move the plan{where}."


def no_active_exercise(about: About) -> Said:
    after = f" after {about.evidence['from']}" if "from" in about.evidence else ""
    return f"this plan has no active exercise{after}", "add one, or note why not."


def active_overdue(about: About) -> Said:
    facts = about.evidence
    days = f"for {facts['days']} days" if "days" in facts else "for long"
    if facts.get("stage") == "passive":
        return f"active exercise overdue {WHEN}: in the passive stage {days}", "plan the step to active exercise."
    seen = f"none of {facts['not_seen']} sessions seen" if "not_seen" in facts else "no session seen"
    return f"active exercise overdue {WHEN}: in the active stage {days}, {seen}", "start the first one together."


def low_battery(about: About) -> Said:
    left = about.evidence.get("percent")
    hours = about.evidence.get("empty_in_h")
    soon = "" if hours is None or left == 0 else f", empty in about {float(hours):.0f} h"
    return f"band {'low' if left is None else f'at {float(left):.0f} %'}{soon}", "ask for a charge before the next session."


def silent_band(about: About) -> Said:
    why, proposal = CAUSES.get(str(about.evidence.get("cause")), ("", _BAND))
    return f"band not heard {WHEN}{f' ({why})' if why else ''}; what was done then is unknown", proposal


def still_too_long(about: About) -> Said:
    minutes = about.evidence.get("still_min")
    if minutes is None and about.end is not None:
        minutes = (about.end - about.start) // MINUTE
    return "still" if minutes is None else f"still for {float(minutes):.0f} min", "agree on short walks in the day."


def other(about: About) -> Said:
    return about.kind.replace("_", " "), "look at the day."


SAID: Mapping[str, Callable[[About], Said]] = {
    tell.__name__: tell
    for tell in (
        planned_session,
        not_seen_in_a_row,
        likely_stopped,
        adherence_low,
        partial_again,
        drifting_time,
        no_active_exercise,
        active_overdue,
        low_battery,
        silent_band,
        still_too_long,
    )
}
"""By kind; `other` for one that is not here."""


def _session(about: About) -> str:
    return str(about.evidence.get("session", "session"))


def _by(about: About) -> str:
    source = about.evidence.get("source")
    return f", as the {source} says" if source in ("patient", "therapist") else ""


def _part(about: About) -> str:
    share = _percent(about.evidence.get("credit"))
    return (f", {share} of the dose" if share else "") + _by(about)


def _answer(about: About) -> str:
    return {"not_today": "; the patient says not today", "not_yet": "; the patient said not yet"}.get(
        str(about.evidence.get("said")), "; asked, no answer"
    )


def _excuse(about: About) -> str:
    why = str(about.evidence.get("excused", "")).strip()
    return f" ({why})" if why else ""


def _count(about: About, of: str) -> str:
    return f"{about.evidence.get('count', 'several')} {of}"


def _which(about: About) -> str:
    names = str(about.evidence.get("sessions", ""))
    return f" ({names if len(names) <= 40 else names[:39] + '…'})" if names else ""


def _percent(share: float | int | str | None) -> str:
    return "" if share is None else f"{100 * float(share):.0f} %"
