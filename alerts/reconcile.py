"""What the rules find now against what the chart holds: the changes that make the chart agree. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from alerts import policy
from alerts.policy import Shape
from detectors.finding import Finding

STEP = {"still_min": 15.0, "silent_h": 12.0, "count": 1.0, "partials": 1.0, "percent": 5.0, "adherence": 0.05}
"""Evidence that grows while a finding goes on, and the smallest growth worth a line in the chart."""


class Verdict(StrEnum):
    OPEN = "open"
    """It still goes on."""
    CLOSED = "closed"
    RETRACTED = "retracted"
    """Late data showed that it never was."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A finding as the chart last recorded it."""

    finding: Finding
    state: Verdict
    judged: int
    """`now` of that recording, µs UTC."""


class Turn(StrEnum):
    OPENED = "opened"
    """New to the chart; may be over already (`end` is set)."""
    GROWN = "grown"
    """Something moved that a person would see, or somebody is due to be told who was not before."""
    CLOSED = "closed"
    REOPENED = "reopened"
    """Was closed and goes on after all, or was retracted and is found again: same key; who is due is told (`alerts.moves`)."""
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True)
class Change:
    kind: Turn
    finding: Finding
    """As it is to be recorded."""

    @property
    def state(self) -> Verdict:
        if self.kind is Turn.RETRACTED:
            return Verdict.RETRACTED
        return Verdict.OPEN if self.finding.end is None else Verdict.CLOSED


def reconcile(found: Iterable[Finding], known: Sequence[Judgement], start: int, end: int, now: int) -> list[Change]:
    """Changes that bring `known` to `found`; none when they agree.

    `found`: everything the rules find of one patient when they judge [start, end), µs UTC. `known`: what `Chart.judgements` holds of that
    range and of the rules that ran. A span keeps the first key it was given: the known one with the largest overlap is the same. What lies
    inside the range and is found no more is retracted; a state that began before it is closed at `end`, unless its rule remembers all that
    was judged (`policy.remembers`): then it never was; what reaches out of the range is never cut, and what lies outside is left alone: a
    range that begins after an open span began cannot close it. A retracted one is known again only when nothing else fits. Somebody falling
    due to be told (`policy.due`, e.g. the therapist after 48 h) is a change by itself, so calling this at every step is all an escalation
    needs.
    """
    found, known = _unsettled(sorted(found, key=lambda finding: (finding.start, finding.kind, finding.key)), known)
    same = _same(found, known, end, now)
    taken = {(judgement.finding.kind, judgement.finding.key) for judgement in known}
    changes = [
        _changed(judgement, finding, start, end, now) if (judgement := same.get(at)) else Change(Turn.OPENED, _named(finding, taken))
        for at, finding in enumerate(found)
    ]
    matched = {id(judgement) for judgement in same.values()}
    changes += [_gone(judgement, start, end) for judgement in known if id(judgement) not in matched]
    return sorted((c for c in changes if c), key=lambda c: (c.finding.start, c.finding.kind, c.finding.key))


def _unsettled(found: list[Finding], known: Sequence[Judgement]) -> tuple[list[Finding], list[Judgement]]:
    """Without what is over, was recorded, and is found just so again: most of it, at every step."""
    over = {(j.finding.kind, j.finding.key): j for j in known if j.state is Verdict.CLOSED}
    settled = {at for finding in found if (j := over.get(at := (finding.kind, finding.key))) and j.finding == finding}
    return (
        [finding for finding in found if (finding.kind, finding.key) not in settled],
        [j for j in known if j.state is not Verdict.CLOSED or (j.finding.kind, j.finding.key) not in settled],
    )


def _same(found: Sequence[Finding], known: Sequence[Judgement], end: int, now: int) -> dict[int, Judgement]:
    """Index in `found` → the known one it is; live ones first, then a state of the same key, then the largest overlap."""
    pairs = sorted(
        (known[k].state is Verdict.RETRACTED, _renamed(finding, known[k]), -overlap, known[k].finding.start, k, f)
        for f, finding in enumerate(found)
        for k in range(len(known))
        if (overlap := _likeness(finding, known[k], end, now)) > 0
    )
    same: dict[int, Judgement] = {}
    used: set[int] = set()
    for *_, k, f in pairs:
        if f not in same and k not in used:
            same[f] = known[k]
            used.add(k)
    return same


