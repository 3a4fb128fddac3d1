"""Chart, catalog and store → histories → findings → the chart again. The one place where people and readings meet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from pydantic import BaseModel

from alerts.chart import Chart, Patient, Wearing
from alerts.reconcile import Judgement, reconcile
from alerts.refresh import refresh
from detectors.finding import Finding
from detectors.history import History, history
from detectors.localtime import midnight
from detectors.rule import Rule
from ingest.batch import DAY, HOUR, MINUTE, Span
from ingest.catalog import Catalog
from ingest.minute import MINUTE_DTYPE, Minutes, laid
from ingest.store import Store

STEP = 5 * MINUTE
"""Data time between two judgements in replay and history; live it judges once a minute."""
REJUDGED = 14 * DAY
"""How far back late data are judged again (design)."""
SETTLE = MINUTE
"""What is younger than this, counted from what is complete, is not judged: a minute is told from its neighbours."""


@dataclass(slots=True)
class _Seen:
    """What is at hand of one patient, so that a step need not read it again."""

    start: int
    end: int
    minutes: Minutes
    gaps: list[Span]
    known: list[Judgement] | None = None


class Watch:
    """Judges every patient of the chart; all it remembers can be thrown away and is read again. Times are µs UTC.

    `rules`: by kind, each with its parameters. Every method raises `StoreUnavailable`, `ChartUnavailable`.
    """

    def __init__(self, chart: Chart, store: Store, catalog: Catalog, rules: Mapping[str, tuple[Rule, BaseModel]]) -> None:
        self._chart, self._store, self._catalog, self._rules = chart, store, catalog, rules
        self._seen: dict[str, _Seen] = {}
        self._late: dict[str, int] = {}
        self.trouble: dict[str, str] = {}
        """Patients whose data could not be judged at the last look, and why; the others were."""
        self._people: list[tuple[Patient, list[Wearing]]] = []
        self.meet()

    def meet(self) -> None:
        """Look up who there is and who wears what."""
        self._people = [(patient, self._chart.wearings(patient.id)) for patient in self._chart.patients()]
        self._seen.clear()

    def _refresh(self) -> dict[str, int]:
        """Make what changed as far as it is complete; gives patient → what the bands now worn are complete to.

        Asked first, made afterwards: what arrives meanwhile is for the next time.
        """
        complete: dict[str, int] = {}
        for patient, wearings in self._people:
            reached = {w.dev: self._catalog.complete_to(w.dev) or 0 for w in wearings}
            made = [at for dev, upto in reached.items() if (at := refresh(self._store, self._catalog, dev, upto)) is not None]
            if made:
                self._seen.pop(patient.id, None)
                self._late[patient.id] = min([*made, self._late.get(patient.id, made[0])])
            elif seen := self._seen.get(patient.id):
                seen.gaps = self._gaps(wearings, seen.start, seen.end)
            complete[patient.id] = min((max(reached[w.dev], w.start) for w in wearings if w.end is None), default=0)
        return complete

    def follow(self, now: int, step: int = STEP) -> Iterator[int]:
        """Judge every `step` µs of data time after `now` as far as everything is complete; gives each step once it is judged.

        What is judged at a step sees nothing that came after it, so it does not matter in what portions the data arrived.
        """
        complete = self._refresh()
        while now + step + SETTLE <= min((complete[p.id] for p, wearings in self._people if wearings), default=0):
            now += step
            self._judge_all(now, complete)
            yield now

    def judge(self, now: int) -> None:
        """Every patient as of `now` (µs UTC), up to what is complete."""
        self._judge_all(now, self._refresh())

    def _judge_all(self, now: int, complete: Mapping[str, int]) -> None:
        """One patient's unreadable data keep no other from being judged."""
        self.trouble.clear()
        for patient, wearings in self._people:
            if wearings:
                try:
                    self._judge(patient, wearings, now, complete[patient.id])
                except ValueError as error:
                    self.trouble[patient.id] = str(error)

    def _judge(self, patient: Patient, wearings: list[Wearing], now: int, complete: int) -> None:
        # a band that nobody has heard yet can still be silent: its history is empty from the hand-over on
        end = max(min(now, complete - SETTLE), wearings[0].start + MINUTE)
        end -= end % MINUTE
        late = max(self._late.pop(patient.id, end), end - REJUDGED)
        day = midnight(late, patient.zone, 2)
        while day < midnight(end - 1, patient.zone):
            self._look(patient, wearings, day, now, complete)
            day = midnight(day, patient.zone, 1)
        self._look(patient, wearings, end, now, complete)

    def _look(self, patient: Patient, wearings: list[Wearing], end: int, now: int, complete: int) -> None:
        """Judge the local day that `end` closes or lies in, and the day before it."""
        seen = self._at_hand(patient, wearings, end)
        past = self._history(patient, wearings, seen, end, now, complete)
        if seen.known is None:
            seen.known = self._chart.judgements(patient.id, past.start, 2**62)
        changes = reconcile(self._findings(past, now), seen.known, past.start, past.end, now)
        if changes:
            self._chart.record(patient.id, changes, now)
            seen.known = None

    def _findings(self, past: History, now: int) -> list[Finding]:
        return [finding for rule, params in self._rules.values() for finding in rule.find(past, now, params)]

    def _history(self, patient: Patient, wearings: list[Wearing], seen: _Seen, end: int, now: int, complete: int) -> History:
        upto = int(np.searchsorted(seen.minutes["t"], end))
        return history(
            patient.id,
            patient.zone,
            seen.minutes[:upto],
            end,
            gaps=[replace(gap, t1=min(gap.t1, end)) for gap in seen.gaps if gap.t0 < end],
            complete_to=min(complete, end + SETTLE),
            last_heard=self._last_heard(wearings, seen.minutes[:upto], end, now),
            since=wearings[0].start,
        )

    def _last_heard(self, wearings: list[Wearing], minutes: Minutes, end: int, now: int) -> int | None:
        """End of the newest minute before `end` that was heard; or to the hour, what came since and is not complete yet.

        A band whose line is held up somewhere is not a silent band.
        """
        if now > end + SETTLE:
            newest = max((hours[-1] for w in wearings if (hours := self._catalog.hours(w.dev, end - HOUR, now))), default=None)
            if newest is not None and newest + HOUR > end:
                return min(newest + HOUR, now)
        heard = np.flatnonzero(minutes["coverage"] > 0)
        return int(minutes["t"][heard[-1]]) + MINUTE if len(heard) else None

    def _at_hand(self, patient: Patient, wearings: list[Wearing], end: int) -> _Seen:
        start = midnight(end - 1, patient.zone, -1)
        seen = self._seen.get(patient.id)
        if seen is None or seen.start != start or end > seen.end:
            last = end + DAY
            seen = _Seen(start, last, self._minutes(wearings, start, last), self._gaps(wearings, start, last))
            self._seen[patient.id] = seen
        return seen

    def _minutes(self, wearings: list[Wearing], start: int, end: int) -> Minutes:
        """Of all bands, each for as long as it was worn; led by the last hour heard before, however long ago."""
        parts = [self._store.minutes(w.dev, max(start, w.start), min(end, w.end or end)) for w in wearings]
        earlier = [(hours[-1], w) for w in wearings if (hours := self._catalog.hours(w.dev, w.start, min(start, w.end or start)))]
        if earlier:
            hour, last = max(earlier, key=lambda found: found[0])
            parts.append(self._store.minutes(last.dev, hour, min(hour + HOUR, start)))
        out = np.concatenate(parts) if parts else np.empty(0, MINUTE_DTYPE)
        out = out[np.argsort(out["t"], kind="stable")]
        return np.concatenate([out[out["t"] < start], laid(out, start, end)])

    def _gaps(self, wearings: list[Wearing], start: int, end: int) -> list[Span]:
        found = [self._catalog.spans(w.dev, max(start, w.start), min(end, w.end or end)) for w in wearings]
        return [span for spans in found for span in spans if span.cause]
