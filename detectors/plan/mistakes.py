"""What is wrong with a plan by its schema, in plain words: what stands there, and what to write instead."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from detectors.plan.plan import Plan
from detectors.plan.remark import Flaw, Path

EXAMPLES = {
    "rx": "1",
    "id": "rx-0001",
    "patient": "p-7f3a",
    "therapist": "t-02",
    "timezone": "Europe/Berlin",
    "language": "en",
    "issued": "2026-11-23",
    "region": "low_back",
    "wear": "{wrist: left, dominant: right}",
    "baseline": "{pain: 5, resting_hr: 62, age_band: 30-39}",
    "age_band": "40-49",
    "quiet_hours": '["21:30-07:30"]',
    "desk_hours": '{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:30"}',
    "pain_check": '{every: week, day: sun, at: "18:00", scale: 0-10}',
    "thresholds": "{adherence_amber: 70%, adherence_red: 50%}",
    "sedentary": "{still_minutes: 50, break_minutes: 3}",
    "course": "{credit_weeks: 2}",
    "pauses": "[{from: 2027-04-02, to: 2027-04-05, why: travel}]",
    "phases": "a list of {name: …, stage: active, from: 2026-12-05, to: 2027-01-29, sessions: […]}",
    "name": "core A",
    "stage": "active",
    "from": "2026-12-05",
    "to": "2027-01-29",
    "goals": "{core_days: 2, aerobic_minutes: 150, strength_days: 2}",
    "review": "{every: 12 weeks}",
    "sessions": "a list of {name: core A, when: …, items: […]}",
    "when": '{days: [mon, wed, fri], at: "18:30"} or {per_week: 3}',
    "days": "[mon, wed, fri]",
    "at": '"18:30"',
    "window": "{early: 1h, late: 3h}",
    "items": "a list of {exercise: bird_dog, kind: stabilisation, sets: 3, reps: 8, hold: 5s}",
    "exercise": "bird_dog",
    "kind": "stabilisation",
    "every": "week",
    "early": "1h",
    "late": "3h",
    "hold": "8s",
    "rest": "45s",
    "tempo": "3-1-2",
    "min_gap": "1d",
    "minutes": "15",
    "form": "true",
}
"""Key → the right form of what follows it."""
NUMBERS = {"int_parsing", "int_type", "int_from_float", "int_parsing_size", "float_parsing", "float_type", "finite_number"}
PATTERNS = {
    "exercise": "small letters, digits and _, at most 40, beginning with a letter",
    "name": "1 to 40 characters without / and @",
    "language": "a language code",
    "age_band": "a span of years",
}
MOST_LISTED = 9
"""Keys that are named where none comes near."""
LONGEST = 40
"""Characters of what was written that are repeated in a message."""


def mistakes(error: ValidationError) -> Iterator[Flaw]:
    """One for each, in the order of the schema."""
    for one in error.errors(include_url=False):
        if one["type"] == "too_short" and one["input"]:
            continue  # what is in the list is wrong, and is told of itself
        path = _path(one["loc"])
        code, message = _said(one, path)
        yield Flaw(code, "error", path, message)


def _path(loc: Path) -> Path:
    """Pydantic's place without the names it gives to the forms of `when`."""
    return tuple(step for before, step in pairwise(("", *loc)) if not (before == "when" and step in {"fixed", "quota"}))


def _said(one: ErrorDetails, path: Path) -> tuple[str, str]:
    """(code, message)."""
    key = next((step for step in reversed(path) if isinstance(step, str)), "plan")
    sort, context, value = one["type"], one.get("ctx", {}), one["input"]
    if sort == "missing":
        return "S01", f"{key} is missing; {_write(key)}"
    if sort == "extra_forbidden":
        return "S03", _unknown(key, path)
    if value is None:
        return "S04", f"{key} has nothing after its colon; {_write(key)}"
    if sort in {"literal_error", "enum"}:
        return "S05", _choice(value, path)
    if sort in NUMBERS:
        return (
            "S06",
            f"{_shown(value)} is no {'whole ' if sort.startswith('int') else ''}number; write e.g. {key}: {EXAMPLES.get(key, '3')}",
        )
    if sort == "value_error":
        return "S07", _cut(str(context["error"]))
    return "S04", _form(sort, context, key, value)


