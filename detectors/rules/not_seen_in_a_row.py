"""Planned sessions one after the other that were not seen, though the band was worn and the patient was asked."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from detectors import streak
from detectors.finding import Finding
from detectors.history import History
from detectors.outcomes import DAYS
from detectors.rule import Rule

KIND = "not_seen_in_a_row"


class Params(BaseModel):
    """How many are a run."""

    model_config = ConfigDict(frozen=True)

    in_a_row: int = Field(
        default=2,
        ge=1,
        le=10,
        description="Sessions not seen in a row before the therapist reads of it (design, detector D7b): with a sensitivity of 0.90"
        " and nobody asked, 19 % of faithful patients would have two false ones in a row. Needs a clinician's sign-off.",
    )


def find(history: History, now: int, params: Params) -> Iterable[Finding]:
    """One finding for each run of at least `params.in_a_row`, open until any session is seen.

    What is unknown, unclear, excused or not yet answered neither counts nor breaks a run. A run may begin before the history.
    """
    return streak.findings(KIND, history, now, params.in_a_row)


RULE = Rule(Params, find, days=DAYS)
