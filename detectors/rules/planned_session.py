"""What became of each planned session: done, partly, late, asked about, not seen, or not known. One finding for each."""

from collections.abc import Iterable

from detectors.finding import Finding
from detectors.history import History
from detectors.outcome import KIND as KIND
from detectors.outcomes import DAYS, Params, outcomes
from detectors.rule import Rule

VERSION = 1


def find(history: History, now: int, params: Params) -> Iterable[Finding]:
    """Keyed by the occurrence's id, an extra one's by its start; open while the patient is asked."""
    return [judged.finding(history.patient, VERSION) for judged in outcomes(history, now, params)]


RULE = Rule(Params, find, version=VERSION, days=DAYS)
