"""So many planned sessions in a row not seen that the patient has likely stopped: time for a person to call."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from detectors import streak
from detectors.finding import Finding
from detectors.history import History
from detectors.outcomes import DAYS
from detectors.rule import Rule

KIND = "likely_stopped"


class Params(BaseModel):
    """How many are a drop-out."""

    model_config = ConfigDict(frozen=True)

    in_a_row: int = Field(
        default=4,
        ge=2,
        le=20,
        description="Sessions not seen in a row that are taken for dropping out (detector D7b): four missed in a row are a drop-out in a"
        " trial of exercise at home (registry NCT04808141). Needs a clinician's sign-off.",
    )


def find(history: History, now: int, params: Params) -> Iterable[Finding]:
    """One finding for each run of at least `params.in_a_row`, open until any session is seen; like `not_seen_in_a_row`."""
    return streak.findings(KIND, history, now, params.in_a_row)


RULE = Rule(Params, find, days=DAYS)
