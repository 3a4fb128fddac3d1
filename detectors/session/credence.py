"""How sure one may be that a planned session took place: log-odds added up (research note `domain` §2.6)."""

from collections.abc import Sequence
from math import exp, log

import numpy as np

from detectors.report import Said
from detectors.session.measures import Params
from ingest.batch import HOUR
from ingest.bout import Bout
from ingest.minute import Minutes

CALM, CALM_MIN = 2 * HOUR, 10
"""The calm before: still, worn minutes of so long before, at least so many with a heart rate (as `detectors.bouts` has it)."""


def credence(dose: float, said: Said | None, params: Params, *, some: bool, worn: bool, risen: bool) -> float:
    """0..1. `some`: a bout was seen, however short; `worn`: enough to see one; `risen`: the heart beat faster in it."""
    odds = log(params.prior / (1 - params.prior))
    if some:
        odds += params.saw_most if dose >= params.most else params.saw_some
        odds += params.heart_risen if risen else 0
    elif worn:
        odds += params.saw_nothing
    odds += {Said.YES: params.said_yes, Said.NOT_TODAY: params.said_no}.get(said, 0.0) if said else 0.0
    return 1 / (1 + exp(-odds))


def risen(bouts: Sequence[Bout], minutes: Minutes, bpm: float) -> bool:
    """Whether the heart beat faster by `bpm` in exercise than in the calm before it; unknown is no."""
    beats = [bout.hr for bout in bouts if bout.kind == "exercise" and bout.hr is not None]
    if not beats:
        return False
    first = min(bout.start for bout in bouts)
    before = minutes[slice(*np.searchsorted(minutes["t"], (first - CALM, first)))]
    calm = before["hr"][(before["still"] == 1) & (before["worn"] == 1) & np.isfinite(before["hr"])]
    return len(calm) >= CALM_MIN and float(np.mean(beats) - np.median(calm)) >= bpm
