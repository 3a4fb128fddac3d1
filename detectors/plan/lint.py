"""Whether a plan is a good one: the rules of the research note `domain` §3.4, against the leaflet's reasons why programmes fail."""

from collections.abc import Collection

from detectors.plan import rules_of_dose, rules_of_sight, rules_of_stage, rules_of_time
from detectors.plan.plan import Plan
from detectors.plan.read import read
from detectors.plan.remark import Flaw, Remark
from detectors.plan.rule import Rule

RULES: tuple[tuple[str, Rule], ...] = (
    ("R01", rules_of_stage.passive_only),
    ("R01", rules_of_dose.other_region),
    ("R02", rules_of_stage.mostly_passive),
    ("R03", rules_of_stage.long_passive_stage),
    ("R04", rules_of_stage.passive_to_the_end),
    ("R05", rules_of_dose.advised_against),
    ("R06", rules_of_dose.many_exercises),
    ("R07", rules_of_stage.short_course),
    ("R08", rules_of_dose.how_often),
    ("R09", rules_of_dose.how_long),
    ("R10", rules_of_stage.nothing_to_keep_up),
    ("R11", rules_of_stage.goal_missing),
    ("R12", rules_of_sight.unseen),
    ("R13", rules_of_time.disturbed),
    ("R14", rules_of_time.overlapping),
    ("R15", rules_of_stage.phases_apart),
    ("R18", rules_of_stage.little_aerobic),
    ("R19", rules_of_sight.personal),
    ("S08", rules_of_sight.unheard_of),
    ("R20", rules_of_dose.target_too_high),
)
"""Code → the rule. R17 needs to know more than the plan."""


def lint(plan: Plan, references: Collection[str] = ()) -> list[Flaw]:
    """By code. `references`: exercises of which the patient has done a supervised reference session."""
    found = [Flaw(code, *said) for code, rule in RULES for said in rule(plan)]
    found += [Flaw("R17", *said) for said in rules_of_sight.no_reference(plan, references)]
    return sorted(found, key=lambda flaw: flaw.code)


def remarks(text: str, references: Collection[str] = ()) -> tuple[Remark, ...]:
    """All that is to be said of a plan file: its mistakes, or, where it has none, what the rules say; by line. Never raises."""
    reading = read(text)
    if reading.plan is None:
        return reading.remarks
    told = [reading.source.remark(flaw) for flaw in lint(reading.plan, references)]
    return tuple(sorted([*reading.remarks, *told], key=lambda one: (one.line, one.code, one.where)))
