"""A stretch of walking or of exercise, made while the raw samples are there and kept when they are gone."""

from dataclasses import dataclass
from typing import Literal

from ingest.batch import MINUTE

GROWS = 10 * MINUTE
"""A bout that ended no longer ago than this may still be joined by what comes next."""


@dataclass(frozen=True, slots=True)
class Bout:
    """One bout. `None` is unknown. The identity is (dev, kind, start)."""

    dev: str
    kind: Literal["walk", "exercise"]
    start: int
    """µs UTC."""
    end: int
    """µs UTC, exclusive."""
    steps: int | None = None
    cadence: float | None = None
    """Steps per minute, median over the bout."""
    reps: int | None = None
    hr: float | None = None
    """Beats per minute, mean over the bout."""
    evidence: str = ""
    """What it rests on, in words a therapist can check, e.g. "steps", "periodic motion, heart rate +18"."""
    version: int = 1
    """Of the rule that made it."""
