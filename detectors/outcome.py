"""What became of a planned session (research note `domain` §1.2)."""

from dataclasses import dataclass
from enum import StrEnum

from detectors.finding import Finding
from detectors.report import Said

KIND = "planned_session"
"""Of the findings that hold these; their key is the occurrence's id."""


class Outcome(StrEnum):
    DONE = "done"
    PARTIAL = "partial"
    LATE = "late"
    """Done after the window and before the grace end: counts in full."""
    EXTRA = "extra"
    """Done though nothing was planned; may stand for one not seen in the same week."""
    ASKED = "asked"
    """Not clear yet: the patient is asked, and there is still time."""
    NOT_SEEN = "not_seen"
    UNCLEAR = "unclear"
    """Seen in part, or nobody could be asked: never a miss."""
    UNKNOWN = "unknown"
    """Band off, flat or not heard, and nobody said anything."""
    UNVERIFIABLE = "unverifiable"
    """No band can see these exercises, and nobody said anything."""
    EXCUSED = "excused"


SEEN = frozenset({Outcome.DONE, Outcome.PARTIAL, Outcome.LATE, Outcome.EXTRA})
COUNTED = frozenset({Outcome.DONE, Outcome.PARTIAL, Outcome.LATE, Outcome.NOT_SEEN})
"""In an adherence's denominator."""
OPEN_TO_DOUBT = frozenset({Outcome.UNKNOWN, Outcome.UNCLEAR, Outcome.UNVERIFIABLE})
"""In its bounds alone: low counts them 0, high 1."""


class Source(StrEnum):
    SENSOR = "sensor"
    PATIENT = "patient"
    THERAPIST = "therapist"


@dataclass(frozen=True, slots=True)
class Judged:
    """One planned session (or an extra one) and its outcome, as far as it can be told."""

    occurrence: str
    """Id; of an extra "extra@" and its start."""
    session: str
    """Name in the plan; of an extra what was seen, "walk" or "exercise"."""
    start: int
    """Of the window, µs UTC."""
    end: int
    """Grace end, µs UTC."""
    outcome: Outcome
    credit: float | None
    """0..1 that counts in adherence; `None`: it does not count."""
    source: Source
    coverage: float | None
    """0..1 of window and grace worn and heard; `None`: nothing was asked of it."""
    facts: dict[str, float | int | str]
    """What it rests on, e.g. {"dose": 0.92, "p": 0.94, "began": "2027-03-01T07:20Z", "planned": "2027-03-01T07:15Z"}."""

    def finding(self, patient: str, version: int) -> Finding:
        """Open while the answer is awaited; "not today" is one, though it counts only once the time to make up for it is over."""
        evidence: dict[str, float | int | str] = {"session": self.session, "outcome": self.outcome.value, "source": self.source.value}
        evidence |= {} if self.credit is None else {"credit": self.credit}
        evidence |= {} if self.coverage is None else {"coverage": self.coverage}
        end = None if self.outcome is Outcome.ASKED and self.facts.get("said") != Said.NOT_TODAY else self.end
        return Finding(patient, KIND, self.occurrence, self.start, end, {**evidence, **self.facts, "until": self.end}, version)


def judged(finding: Finding) -> Judged:
    """Back from the finding that holds it."""
    facts = dict(finding.evidence)
    session, outcome, source = str(facts.pop("session")), Outcome(str(facts.pop("outcome"))), Source(str(facts.pop("source")))
    credit, coverage, until = facts.pop("credit", None), facts.pop("coverage", None), int(facts.pop("until"))
    return Judged(
        finding.key,
        session,
        finding.start,
        until,
        outcome,
        None if credit is None else float(credit),
        source,
        None if coverage is None else float(coverage),
        facts,
    )
