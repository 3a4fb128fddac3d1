"""The plan in force holds no active exercise, now or ever after: the first reason why a programme fails. For the therapist alone."""

from collections.abc import Iterable
from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from detectors.finding import Finding
from detectors.history import History
from detectors.plan.parts import runs
from detectors.plan.plan import Stage
from detectors.plan.rules_of_stage import passive_only, passive_to_the_end
from detectors.plan.term import Term, terms
from detectors.rule import Rule

KIND = "no_active_exercise"


class Params(BaseModel):
    """None: what is active, each exercise says (detector D1)."""

    model_config = ConfigDict(frozen=True)


def find(history: History, now: int, params: Params) -> Iterable[Finding]:  # noqa: ARG001 — a rule's shape; a plan does not age
    """One finding for each revision without active exercise, or of which only its last, passive stage is left, while it is in force.

    It is about the plan alone, needs no band, and may begin before the history.
    """
    for term in terms(history.told.plans, history.told.zones):
        end = term.until if term.until <= history.end else None
        start, evidence = _without(term)
        if evidence and start < min(term.until, history.end) and (end is None or end > history.start):
            yield Finding(history.patient, KIND, f"{KIND}@{term.plan.id}/{term.since}", start, end, {"plan": term.plan.id, **evidence})


def _without(term: Term) -> tuple[int, dict[str, str]]:
    """Since when it matters (µs UTC), with its code in the plan's lint and the last day before; nothing where all is well."""
    if any(passive_only(term.plan)):
        return term.since, {"code": "R01"}
    if any(passive_to_the_end(term.plan)):
        *_, last = runs(term.plan, Stage.PASSIVE)
        _, first = last[0]
        return max(term.since, term.midnight(first.start)), {"code": "R04", "from": str(first.start - timedelta(days=1))}
    return term.since, {}


RULE = Rule(Params, find)