def _form(sort: str, context: dict[str, Any], key: str, value: Any) -> str:
    """Of what is of a wrong form or size."""
    match sort:
        case "greater_than_equal" | "greater_than":
            return f"{_shown(value)} is too small for {key}; at least {_size(context.get('ge', context.get('gt')), key, sort)}"
        case "less_than_equal" | "less_than":
            return f"{_shown(value)} is too large for {key}; at most {_size(context.get('le', context.get('lt')), key, sort)}"
        case "string_pattern_mismatch" if key in PATTERNS:
            return f"{_shown(value)} will not do for {key}; write {PATTERNS[key]}, e.g. {EXAMPLES[key]}"
        case "string_too_short" | "string_too_long":
            bound = f"at most {context['max_length']}" if "max_length" in context else f"at least {context['min_length']}"
            return f"{key} has {len(value)} characters; write {bound}"
        case "too_short":
            return f"{key} is an empty list; {_write(key)}"
        case "too_long":
            return f"{key} is a list of {len(value)}; at most {context['max_length']}"
        case "tuple_type" | "list_type":
            return f"{key} needs a list; {_write(key)}"
        case "bool_parsing" | "bool_type":
            return f"{_shown(value)} is neither yes nor no; write {key}: true or {key}: false"
        case "string_type":
            return f"{key} needs a text, not a list or keys; {_write(key)}"
        case "model_type" | "model_attributes_type":
            return f"{key} needs keys of its own; {_write(key)}"
    return f"{_shown(value)} will not do for {key}; {_write(key)}"


def _size(limit: Any, key: str, sort: str) -> str:
    """A limit in the unit the key is written in."""
    if key in {"hold", "rest", "early", "late", "min_gap"}:
        return f"{limit // 86_400}d" if limit >= 86_400 else f"{limit}s"
    return f"{'more than ' if sort == 'greater_than' else ''}{limit}{' days' if key == 'every' else ''}"


def _unknown(key: str, path: Path) -> str:
    known = keys(path[:-1])
    if path[-2:-1] == ("when",) and key in {"days", "at", "every"}:
        return f"{key} does not go with per_week; write {EXAMPLES['when']}"
    near = get_close_matches(key.lower(), known, n=1)
    return f"there is no key {_shown(key)} here; " + (
        f"did you mean {near[0]}?" if near else f"it can be {', '.join(known)}" if len(known) <= MOST_LISTED else "leave it out"
    )


def _choice(value: Any, path: Path) -> str:
    known = choices(path)
    near = get_close_matches(str(value).lower(), known, n=1)
    return f"{_shown(value)} will not do; " + (f"did you mean {near[0]}? It" if near else "it") + f" can be {', '.join(known)}"


def _write(key: str) -> str:
    return f"write e.g. {key}: {EXAMPLES.get(key, '3')}"


def _shown(value: Any) -> str:
    return _cut(repr(value)) if isinstance(value, str) else "what stands here"


def _cut(text: str) -> str:
    return text if len(text) <= 4 * LONGEST else f"{text[: 2 * LONGEST]}…{text[-2 * LONGEST :]}"


@cache
def keys(path: tuple[str | int, ...]) -> list[str]:
    """Keys the schema knows there, as they are written."""
    return [field.alias or name for model in _models(path) for name, field in model.model_fields.items()]


@cache
def choices(path: tuple[str | int, ...]) -> list[str]:
    """Words the schema knows there."""
    steps = [step for step in path if isinstance(step, str)]
    fields = [model.model_fields for model in _models(tuple(steps[:-1]))]
    found = [field.annotation for known in fields for name, field in known.items() if (field.alias or name) == steps[-1]]
    return [str(word) for annotation in found for word in _words(annotation)]


def _models(path: tuple[str | int, ...]) -> list[type[BaseModel]]:
    models: list[type[BaseModel]] = [Plan]
    for step in path:
        if isinstance(step, str):
            fields = [(field.alias or name, field.annotation) for model in models for name, field in model.model_fields.items()]
            models = [inner for name, annotation in fields if name == step for inner in _inner(annotation)]
    return models


def _inner(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _inner(part)


def _words(annotation: Any) -> Iterator[object]:
    if isinstance(annotation, str | int):
        yield annotation
    elif isinstance(annotation, type) and hasattr(annotation, "__members__"):
        yield from (member.value for member in annotation.__members__.values())
    for part in get_args(annotation):
        yield from _words(part)
