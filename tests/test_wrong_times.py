"""What was told by a wrong clock, through the real line: kept, never judged, and taken back where it was."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.batch import HOUR, MICROS, MINUTE, Batch, Cause, Span, Stream
from ingest.minute import MINUTE_DTYPE
from tests.test_bouts import batches, session
from tests.test_watch import DEV, EIGHT, Site, day, opened


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield opened(tmp_path, stack)


def test_a_stillness_told_by_a_wrong_clock_is_taken_back_once_the_clock_is_set(site: Site) -> None:
    #  8:00 walks ── 9:00 ┄ still by a clock that was never set ┄ 11:00 walks ── 12:00
    wrong = Span(DEV, EIGHT + HOUR, EIGHT + 3 * HOUR, Cause.CLOCK, off=8 * HOUR)
    watch = site.watch()
    site.hear(day("WWWWWW" + "_" * 12 + "WWWWWW"), EIGHT + 4 * HOUR)
    site.follow(watch)
    assert [state for *_, state in site.told()] == ["closed"]
    site.hear([wrong], EIGHT + 4 * HOUR + 10 * MINUTE)
    site.follow(watch)
    assert [state for *_, state in site.told()] == ["retracted"]


def test_what_bears_times_of_a_wrong_clock_is_unknown_and_nothing_of_it_is_lost(site: Site) -> None:
    wrong = Span(DEV, EIGHT + HOUR, EIGHT + 2 * HOUR, Cause.CLOCK, off=-HOUR)
    site.hear([*day("WWWWWW" * 3), wrong], EIGHT + 3 * HOUR)
    site.follow()
    made = site.store.minutes(DEV, EIGHT, EIGHT + 3 * HOUR)
    doubted = (made["t"] >= wrong.t0) & (made["t"] < wrong.t1)
    assert (made["coverage"][doubted] == 0).all()
    assert not any(np.isfinite(made[name][doubted]).any() for name in ("steps", "still", "walking", "hr"))
    assert (made["walking"][~doubted] == 1).mean() > 0.9
    assert sum(site.store.readings().values()) == sum(batch.n for batch in day("WWWWWW" * 3))
    assert [span for span in site.catalog.spans(DEV, wrong.t0, wrong.t1) if span.cause] == [wrong]
    bouts = site.store.bouts(DEV, EIGHT, EIGHT + 3 * HOUR)
    assert bouts
    assert all(bout.end <= wrong.t0 + MINUTE or bout.start >= wrong.t1 - MINUTE for bout in bouts)


def test_exercise_ends_where_the_clock_went_wrong(site: Site) -> None:
    #  8:00 sets ── 8:05 ┄ sets by a wrong clock ┄ 8:11
    said = [replace(batch, dev=DEV) for batch in batches(session(10), t0=EIGHT)]
    site.hear([*said, Span(DEV, EIGHT, EIGHT + HOUR)], EIGHT + HOUR)
    site.follow()
    (whole,) = site.store.bouts(DEV, EIGHT, EIGHT + HOUR)
    site.hear([Span(DEV, EIGHT + 5 * MINUTE, EIGHT + HOUR, Cause.CLOCK, off=-HOUR)], EIGHT + HOUR + MINUTE)
    site.follow()
    (trusted,) = site.store.bouts(DEV, EIGHT, EIGHT + HOUR)
    assert whole.kind == trusted.kind == "exercise"
    assert trusted.end <= EIGHT + 5 * MINUTE < EIGHT + 10 * MINUTE < whole.end


def test_a_counter_counts_on_from_its_last_word_by_a_right_clock_in_whatever_portions_it_came(tmp_path: Path) -> None:
    # 8:30      9:05 ┄┄ 9:20                   12:00   the link is alive all along
    #  100       |4000 4100|  silent            130  140
    parts = [_counter(30, 100), _counter(70, 4000), _counter(75, 4100), _counter(240, 130), _counter(241, 140)]
    spans = [Span(DEV, EIGHT, EIGHT + 5 * HOUR), Span(DEV, EIGHT + 65 * MINUTE, EIGHT + 80 * MINUTE, Cause.CLOCK, off=HOUR)]
    found = []
    for portions in ([4], [1, 2, 3, 4]):
        with ExitStack() as stack:
            site = opened(tmp_path / str(len(portions)), stack)
            watch = site.watch()
            begun = 0
            for hour in portions:
                until = EIGHT + hour * HOUR + 30 * MINUTE
                site.hear([*(part for part in parts if begun <= part.t0 < until), *(spans if not begun else [])], until)
                site.follow(watch)
                begun = until
            found.append(site.store.minutes(DEV, EIGHT, EIGHT + 4 * HOUR + 20 * MINUTE))
    once, hourly = found
    for name in MINUTE_DTYPE.names or ():
        assert np.array_equal(once[name], hourly[name], equal_nan=True), name
    assert (hourly["steps"][80:240] == 0).all()
    assert (hourly["still"][80:240] == 1).all()
    assert np.isnan(hourly["steps"][240])  # thirty steps since half past eight, at no known time
    assert hourly["steps"][241] == 10


def _counter(minute: int, value: int) -> Batch:
    at = EIGHT + minute * MINUTE + 10 * MICROS
    return Batch(DEV, Stream.COUNTER, at, None, np.zeros(1, np.int32), np.array([[value]], np.int32), 1.0)
