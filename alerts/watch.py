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
from ingest.minute import MINUTE_DTYPE, Minutes
from ingest.store import Store

STEP = 5 * MINUTE
"""Data time between two judgements in replay and history; live it judges once a minute."""
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
        self._counter = catalog.seen("watch")
        self._seen: dict[str, _Seen] = {}
        self._people: list[tuple[Patient, list[Wearing]]] = []
        self.meet()

    def meet(self) -> None:
        """Look up who there is and who wears what."""
        self._people = [(patient, self._chart.wearings(patient.id)) for patient in self._chart.patients()]
        self._seen.clear()

    def refresh(self) -> None:
        """Make minutes and bouts of what changed; what is at hand of those bands is read again when next needed."""
        made, counter = refresh(self._store, self._catalog, self._counter)
        changed = {dev for dev, _, _ in made}
        for patient, wearings in self._people:
            if any(w.dev in changed for w in wearings):
                self._seen.pop(patient.id, None)
        if counter != self._counter:
            self._counter = counter
            self._catalog.mark("watch", counter)

    def complete_to(self) -> int | None:
        """What every patient's bands are complete to; `None`: of some band nothing is known yet, or nobody wears one."""
        reached = [self._complete(wearings) for _, wearings in self._people if wearings]
        return min((r for r in reached if r is not None), default=None) if None not in reached else None

    def follow(self, now: int) -> Iterator[int]:
        """Judge every `STEP` of data time after `now` as far as everything is complete; gives each step once it is judged.

        What is judged at a step sees nothing that came after it, so it does not matter in what portions the data arrived.
        """
        reached = self.complete_to()
        self.refresh()
        while reached is not None and now + STEP + SETTLE <= reached:
            now += STEP
            self.judge(now)
            yield now

    def judge(self, now: int) -> None:
        """Every patient as of `now`, up to what is complete."""
        for patient, wearings in self._people:
            if wearings:
                self._judge(patient, wearings, now)

    def _judge(self, patient: Patient, wearings: list[Wearing], now: int) -> None:
        complete = self._complete(wearings)
        if complete is None:
            return
        end = min(now, complete - SETTLE)
        end -= end % MINUTE
        if end <= wearings[0].start:
            return
        seen = self._at_hand(patient, wearings, end)
        past = self._history(patient, wearings, seen, end, complete)
        if seen.known is None:
            seen.known = self._chart.judgements(patient.id, past.start, 2**62)
        changes = reconcile(self._findings(past, now), seen.known, past.start, past.end, now)
        if changes:
            self._chart.record(patient.id, changes, now)
            seen.known = None

    def _findings(self, past: History, now: int) -> list[Finding]:
        return [finding for rule, params in self._rules.values() for finding in rule.find(past, now, params)]

    def _history(self, patient: Patient, wearings: list[Wearing], seen: _Seen, end: int, complete: int) -> History:
        upto = int(np.searchsorted(seen.minutes["t"], end))
        heard = np.flatnonzero(seen.minutes["coverage"][:upto] > 0)
        last = int(seen.minutes["t"][heard[-1]]) + MINUTE if len(heard) else None
        return history(
            patient.id,
            patient.zone,
            seen.minutes[:upto],
            end,
            gaps=[replace(gap, t1=min(gap.t1, end)) for gap in seen.gaps if gap.t0 < end],
            complete_to=min(complete, end + SETTLE),
            last_heard=last,
            since=wearings[0].start,
        )

    def _at_hand(self, patient: Patient, wearings: list[Wearing], end: int) -> _Seen:
        start = midnight(end - 1, patient.zone, -1)
        seen = self._seen.get(patient.id)
        if seen is None or seen.start != start or end > seen.end:
            last = end + DAY
            gaps = [gap for w in wearings for gap in self._catalog.spans(w.dev, max(start, w.start), min(last, w.end or last)) if gap.cause]
            seen = _Seen(start, last, self._minutes(wearings, start, last), gaps)
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
        return out[np.argsort(out["t"], kind="stable")]

    def _complete(self, wearings: list[Wearing]) -> int | None:
        reached = [self._catalog.complete_to(w.dev) for w in wearings if w.end is None]
        return min((r for r in reached if r is not None), default=None) if reached and None not in reached else None
