"""From the text of a plan file to the plan, or to everything that keeps it from being one."""

from dataclasses import dataclass

from pydantic import ValidationError

from detectors.plan.mistakes import keys, mistakes
from detectors.plan.plan import Plan
from detectors.plan.remark import Flaw, Remark, Source
from detectors.plan.written import NoYaml, written


@dataclass(frozen=True, slots=True)
class Reading:
    plan: Plan | None
    """`None`: a remark of level "error" says why."""
    remarks: tuple[Remark, ...]
    """By line. Mistakes against the schema only; whether the plan is a good one says `detectors.plan.lint`."""
    source: Source


def read(text: str) -> Reading:
    """Never raises, whatever the text. Codes: Y01 no YAML, S01 a key is missing, S02 stands twice, S03 is unknown, S04 is of the
    wrong form, S05 is none of the words known there, S06 is no number, S07 cannot be what it says."""
    try:
        source, remarks = written(text)
    except NoYaml as error:
        return Reading(None, (Remark("Y01", "error", "", error.line, str(error)),), Source(None, {}))
    if not isinstance(source.data, dict) or not source.data.keys() & set(keys(())):
        message = "This file holds no plan; it begins with rx: 1, then id, patient, therapist and the rest (keepup plan new writes one)."
        return Reading(None, (Remark("S01", "error", "", 1, message),), source)
    plan, flaws = _typed(source)
    remarks += [source.remark(flaw) for flaw in flaws]
    return Reading(None if remarks else plan, tuple(sorted(remarks, key=lambda one: (one.line, one.code, one.where))), source)


def _typed(source: Source) -> tuple[Plan | None, list[Flaw]]:
    try:
        return Plan.model_validate(source.data, by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, list(mistakes(error))
