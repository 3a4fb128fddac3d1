"""Chart, catalog and store → what a rule sees of one patient. The one place where people and readings meet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alerts.chart import Chart, Patient, Wearing
from detectors.history import History, Told, history
from detectors.localtime import midnight
from detectors.outcome import KIND, judged
from ingest.batch import DAY, HOUR, MINUTE, Span, Stream
from ingest.bout import GROWS, Bout
from ingest.catalog import Catalog
from ingest.minute import MINUTE_DTYPE, Minutes, joined, laid
from ingest.store import Store

SETTLE = MINUTE
"""What is younger than this, counted from what is complete, is not judged: a minute is told from its neighbours."""


@dataclass(slots=True)
class _Seen:
    """What is at hand of one patient, so that a step need not read it again."""

    start: int
    end: int
    minutes: Minutes
    gaps: list[Span]
    told: Told


@dataclass(slots=True)
class _Past:
    """Days of one patient as they were read for the rules that see many; what lies before `end` need not be read again."""

    start: int
    end: int
    minutes: Minutes
    battery: list[tuple[int, float]]


class Sight:
    """All it remembers can be thrown away and is read again. Times are µs UTC. Raises `StoreUnavailable`, `ChartUnavailable`."""

    def __init__(self, chart: Chart, store: Store, catalog: Catalog) -> None:
        self._chart, self._store, self._catalog = chart, store, catalog
        self._seen: dict[str, _Seen] = {}
        self._past: dict[str, _Past] = {}

    def forget(self) -> None:
        """Who there is and who wears what is new."""
        self._seen.clear()
        self._past.clear()

    def made_again(self, patient: str, since: int) -> None:
        """Minutes from `since` on are new."""
        self._seen.pop(patient, None)
        if past := self._past.get(patient):
            past.end = min(past.end, since - HOUR)

    def new_gaps(self, patient: str, wearings: Sequence[Wearing]) -> None:
        """Only the gaps are read again: they may grow while nothing else changes."""
        if seen := self._seen.get(patient):
            seen.gaps = self._gaps(wearings, seen.start, seen.end)

    def near(self, patient: Patient, wearings: Sequence[Wearing], end: int, now: int, complete: int) -> History:
        """The local day that `end` closes or lies in, and the day before it; of what was told, the plan alone."""
        seen = self._at_hand(patient, wearings, end)
        return self._history(patient, wearings, seen, end, now, complete)

    def far(self, patient: Patient, wearings: Sequence[Wearing], end: int, now: int, complete: int, days: int) -> History:
        """So many whole local days before it too, with bouts, battery, the plan and what people told by `now`."""
        start = midnight(end - 1, patient.zone, -days)
        past = self._read_on(patient.id, wearings, start, end)
        minutes = self._led_in(wearings, past.minutes, start, end)
        seen = _Seen(start, end, minutes, self._gaps(wearings, start, end), self._told(patient, start, now))
        bouts = self._bouts(wearings, start, end)
        return self._history(patient, wearings, seen, end, now, complete, days=days, bouts=bouts, battery=past.battery)

    def _history(
        self,
        patient: Patient,
        wearings: Sequence[Wearing],
        seen: _Seen,
        end: int,
        now: int,
        complete: int,
        *,
        days: int = 1,
        bouts: Sequence[Bout] = (),
        battery: Sequence[tuple[int, float]] = (),
    ) -> History:
        upto = int(np.searchsorted(seen.minutes["t"], end))
        return history(
            patient.id,
            patient.zone,
            seen.minutes[:upto],
            end,
            days=days,
            bouts=bouts,
            gaps=[replace(gap, t1=min(gap.t1, end)) for gap in seen.gaps if gap.t0 < end],
            complete_to=min(complete, end + SETTLE),
            last_heard=self._last_heard(wearings, seen.minutes[:upto], end, now),
            since=wearings[0].start,
            told=seen.told,
            battery=battery,
        )

    def _told(self, patient: Patient, start: int, now: int) -> Told:
        kept = self._chart.findings(patient.id)
        earlier = [judged(found) for found, state in kept if found.kind == KIND and found.start < start and state != "retracted"]
        reports, asked = self._chart.reports.of(patient.id, 0, now + 1), self._chart.asked(patient.id)
        return replace(self._planned(patient), reports=reports, asked=asked, earlier=earlier)

    def _planned(self, patient: Patient) -> Told:
        return Told(self._chart.zones(patient.id), self._chart.plans.revisions(patient.id))

    def _last_heard(self, wearings: Sequence[Wearing], minutes: Minutes, end: int, now: int) -> int | None:
        """End of the newest minute before `end` that was heard; or to the hour, what came since and is not complete yet.

        A band whose line is held up somewhere is not a silent band.
        """
        if now > end + SETTLE:
            newest = max((hours[-1] for w in wearings if (hours := self._catalog.hours(w.dev, end - HOUR, now))), default=None)
            if newest is not None and newest + HOUR > end:
                return min(newest + HOUR, now)
        heard = np.flatnonzero(minutes["coverage"] > 0)
        return int(minutes["t"][heard[-1]]) + MINUTE if len(heard) else None

    def _at_hand(self, patient: Patient, wearings: Sequence[Wearing], end: int) -> _Seen:
        start = midnight(end - 1, patient.zone, -1)
        seen = self._seen.get(patient.id)
        if seen is None or seen.start != start or end > seen.end:
            last = end + DAY
            minutes = self._led_in(wearings, self._minutes(wearings, start, last), start, last)
            seen = _Seen(start, last, minutes, self._gaps(wearings, start, last), self._planned(patient))
            self._seen[patient.id] = seen
        return seen

    def _read_on(self, patient: str, wearings: Sequence[Wearing], start: int, end: int) -> _Past:
        """[start, end), of which only what is new is read."""
        past = self._past.get(patient)
        if past is None or not past.start <= start <= past.end <= end:
            past = _Past(start, start, np.empty(0, MINUTE_DTYPE), [])
        kept, new = past.minutes, self._minutes(wearings, past.end, end)
        minutes = joined([kept[slice(*np.searchsorted(kept["t"], (start, past.end)))], new])
        said = [reading for reading in past.battery if start <= reading[0] < past.end] + self._battery(wearings, past.end, end)
        # a band says the same again and again: the last word of each hour is enough, in whatever pieces they were read
        hourly = {at // HOUR: (at, percent) for at, percent in said}
        past = self._past[patient] = _Past(start, end, minutes, list(hourly.values()))
        return past

    def _minutes(self, wearings: Sequence[Wearing], start: int, end: int) -> Minutes:
        """Of all bands, each for as long as it was worn; ascending."""
        out = joined([self._store.minutes(w.dev, max(start, w.start), min(end, w.end or end)) for w in wearings])
        return out if (np.diff(out["t"]) >= 0).all() else out[np.argsort(out["t"], kind="stable")]

    def _led_in(self, wearings: Sequence[Wearing], minutes: Minutes, start: int, end: int) -> Minutes:
        """The minutes without holes, led by the last hour heard before, however long ago."""
        earlier = [(hours[-1], w) for w in wearings if (hours := self._catalog.hours(w.dev, w.start, min(start, w.end or start)))]
        if earlier:
            hour, last = max(earlier, key=lambda found: found[0])
            return joined([self._store.minutes(last.dev, hour, min(hour + HOUR, start)), laid(minutes, start, end)])
        return laid(minutes, start, end)

    def _bouts(self, wearings: Sequence[Wearing], start: int, end: int) -> list[Bout]:
        """Those that were surely over by `end`, so that it does not matter how much more is known by now."""
        found = [(w, self._store.bouts(w.dev, max(start, w.start), min(end, w.end or end))) for w in wearings]
        over = [bout for w, bouts in found for bout in bouts if bout.start >= w.start and bout.end <= end - GROWS]
        return sorted(over, key=lambda bout: (bout.start, bout.kind, bout.dev))

    def _battery(self, wearings: Sequence[Wearing], start: int, end: int) -> list[tuple[int, float]]:
        """Of the bands worn at `end`."""
        worn = [w for w in wearings if w.end is None or w.end > end]
        batches = [b for w in worn for b in self._store.batches(w.dev, Stream.BATTERY, max(start, w.start), end)]
        said = [(t, v * b.scale) for b in batches for t, v in zip(b.times.tolist(), b.values[:, 0].tolist(), strict=True)]
        return [reading for reading in sorted(said) if start <= reading[0] < end]

    def _gaps(self, wearings: Sequence[Wearing], start: int, end: int) -> list[Span]:
        found = [self._catalog.spans(w.dev, max(start, w.start), min(end, w.end or end)) for w in wearings]
        return [span for spans in found for span in spans if span.cause]
