"""What is wrong with a settings file, where, and what to write instead."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from config.forms import VIRTUAL


@dataclass(frozen=True, slots=True)
class Mistake:
    where: str
    """The key's path, e.g. "patient[p-7f3a].zone"; empty: the whole file."""
    what: str
    """Begins small, ends without a stop."""


def mistakes(error: ValidationError, raw: Mapping[str, Any], form: type[BaseModel], within: Sequence[str] = ()) -> list[Mistake]:
    """`within`: where in the file the form stands. No value is repeated: it may be a secret."""
    return [Mistake(".".join([*within, where(one["loc"], raw)]).rstrip("."), _words(one, form)) for one in error.errors()]


def where(loc: Sequence[int | str], raw: Any) -> str:
    told = ""
    for part in loc:
        raw = _inside(raw, part)
        if isinstance(part, int):
            name = raw.get("id") if isinstance(raw, Mapping) else None
            told += f"[{name}]" if isinstance(name, str) else f"[no. {part + 1}]"
        else:
            told += f".{part}" if told else part
    return told


def _inside(raw: Any, part: int | str) -> Any:
    try:
        return raw[part]
    except (KeyError, IndexError, TypeError):
        return None


def _words(one: ErrorDetails, form: type[BaseModel]) -> str:
    *path, last = one["loc"] or ("",)
    kind, key = one["type"], str(last)
    holder = _model(form, path)
    field = holder.model_fields.get(key) if holder else None
    if kind == "extra_forbidden":
        return _unknown(key, list(holder.model_fields) if holder else [])
    if kind == "missing":
        return f"is missing: write {key} = {_example(field) or '…'}"
    if kind == "list_type":
        return f"is to be written [[{key}]], once for each" if field and _inner(field) else f"is to be a list, e.g. {_example(field)}"
    if kind in {"model_type", "dict_type"}:
        return f"is to be a table: [{key}] and what belongs to it, a line each"
    if kind == "value_error":
        return str(one.get("ctx", {}).get("error", one["msg"]))
    said = one["msg"][:1].lower() + one["msg"][1:]
    return said + (f", e.g. {key} = {_example(field)}" if _example(field) else "")


def _unknown(key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, 1, 0.6)
    return f"is not known here: did you mean {near[0]}?" if near else f"is not known here: there are {', '.join(known)}"


def _example(field: FieldInfo | None) -> str:
    return json.dumps(field.examples[0]) if field and field.examples else '"…"' if field else ""


def _model(form: type[BaseModel], path: Sequence[int | str]) -> type[BaseModel] | None:
    found: type[BaseModel] | None = form
    for part in path:
        if isinstance(part, str):
            field = found.model_fields.get(part) if found else None
            found = _inner(field) if field else None
    return found


def _inner(field: FieldInfo) -> type[BaseModel] | None:
    for one in (field.annotation, *get_args(field.annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def crossed(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """What each table of its own cannot know: who is named twice, and who is named and not there."""
    for kind in ("therapist", "patient", "band"):
        for name, count in Counter(_named(raw, kind, "id")).items():
            if count > 1:
                yield Mistake(f"{kind}[{name}].id", f"stands {count} times: give each {kind} an id of its own")
    for band, count in Counter(_named(raw, "patient", "band")).items():
        if count > 1:
            wearers = [str(one.get("id")) for one in _tables(raw, "patient") if one.get("band") == band]
            yield Mistake(f"patient[{wearers[-1]}].band", f"{band} is on {' and on '.join(wearers)}: one wears it at a time")
    for at, key, kind in (("patient", "therapist", "therapist"), ("patient", "band", "band"), ("recording", "patient", "patient")):
        yield from _absent(raw, at, key, kind)
    for one in _tables(raw, "patient"):
        if str(one.get("id")).startswith(VIRTUAL) and "band" in one:
            yield Mistake(f"patient[{one['id']}].band", f"{VIRTUAL}… is for simulated patients only: give who wears a band another id")


def _absent(raw: Mapping[str, Any], at: str, key: str, kind: str) -> Iterator[Mistake]:
    there = set(_named(raw, kind, "id"))
    for index, one in enumerate(_tables(raw, at)):
        named = one.get(key)
        if isinstance(named, str) and named not in there:
            near = get_close_matches(named, there, 1, 0.6)
            hint = f"did you mean {near[0]}?" if near else f'add a [[{kind}]] with id = "{named}"'
            yield Mistake(where((at, index, key), raw), f"there is no {kind} {named}: {hint}")


def _tables(raw: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    found = raw.get(kind)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _named(raw: Mapping[str, Any], kind: str, key: str) -> list[str]:
    return [one[key] for one in _tables(raw, kind) if isinstance(one.get(key), str)]
