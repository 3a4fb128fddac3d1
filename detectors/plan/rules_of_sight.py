"""Of what the band can see, and of what nobody but the clinic may: who somebody is."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

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


def unheard_of(plan: Plan) -> Iterator[Said]:
    """S08: mistyped, perhaps; an exercise that is not in the catalogue may be prescribed, but is never seen."""
    told: set[str] = set()
    for path, item in items(plan):
        if item.exercise not in EXERCISES and item.exercise not in told:
            told.add(item.exercise)
            near = get_close_matches(item.exercise, EXERCISES, n=1)
            advice = f"did you mean {near[0]}?" if near else "the patient will be asked about it."
            yield "warn" if near else "info", (*path, "exercise"), f"KeepUp knows no exercise {item.exercise}; {advice}"


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
    """R19, `domain` §3.3: ids go into files, topics and tables."""
    for name in PREFIXES:
        if wrong := pseudonym(name, getattr(plan, name)):
            yield "error", (name,), wrong


def pseudonym(name: str, id_: str) -> str | None:
    """What keeps an id from being a pseudonym; `name`: what it is the id of."""
    prefix = PREFIXES[name]
    simulated = name == "patient" and re.fullmatch(rf"{VIRTUAL}[a-z0-9_-]+", id_)
    if simulated or (re.fullmatch(rf"{prefix}-[0-9a-z]{{2,61}}", id_) and not re.search(rf"\d{{{DIGITS},}}", id_)):
        return None
    return (
        f"{name} may say something of a person. Write a pseudonym: {prefix}- and 2 or more small letters or digits, "
        f"fewer than {DIGITS} digits in a row, e.g. {prefix}-{'7f3a' if prefix == 'p' else '02'}."
    )