def _renamed(found: Finding, known: Judgement) -> bool:
    """Several states of one kind may go on at once, one a session: there a key says more than an overlap."""
    return policy.shape(found.kind) is Shape.STATE and found.key != known.finding.key


def _likeness(found: Finding, known: Judgement, end: int, now: int) -> int:
    """Overlap in µs; for planned occurrences 1 where the keys are equal, for states 1 at least: one may begin just when it is judged.

    An open one reaches as far as it was seen: what is found now to `end`, what is known to when it was judged. Were it without end, it
    would be taken for whatever came after it while nobody was watching. A state is told by the clock and lasts until `now`: while nothing
    becomes complete, it may begin after `end`; and while nothing moves it is not judged anew, so one that is open goes on as the first
    that fits. States of two sessions are never the same.
    """
    old = known.finding
    if (found.patient, found.kind) != (old.patient, old.kind):
        return 0
    if policy.shape(old.kind) is Shape.OCCURRENCE:
        return int(found.key == old.key)
    reach = max(end, now) if policy.shape(old.kind) is Shape.STATE else end
    until, was_until = (reach if found.end is None else found.end), (known.judged if old.end is None else old.end)
    overlap = min(until, was_until) - max(found.start, old.start)
    if policy.shape(old.kind) is not Shape.STATE:
        return overlap
    if found.evidence.get("session") != old.evidence.get("session"):
        return 0
    goes_on = known.state is Verdict.OPEN and until > old.start
    return max(overlap, 1) if goes_on or found.key == old.key else overlap


def _changed(known: Judgement, found: Finding, start: int, end: int, now: int) -> Change | None:
    old, new = known.finding, _uncut(known.finding, found, start, end)
    if old.end is None and new.end is None and end < known.judged:
        new = _because(new, old)
    if known.state is Verdict.RETRACTED or (old.end is not None and new.end is None):
        return Change(Turn.REOPENED, new)
    if old.end is None and new.end is not None:
        return Change(Turn.CLOSED, new)
    moved = old != new if policy.shape(old.kind) is Shape.OCCURRENCE else _seen(old) != _seen(new) or _moved(old, new)
    if moved or set(policy.due(new, now)) - set(policy.due(old, known.judged)):
        return Change(Turn.GROWN, new)
    return None


def _uncut(old: Finding, found: Finding, start: int, end: int) -> Finding:
    """What was found, under its first key; the parts of a span outside [start, end) stay as they were judged with sight of them."""
    new = replace(found, key=old.key)
    if policy.shape(old.kind) is Shape.OCCURRENCE:
        return new
    if old.start < start <= found.start:
        evidence = found.evidence if policy.shape(old.kind) is Shape.STATE else old.evidence
        new = replace(new, start=old.start, evidence=evidence)
    if old.end is not None and old.end > end:
        new = replace(new, end=old.end, evidence=old.evidence)
    return new


def _because(new: Finding, old: Finding) -> Finding:
    """For the cause that was told with sight of more than this look has: else each look back at past days would tell another."""
    kept = {"cause": old.evidence["cause"]} if "cause" in old.evidence else {}
    return replace(new, evidence={name: value for name, value in new.evidence.items() if name != "cause"} | kept)


def _seen(finding: Finding) -> tuple[int, int | None, int]:
    return finding.start, finding.end, finding.version


def _moved(old: Finding, new: Finding) -> bool:
    why = old.evidence.get("cause") != new.evidence.get("cause")
    return why or any(abs(float(new.evidence.get(name, 0)) - float(old.evidence.get(name, 0))) >= step for name, step in STEP.items())


def _gone(known: Judgement, start: int, end: int) -> Change | None:
    finding = known.finding
    if known.state is Verdict.RETRACTED or finding.start >= end:
        return None
    if finding.start < start and not policy.remembers(finding.kind):
        cut = policy.shape(finding.kind) is not Shape.SPAN and finding.end is None
        return Change(Turn.CLOSED, replace(finding, end=end)) if cut else None
    whole = finding.end is None or finding.end <= end or policy.shape(finding.kind) is Shape.OCCURRENCE
    return Change(Turn.RETRACTED, finding) if whole else None


def _named(finding: Finding, taken: set[tuple[str, str]]) -> Finding:
    """The finding with a key of its own: another one may have begun where this one begins, before late data moved it."""
    key, n = finding.key, 1
    while (finding.kind, key) in taken:
        n += 1
        key = f"{finding.key}~{n}"
    taken.add((finding.kind, key))
    return replace(finding, key=key)
