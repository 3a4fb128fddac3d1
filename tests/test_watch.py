"""The watch, over a real chart, store, catalog and ingester: what it makes, when it speaks, and what it takes back."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from alerts.chart import Chart, Patient, Wearing
from alerts.sight import SETTLE
from alerts.watch import Watch
from cli.line import default_rules
from detectors.finding import Finding
from ingest.batch import HOUR, MINUTE, Batch, Cause, Span, Stream
from ingest.body import encode
from ingest.catalog import Catalog
from ingest.ingester import Ingester
from ingest.minute import Minutes
from ingest.stores.sqlite import SqliteStore
from ingest.wire import Message, Parcel, pack, seal
from tests.timeline import BERLIN, MIDNIGHT

EIGHT = MIDNIGHT + 8 * HOUR
HALF = HOUR // 2
PATIENT, DEV = "virtual-p", "d1"


class CountingStore(SqliteStore):
    """Remembers which hours were made, and how often."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.made: Counter[int] = Counter()

    def write_minutes(self, dev: str, minutes: Minutes) -> None:
        self.made.update(set((minutes["t"] // HOUR * HOUR).tolist()))
        super().write_minutes(dev, minutes)


@dataclass
class Site:
    chart: Chart
    store: CountingStore
    catalog: Catalog
    ingester: Ingester
    now: int = EIGHT
    turns: dict[str, int] = field(default_factory=dict)

    def hear(self, parts: Sequence[Batch | Span], complete: int, spool: str = "s1") -> None:
        """One message of a gateway, which then claims this (µs UTC)."""
        turn = self.turns[spool] = self.turns.get(spool, 0) + 1
        bodies = [(part.n, encode(part)) for part in parts if isinstance(part, Batch)]
        parcel = pack(Parcel(bodies, [part for part in parts if isinstance(part, Span)]))
        self.ingester.take([("g", seal(Message(spool, turn, {DEV: complete}, [(turn, parcel)])))])

    def follow(self, watch: Watch | None = None) -> None:
        self.now = max((watch or self.watch()).follow(self.now), default=self.now)

    def watch(self) -> Watch:
        return Watch(self.chart, self.store, self.catalog, default_rules())

    def told(self) -> list[tuple[str, int, int | None, str]]:
        """(kind, start, end, state), times in minutes after eight."""
        return [(f.kind, _after(f.start), None if f.end is None else _after(f.end), state) for f, state in self.chart.findings()]

    def found(self) -> list[tuple[Finding, str]]:
        return self.chart.findings()


def _after(at: int) -> int:
    return (at - EIGHT) // MINUTE


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield opened(tmp_path, stack)


def opened(folder: Path, stack: ExitStack) -> Site:
    folder.mkdir(exist_ok=True)
    chart, store, catalog = Chart(f"sqlite:///{folder}/chart.db"), CountingStore(folder / "store"), Catalog(folder / "catalog.db")
    for part in (chart, store, catalog):
        stack.callback(part.close)
    chart.admit(Patient(PATIENT, BERLIN, "t-1", virtual=True), EIGHT)
    chart.hand_over(Wearing(DEV, PATIENT, EIGHT))
    return Site(chart, store, catalog, Ingester(store, catalog, lambda: EIGHT, past=True))


def day(line: str, start: int = EIGHT, each: int = 10) -> list[Batch]:
    """Step slots and a pulse, `each` minutes to a mark: W walks, _ is still, a blank says nothing. No batch crosses a half-hour."""
    marks = [(start + (i * each + m) * MINUTE, mark) for i, mark in enumerate(line) for m in range(each)]
    out = []
    for half in sorted({at // HALF for at, mark in marks if mark != " "}):
        here = [(at, mark) for at, mark in marks if at // HALF == half and mark != " "]
        times = [at for at, _ in here]
        out.append(_batch(Stream.STEPS, times, [95 if mark == "W" else 0 for _, mark in here]))
        out.append(_batch(Stream.HR, times, [98 if mark == "W" else 66 + at // MINUTE % 5 for at, mark in here]))
    return out


def _batch(stream: Stream, times: list[int], values: list[int]) -> Batch:
    offsets = (np.array(times) - times[0]).astype(np.int32)
    return Batch(DEV, stream, times[0], None, offsets, np.array(values, np.int32)[:, None], 1.0)


def hours(batches: Sequence[Batch]) -> dict[int, list[Batch]]:
    return {hour: [b for b in batches if b.t0 // HOUR * HOUR == hour] for hour in sorted({b.t0 // HOUR * HOUR for b in batches})}


# 8:00  9:00        10:00  …   walks for an hour, is still from 9:00 to 10:40, walks to 12:00, is still to 14:00, walks to 15:00
LINE = "WWWWWW" + "______" + "____WW" + "WWWWWW" + "______" + "______" + "WWWWWW"
TOLD = [("still_too_long", 60, 160, "closed"), ("still_too_long", 240, 360, "closed")]


def test_each_changed_hour_is_made_once_when_all_came_before_anybody_looked(site: Site) -> None:
    site.hear(day(LINE), EIGHT + 9 * HOUR)
    watch = site.watch()
    site.follow(watch)
    assert site.told() == TOLD
    first = Counter(site.store.made)
    assert [first[EIGHT + h * HOUR] for h in range(7)] == [1] * 7
    site.follow(watch)
    site.follow(site.watch())
    assert site.store.made == first


def test_one_late_hour_makes_itself_and_the_next_and_no_other(site: Site) -> None:
    site.hear(day(LINE), EIGHT + 9 * HOUR)
    site.follow()
    site.store.made.clear()
    site.hear([_batch(Stream.INTENSITY, [EIGHT + 2 * HOUR + 5 * MINUTE], [0])], EIGHT + 9 * HOUR)
    site.follow()
    assert {_after(hour) // 60 for hour in site.store.made if hour >= EIGHT} <= {1, 2, 3}
    assert site.store.made[EIGHT + 2 * HOUR] == 1


@pytest.mark.parametrize("portions", ["hourly", "at once", "reversed"])
def test_promise_3_it_does_not_matter_in_what_portions_the_data_came(site: Site, portions: str) -> None:
    # reversed: the newest hour first, and nothing is complete before the oldest is there, as with a backlog behind live data
    by_hour, end = hours(day(LINE)), EIGHT + 9 * HOUR
    watch = site.watch()
    if portions == "at once":
        site.hear(day(LINE), end)
        site.follow(watch)
    elif portions == "hourly":
        for hour, batches in by_hour.items():
            site.hear(batches, hour + HOUR)
            site.follow(watch)
        site.hear([], end)
        site.follow(watch)
    else:
        for hour, batches in reversed(by_hour.items()):
            site.hear(batches, end if hour == EIGHT else EIGHT)
            site.follow(watch)
    assert site.told() == TOLD
    # each nudge was opened at the step that first saw fifty minutes, however late the data of that step came
    assert sorted(_after(alert.opened) for alert in site.chart.alerts()) == [110, 290]


def test_nothing_is_judged_that_is_not_complete(site: Site) -> None:
    site.hear(day(LINE), EIGHT + 90 * MINUTE)
    site.follow()
    assert site.now <= EIGHT + 90 * MINUTE - SETTLE
    assert site.told() == []


def test_late_data_take_a_finding_back(site: Site) -> None:
    #  8:00 ── walks ── 9:00 ── no step by the first gateway … ── 11:00 walks ── 12:00
    #                          and then a second one brings the steps of 9:30 to 10:30
    line = "WWWWWW" + "______" * 2 + "WWWWWW"
    site.hear(day(line), EIGHT + 4 * HOUR)
    watch = site.watch()
    site.follow(watch)
    assert site.told() == [("still_too_long", 60, 180, "closed")]
    site.hear(day("WWWWWW", EIGHT + 90 * MINUTE + 1), EIGHT + 4 * HOUR + 10 * MINUTE, spool="s2")
    site.hear([], EIGHT + 4 * HOUR + 10 * MINUTE)
    site.follow(watch)
    assert [(f.kind, state) for f, state in site.found()] == [("still_too_long", "retracted")]


def test_promise_2_a_silent_band_is_told_of_only_behind_what_is_complete(site: Site) -> None:
    #  8:00 walks 9:00 ── the gateway is out of reach and holds the day … ── 22:00 it brings it: there never was a silence
    watch = site.watch()
    site.hear(day("WWWWWW"), EIGHT + HOUR)
    site.follow(watch)
    assert site.now == EIGHT + 55 * MINUTE
    site.hear(day("W_" * 39, EIGHT + HOUR), EIGHT + 14 * HOUR)
    site.follow(watch)
    assert site.now > EIGHT + 13 * HOUR
    assert site.told() == []


def test_a_gateway_without_a_word_for_half_a_day_is_a_silence_by_the_clock_taken_back_once_it_tells_otherwise(site: Site) -> None:
    watch = site.watch()
    site.hear(day("WWWWWW"), EIGHT + HOUR)
    watch.judge(EIGHT + 12 * HOUR)
    assert site.told() == []
    watch.judge(EIGHT + 14 * HOUR)
    assert [(kind, state) for kind, _, _, state in site.told()] == [("silent_band", "open")]
    site.hear(day("W_" * 39, EIGHT + HOUR), EIGHT + 14 * HOUR)
    watch.judge(EIGHT + 14 * HOUR + MINUTE)
    assert [(kind, state) for kind, _, _, state in site.told()] == [("silent_band", "retracted")]


def test_a_band_that_was_not_heard_for_half_a_day_is_told_of(site: Site) -> None:
    site.hear([*day("WWWWWW"), Span(DEV, EIGHT + HOUR, EIGHT + 14 * HOUR, Cause.RANGE)], EIGHT + 14 * HOUR)
    site.follow()
    assert site.told() == [("silent_band", 60, None, "open")]


@pytest.mark.parametrize("cause", [Cause.RANGE, Cause.GATEWAY, Cause.CHARGING])
def test_promise_2_unknown_is_not_still(site: Site, cause: Cause) -> None:
    #  8:00 walks 9:00 ── nothing known of two hours ── 11:00 walks 12:00
    gap = Span(DEV, EIGHT + HOUR, EIGHT + 3 * HOUR, cause)
    site.hear([*day("WWWWWW" + " " * 12 + "WWWWWW"), gap], EIGHT + 4 * HOUR)
    site.follow()
    assert site.now > EIGHT + 3 * HOUR + 50 * MINUTE
    assert site.told() == []
    unheard = site.store.minutes(DEV, EIGHT + 65 * MINUTE, EIGHT + 175 * MINUTE)
    assert not (unheard["still"] == 1).any()
    assert not np.isfinite(unheard["steps"]).any()


def test_of_a_band_without_any_word_nothing_is_claimed_but_its_silence(site: Site) -> None:
    site.hear([Span(DEV, EIGHT, EIGHT + 13 * HOUR, Cause.RANGE)], EIGHT + 13 * HOUR)
    site.follow()
    assert {kind for kind, *_ in site.told()} == {"silent_band"}
