"""The band was not heard for so long that nothing can be said about its wearer: time to look at the band, not at the person."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from detectors.finding import Finding
from detectors.history import History
from detectors.rule import Rule
from detectors.runs import Index, runs
from ingest.batch import HOUR, MICROS, MINUTE, Cause, Span

KIND = "silent_band"


class Params(BaseModel):
    """How long is silent."""

    model_config = ConfigDict(frozen=True)

    silent_hours: float = Field(
        default=12,
        gt=0,
        le=336,
        description="Hours without a word before it is said (design, detector D19): longer than a night on the charger."
        " Needs a clinician's sign-off.",
    )


def find(history: History, now: int, params: Params) -> Iterable[Finding]:
    """One finding for each silence of at least `params.silent_hours`: those seen in the minutes, and the one since the band was last heard.

    A finding begins where the band was last heard, to the full minute after it, or where it was handed over if it never was; so it
    alone of all rules may begin before the history. Where the patient had no band nothing is silent. The evidence names the `cause` that
    explains most of what the history sees of it, once the gaps are known.
    """
    for start, end, judged in (part for silence in _silences(history, now) for part in _with_a_band(silence, history.bare)):
        if judged - start >= params.silent_hours * HOUR:
            key = f"{KIND}@{datetime.fromtimestamp(start // MICROS, UTC):%Y-%m-%dT%H:%MZ}"
            evidence = {"silent_h": round((judged - start) / HOUR, 1)} | _why(history.gaps, max(start, history.start), judged)
            yield Finding(history.patient, KIND, key, start, end, evidence)


_Silence = tuple[int, int | None, int]
"""Start, end (`None` while it lasts) and the time up to which it is known to last, µs UTC."""


def _why(gaps: Iterable[Span], start: int, end: int) -> dict[str, float | int | str]:
    """The cause of the most minutes; none where of most of them none is known (yet). Of gaps that overlap the later cause holds, of
    causes alike long as well."""
    causes, minutes = list(Cause), np.zeros(max(end - start, 0) // MINUTE, np.int64)
    for n, gap in sorted(((causes.index(gap.cause) + 1, gap) for gap in gaps if gap.cause), key=lambda known: known[0]):
        first, last = (max((t - start) // MINUTE, 0) for t in (gap.t0, gap.t1))
        minutes[first:last] = n
    of_each = np.bincount(minutes, minlength=len(causes) + 1)
    most = len(causes) - int(np.argmax(of_each[::-1])) if len(minutes) else 0
    return {"cause": causes[most - 1].value} if most else {}


def _with_a_band(silence: _Silence, bare: Iterable[tuple[int, int | None]]) -> Iterator[_Silence]:
    """What of it lies outside the times in which the patient had no band."""
    start, end, judged = silence
    for back, again in bare:
        if back < judged and (again is None or again > start):
            if start < back:
                yield start, back, back
            if again is None or again >= judged:
                return
            start = _whole(again)
    yield start, end, judged


def _silences(history: History, now: int) -> Iterator[_Silence]:
    times, handed = history.minutes["t"], _whole(history.since or 0)
    last = history.last_heard if history.last_heard is not None else history.since
    starts, ends = runs(history.minutes["coverage"] == 0)
    for first, stop in zip(starts.tolist(), ends.tolist(), strict=True):
        begun = int(times[first]) if first else _begun(history)
        if begun is None:
            continue
        if stop < len(times):
            yield max(begun, handed), int(times[stop]), int(times[stop])
        elif last is None:
            yield begun, None, now
        elif last > history.end:
            # Heard again, but what it said is not complete yet: the silence stands until the minutes show its end.
            yield max(begun, handed), None, history.end
    if last is not None:
        yield max(_whole(last), _covered(history, starts, ends)), None, now


def _covered(history: History, starts: Index, ends: Index) -> int:
    """End of the last minute that holds anything, µs UTC; 0 where none does."""
    n = len(history.minutes)
    stop = int(starts[-1]) if len(ends) and ends[-1] == n else n
    return int(history.minutes["t"][stop - 1]) + MINUTE if stop else 0


def _begun(history: History) -> int | None:
    """Where the silence began that lasts into the history: a gap tells, else the history's first minute stands, if the band was there."""
    before = [gap.t0 for gap in history.gaps if gap.t0 <= history.start < gap.t1]
    if before:
        return _whole(min(before))
    return history.start if history.since is not None else None


def _whole(moment: int) -> int:
    return -(-moment // MINUTE) * MINUTE


RULE = Rule(Params, find)
