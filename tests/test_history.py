"""A history is cut at an instant: what comes after it changes nothing."""

from datetime import datetime

import numpy as np

from detectors.history import history
from ingest.batch import DAY, HOUR, MICROS, MINUTE, Cause, Span
from ingest.bout import Bout
from tests.timeline import BERLIN, MIDNIGHT, blank, drawn


def test_a_history_begins_at_the_midnight_before_the_day_it_ends_in_and_has_no_holes() -> None:
    end = MIDNIGHT + 9 * HOUR + 12_345
    seen = history("p", BERLIN, drawn("_" * 30, 1, MIDNIGHT + HOUR), end)
    assert seen.start == MIDNIGHT - DAY
    assert seen.end == MIDNIGHT + 9 * HOUR
    assert np.array_equal(seen.minutes["t"], np.arange(seen.start, seen.end, MINUTE))
    assert (seen.minutes["coverage"] > 0).sum() == 30


def test_at_midnight_the_day_that_ends_is_the_last_one() -> None:
    assert history("p", BERLIN, drawn(""), MIDNIGHT).start == MIDNIGHT - DAY - DAY


def test_a_day_of_twenty_five_hours_is_whole() -> None:
    end = int(datetime(2026, 10, 26, 0, 1, tzinfo=BERLIN).timestamp()) * MICROS
    assert history("p", BERLIN, drawn(""), end).end - history("p", BERLIN, drawn(""), end).start == 25 * HOUR + MINUTE


def test_what_comes_after_the_end_changes_nothing() -> None:
    # the band comes off at 10:40; at 10:50 nobody can know it yet
    day = blank(drawn("m" * 640 + "o" * 60 + "m" * 60), "worn", "asleep")
    cut = MIDNIGHT + 650 * MINUTE
    early, late = history("p", BERLIN, day[:650], cut), history("p", BERLIN, day, cut)
    assert early.minutes.tobytes() == late.minutes.tobytes()
    assert (late.minutes["worn"][-10:] == 1).all()
    assert (history("p", BERLIN, day, cut + HOUR).minutes["worn"][-60:-20] == 0).all()


def test_only_gaps_and_bouts_that_touch_it_are_in_it() -> None:
    end = MIDNIGHT + HOUR
    spans = [Span("b", end, end + HOUR, Cause.RANGE), Span("b", end - HOUR, end, Cause.RANGE), Span("b", end - HOUR, end)]
    bouts = [Bout("b", "walk", end - HOUR, end), Bout("b", "walk", MIDNIGHT - 3 * DAY, MIDNIGHT - 2 * DAY)]
    seen = history("p", BERLIN, drawn(""), end, gaps=spans, bouts=bouts)
    assert list(seen.gaps) == [spans[1]]
    assert list(seen.bouts) == [bouts[0]]
