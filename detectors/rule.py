"""A rule: its parameters and its function, bound once. Each file in `detectors/rules` ends with `RULE = Rule(...)`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from detectors.finding import Finding
from detectors.history import History


@dataclass(frozen=True, slots=True)
class Rule:
    """`find(history, now, params)` is pure: `now` is µs UTC; it claims nothing about behaviour where wear is unknown."""

    params: type[BaseModel]
    find: Callable[[History, int, Any], Iterable[Finding]]
    version: int = 1
    days: int = 1
    """Whole local days before the one that is judged that it must see."""
