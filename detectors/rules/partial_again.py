"""The same session begun and not finished, again and again: it may be too long or too hard."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel, ConfigDict, Field, model_validator

from detectors.finding import Finding
from detectors.history import History
from detectors.outcome import COUNTED, Judged, Outcome
from detectors.outcomes import DAYS
from detectors.rule import Rule
from detectors.streak import claim, over_time

KIND = "partial_again"


class Params(BaseModel):
    """How often is again."""

    model_config = ConfigDict(frozen=True)

    partials: int = Field(
        default=3, ge=1, le=20, description="Partial sessions among the last ones (design, detector D4). Needs a clinician's sign-off."
    )
    of: int = Field(default=5, ge=1, le=20, description="How many of the last ones are looked at (design, detector D4).")
    full: int = Field(default=2, ge=1, le=10, description="Full sessions in a row that end it (design, detector D4).")

    @model_validator(mode="after")
    def _possible(self) -> "Params":
        if self.partials > self.of:
            raise ValueError(f"{self.partials} of the last {self.of} can never be; make `of` larger")
        return self


def find(history: History, now: int, params: Params) -> Iterable[Finding]:
    """One finding for each time a session was partial so often, from the first of these on, open until it was full twice in a row.

    Only sessions whose outcome counts are looked at; those of other names lie between them and say nothing.
    """
    for name, decided in over_time(history, now, lambda one: one.outcome in COUNTED).items():
        for first, end, last in _spells(decided, params):
            partials = sum(one.outcome is Outcome.PARTIAL for one in last)
            yield from claim(KIND, history, first, end, {"session": name, "partials": partials, "of": len(last)})


def _spells(decided: Sequence[tuple[int, Judged]], params: Params) -> Iterator[tuple[Judged, int | None, list[Judged]]]:
    """First partial one, when the last full one began (µs UTC, `None`: not yet), and the last ones before the end."""
    last: deque[Judged] = deque(maxlen=params.of)
    first: Judged | None = None
    full = 0
    for moment, one in decided:
        last.append(one)
        full = full + 1 if one.outcome in (Outcome.DONE, Outcome.LATE) else 0
        partials = [each for each in last if each.outcome is Outcome.PARTIAL]
        if first is None and len(partials) >= params.partials:
            first = partials[0]
        elif first is not None and full >= params.full:
            yield first, moment, list(last)
            first = None
            last.clear()
    if first is not None:
        yield first, None, list(last)


RULE = Rule(Params, find, days=DAYS)
