"""Of what the band can see, and of what nobody but the clinic may: who somebody is."""

import re
from collections.abc import Collection, Iterator

from detectors.plan.dose import active, visible
from detectors.plan.exercises import EXERCISES, TELLING
from detectors.plan.parts import items, sessions
from detectors.plan.plan import Item, Plan, Session
from detectors.plan.rule import Said

VIRTUAL = "virtual-"
"""Begins the ids of simulated patients, who have nothing to hide."""
PREFIXES = {"id": "rx", "patient": "p", "therapist": "t"}
DIGITS = 6
"""In a row look like a date of birth or a telephone number (`domain` §3.3)."""


def unseen(plan: Plan) -> Iterator[Said]:
    """R12, `domain` §2.6. As information only where the therapist said so by `expect_gap`."""
    for path, session in sessions(plan):
        exercises = [item for item in session.items if active(item)]
        if exercises and not any(map(visible, exercises)):
            foreseen = all(item.expect_gap for item in exercises)
            advice = "" if foreseen else _advice(session)
            yield (
                "info" if foreseen else "warn",
                (*path, "items"),
                f"The band can see nothing of {session.name}, so the patient will be asked about it.{advice}",
            )


def _advice(session: Session) -> str:
    told = [tip for item in session.items if active(item) and (tip := _placement(item))]
    return f" It sees more with {' or '.join(told)}." if told else " Add an exercise it can see, e.g. bird_dog, if that suits."


def _placement(item: Item) -> str | None:
    known = EXERCISES.get(item.exercise)
    better = [how for how, seen in known.better.items() if seen in TELLING] if known else []
    return f"{item.exercise} {'arms' if better[0] == 'moving' else 'hands'}: {better[0]}" if better else None


def no_reference(plan: Plan, references: Collection[str]) -> Iterator[Said]:
    """R17, `domain` D13; `references`: exercises of which the patient has done a supervised reference session."""
    told: set[str] = set()
    for path, item in items(plan):
        if item.form and item.exercise not in references and item.exercise not in told:
            told.add(item.exercise)
            yield "info", (*path, "form"), f"{item.exercise} has no reference session yet; its form is not compared until one is recorded."


def personal(plan: Plan) -> Iterator[Said]:
    """R19, `domain` §3.3: ids go into files, topics and tables, so they are pseudonyms."""
    for name, prefix in PREFIXES.items():
        id_ = getattr(plan, name)
        simulated = name == "patient" and re.fullmatch(rf"{VIRTUAL}[a-z0-9_-]+", id_)
        if not simulated and (not re.fullmatch(rf"{prefix}-[0-9a-z]{{2,61}}", id_) or re.search(rf"\d{{{DIGITS},}}", id_)):
            yield (
                "error",
                (name,),
                f"{name} may say something of a person. Write a pseudonym: {prefix}- and 2 or more small letters or digits, "
                f"with fewer than {DIGITS} digits in a row, e.g. {prefix}-{'7f3a' if prefix == 'p' else '02'}.",
            )
