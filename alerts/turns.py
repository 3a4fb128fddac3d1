"""When the clock alone may change what is judged of planned sessions. Pure."""

from bisect import bisect_right
from collections.abc import Sequence

from detectors.history import History
from detectors.localtime import midnight
from detectors.plan import schedule
from ingest.batch import HOUR

EVENING = 18 * HOUR
"""After local midnight: when people charge their bands (research note `domain` D18; a default), so a low battery is told by then."""


def turns(past: History, now: int) -> list[int]:
    """Instants, µs UTC, ascending, as far as the end of tomorrow: rules over days look again once one of them has passed.

    Tomorrow by `now`, too, which goes on while the line is down and nothing becomes complete.
    """
    days = [midnight(at, past.zone, n) for at in (past.end, now) for n in range(3)]
    planned = schedule.occurrences(past.told.plans, past.told.zones, past.start, max(days))
    return sorted({*days, *(day + EVENING for day in days), *schedule.turns(planned)})


def crossed(turns: Sequence[int], last: int, now: int) -> bool:
    """Whether one of them lies in (last, now]."""
    return bisect_right(turns, now) > bisect_right(turns, last)
