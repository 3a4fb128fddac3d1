"""A rule's claim about one patient."""

from dataclasses import dataclass, field

INSTANTS = frozenset({"until", "tell_from"})
"""Evidence of these names is an instant, µs UTC."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says was so between `start` and `end`, and on what it rests.

    `end is None` while it still goes on. The key names the planned occurrence, or the span by its start; a span keeps the first
    key it was given, because `alerts.reconcile` matches spans by overlap.
    """

    patient: str
    kind: str
    """Name of the rule's module, e.g. "still_too_long"."""
    key: str
    start: int
    """µs UTC."""
    end: int | None
    evidence: dict[str, float | int | str] = field(default_factory=dict)
    """Plain facts by name, unit in the name where it has one: {"still_min": 52, "coverage": 0.97}."""
    version: int = 1
    """Of the rule."""
