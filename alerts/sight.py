"""Chart, catalog and store → what a rule sees of one patient. The one place where people and readings meet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alerts.chart import Chart, Patient, Wearing
from detectors.history import History, Readings, Told, history
from detectors.localtime import midnight
from detectors.outcome import KIND, judged
from ingest.batch import DAY, HOUR, MINUTE, Span, Stream
from ingest.bout import GROWS, Bout
from ingest.catalog import Catalog
from ingest.minute import Minutes, joined, laid, unknown
from ingest.store import Store

SETTLE = MINUTE
"""What is younger than this, counted from what is complete, is not judged: a minute is told from its neighbours."""


@dataclass(slots=True)
class _Seen:
    """What is at hand of one patient, so that a step need not read it again."""

    start: int
    end: int
    bands: Sequence[Minutes]
    """One for each that was heard, without holes; if none was, one of which nothing is known."""
    before: int | None
    """End of the newest minute before `start` that was heard, however long ago."""
    gaps: list[Span]
    told: Told


@dataclass(slots=True)
class _Past:
    """Days of one patient as they were read for the rules that see many; what lies before `end` need not be read again."""

    start: int
    end: int
    bands: Mapping[str, Minutes]
    battery: Mapping[str, Readings]
    """Of the bands worn at `end`."""


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
        told = self._told(patient, start, now)
        seen = _Seen(start, end, _laid(past.bands, start, end), self._before(wearings, start), self._gaps(wearings, start, end), told)
        bouts, battery = self._bouts(wearings, start, end), list(past.battery.values())
        return self._history(patient, wearings, seen, end, now, complete, days=days, bouts=bouts, battery=battery)

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
        battery: Sequence[Readings] = (),
    ) -> History:
        band, *beside = [band[: int(np.searchsorted(band["t"], end))] for band in seen.bands]
        return history(
            patient.id,
            patient.zone,
            band,
            end,
            beside=beside,
            days=days,
            bouts=bouts,
            gaps=[replace(gap, t1=min(gap.t1, end)) for gap in seen.gaps if gap.t0 < end],
            complete_to=min(complete, end + SETTLE),
            last_heard=self._last_heard(wearings, [band, *beside], seen.before, end, now),
            since=wearings[0].start if wearings else None,
            bare=list(_bare(wearings)),
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

    def _last_heard(self, wearings: Sequence[Wearing], bands: Sequence[Minutes], before: int | None, end: int, now: int) -> int | None:
        """End of the newest minute before `end` that was heard; or to the hour, what came since and is not complete yet.

        A band whose line is held up somewhere is not a silent band.
        """
        if now > end + SETTLE:
            # what a band says before and after is about somebody else
            own = [
                (self._catalog.hours(w.dev, max(end - HOUR, w.start), till), till)
                for w in wearings
                if (till := min(now, w.end or now)) > end
            ]
            newest = max((min(hours[-1] + HOUR, till) for hours, till in own if hours), default=end)
            if newest > end:
                return newest
        return max((heard for band in bands if (heard := _heard(band)) is not None), default=before)

    def _at_hand(self, patient: Patient, wearings: Sequence[Wearing], end: int) -> _Seen:
        start = midnight(end - 1, patient.zone, -1)
        seen = self._seen.get(patient.id)
        if seen is None or seen.start != start or end > seen.end:
            last = end + DAY
            bands = _laid(self._bands(wearings, start, last), start, last)
            seen = _Seen(start, last, bands, self._before(wearings, start), self._gaps(wearings, start, last), self._planned(patient))
            self._seen[patient.id] = seen
        return seen

    def _read_on(self, patient: str, wearings: Sequence[Wearing], start: int, end: int) -> _Past:
        """[start, end), of which only what is new is read."""
        past = self._past.get(patient)
        if past is None or not past.start <= start <= past.end <= end:
            past = _Past(start, start, {}, {})
        new = self._bands(wearings, past.end, end)
        kept = {dev: band[slice(*np.searchsorted(band["t"], (start, past.end)))] for dev, band in past.bands.items()}
        bands = {dev: joined([band[dev] for band in (kept, new) if dev in band]) for dev in {**kept, **new}}
        battery: dict[str, Readings] = {}
        for w in wearings:
            if w.end is None or w.end > end:
                said = [reading for reading in past.battery.get(w.dev, ()) if start <= reading[0] < past.end]
                said += self._battery(w, past.end, end)
                # a band says the same again and again: the last word of each hour is enough, in whatever pieces they were read
                battery[w.dev] = list({at // HOUR: (at, percent) for at, percent in said}.values())
        past = self._past[patient] = _Past(start, end, bands, battery)
        return past

    def _bands(self, wearings: Sequence[Wearing], start: int, end: int) -> dict[str, Minutes]:
        """Of each band for as long as it was worn; only of those of which there is any."""
        parts: dict[str, list[Minutes]] = {}
        for w in wearings:
            if len(part := self._store.minutes(w.dev, max(start, w.start), min(end, w.end or end))):
                parts.setdefault(w.dev, []).append(part)
        return {dev: joined(found) for dev, found in parts.items()}

    def _before(self, wearings: Sequence[Wearing], start: int) -> int | None:
        """End of the newest minute before that was heard, however long ago."""
        earlier = [(hours[-1], w) for w in wearings if (hours := self._catalog.hours(w.dev, w.start, min(start, w.end or start)))]
        if not earlier:
            return None
        hour, last = max(earlier, key=lambda found: found[0])
        return _heard(self._store.minutes(last.dev, hour, min(hour + HOUR, start)))

    def _bouts(self, wearings: Sequence[Wearing], start: int, end: int) -> list[Bout]:
        """Those that were surely over by `end`, so that it does not matter how much more is known by now."""
        found = [(w, self._store.bouts(w.dev, max(start, w.start), min(end, w.end or end))) for w in wearings]
        over = [bout for w, bouts in found for bout in bouts if bout.start >= w.start and bout.end <= end - GROWS]
        return sorted(over, key=lambda bout: (bout.start, bout.kind, bout.dev))

    def _battery(self, w: Wearing, start: int, end: int) -> list[tuple[int, float]]:
        batches = self._store.batches(w.dev, Stream.BATTERY, max(start, w.start), end)
        said = [(t, v * b.scale) for b in batches for t, v in zip(b.times.tolist(), b.values[:, 0].tolist(), strict=True)]
        return [reading for reading in sorted(said) if start <= reading[0] < end]

    def _gaps(self, wearings: Sequence[Wearing], start: int, end: int) -> list[Span]:
        found = [self._catalog.spans(w.dev, max(start, w.start), min(end, w.end or end)) for w in wearings]
        return [span for spans in found for span in spans if span.cause]


def _laid(bands: Mapping[str, Minutes], start: int, end: int) -> list[Minutes]:
    return [laid(band, start, end) for band in bands.values()] or [unknown(start, end)]


def _heard(minutes: Minutes) -> int | None:
    """End of the newest minute that was heard."""
    heard = np.flatnonzero(minutes["coverage"] > 0)
    return int(minutes["t"][heard[-1]]) + MINUTE if len(heard) else None


def _bare(wearings: Sequence[Wearing]) -> Iterator[tuple[int, int | None]]:
    """Spans after the first hand-over without any band; the last has no end where none is worn."""
    reach: int | None = wearings[0].start if wearings else None
    for w in wearings:
        if reach is None:
            return
        if w.start > reach:
            yield reach, w.start
        reach = None if w.end is None else max(reach, w.end)
    if reach is not None:
        yield reach, None
