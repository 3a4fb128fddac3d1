"""Frames that a driver cannot read, through the real collector: what a band says there is unknown, and so is what its silence means."""

import numpy as np
import pytest
from structlog.testing import capture_logs

from detectors.minutes import minutes
from ingest.batch import DAY, MICROS, MINUTE, Cause, Span, Stream
from ingest.drivers.heart_rate import BATTERY, HEART_RATE
from ingest.drivers.infinitime import MOTION, STEPS
from ingest.tile import tiled
from tests.collected import T, causes, collected, count, spans, walk
from tests.scripted import Ledger, ScriptedBand, xyz

Said = list[tuple[int, str, bytes]]


def garbled(said: Said, *chars: str) -> Said:
    """As a newer firmware would say it: two bytes more to a frame."""
    return [(at, char, payload + b"\1\2" if char in chars else payload) for at, char, payload in said]


def gaps(ledger: Ledger) -> list[tuple[int, int]]:
    """Seconds after `T`, of what could not be read."""
    return [((s.t0 - T) // MICROS, (s.t1 - T) // MICROS) for s in spans(ledger) if s.cause is Cause.CORRUPT]


@pytest.mark.parametrize("commit", [1, 10, 60])
def test_while_a_band_says_nothing_that_can_be_read_it_is_not_heard(commit: int) -> None:
    #  minute 0 ── walks ── 10 ── walks, but no motion frame can be read ── 20 ── walks ── 30
    said = [*walk(T + MINUTE, 540), *garbled(walk(T + 10 * MINUTE, 600), MOTION), *walk(T + 20 * MINUTE, 600)]
    collector, ledger = collected(30, ScriptedBand("A", said), commit=commit)
    assert causes(ledger) == [Cause.RADIO, None, Cause.CORRUPT, None]
    ((start, end),) = gaps(ledger)
    assert abs(start - 600) <= commit
    assert abs(end - 1200) <= commit
    assert collector.tally.malformed == 6000
    assert ledger.heard_to("b-0") == T + 30 * MINUTE


def test_silence_after_a_frame_that_could_not_be_read_is_no_sign_of_rest() -> None:
    #  steps:  minute 1 good          10 bad                       25 good
    said = [(T + MINUTE, STEPS, count(4)), (T + 10 * MINUTE, STEPS, count(5) + b"\0"), (T + 25 * MINUTE, STEPS, count(900))]
    _, ledger = collected(40, ScriptedBand("A", said), commit=1)
    ((start, end),) = gaps(ledger)
    assert 9 * 60 <= start <= 10 * 60  # since the battery was last asked, once a minute
    assert end == 25 * 60


def test_a_stray_frame_among_good_ones_makes_no_hole() -> None:
    said = [
        (at, char, payload[:3] if char == MOTION and i % 10 == 5 else payload)
        for i, (at, char, payload) in enumerate(walk(T + MINUTE, 600))
    ]
    collector, ledger = collected(12, ScriptedBand("A", said), commit=1)
    assert collector.tally.malformed > 400
    assert causes(ledger) == [Cause.RADIO, None]


def test_a_battery_that_cannot_be_read_says_nothing_of_its_wearer() -> None:
    collector, ledger = collected(10, ScriptedBand("A", [*walk(T + MINUTE, 300), (T + 7 * MINUTE, BATTERY, b"\xff")]), commit=1)
    assert collector.tally.malformed > 1
    assert causes(ledger) == [Cause.RADIO, None]


def test_a_link_made_anew_to_a_band_that_cannot_be_read_is_no_better() -> None:
    said = [(T + 5 * MINUTE, MOTION, xyz(1) + b"\0")]
    _, ledger = collected(30, ScriptedBand("A", said, drops=[T + 10 * MINUTE, T + 20 * MINUTE]), commit=1)
    assert set(causes(ledger)[2:]) == {Cause.CORRUPT, Cause.RADIO}


def test_what_cannot_be_read_is_said_once_and_what_to_do_but_not_what_it_was() -> None:
    with capture_logs() as logs:
        collected(10, ScriptedBand("A", garbled(walk(T + MINUTE, 300), MOTION)), commit=1)
    (said,) = [log for log in logs if log["event"] == "what a band says cannot be read"]
    assert (said["dev"], said["stream"], "driver" in said["next"]) == ("b-0", "acc", True)
    assert set(said) == {"event", "log_level", "dev", "stream", "next"}


@pytest.mark.parametrize("commit", [1, 10])
@pytest.mark.parametrize("beats", [False, True])
def test_a_firmware_that_is_not_understood_makes_nobody_still(beats: bool, commit: int) -> None:
    #  minute 0 ── rests, nothing to say ── 30 ── walks; no motion and no step can be read, but perhaps the heart rate ── 60
    pulse = [(T + i * MICROS + 11, HEART_RATE, bytes([0, 60 + i % 40])) for i in range(30 * 60, 3600)] if beats else []
    said = sorted([*garbled(walk(T + 30 * MINUTE, 1800), MOTION, STEPS), *pulse])
    _, ledger = collected(60, ScriptedBand("A", said), commit=commit)
    out = minutes(T, T + 60 * MINUTE, _tiles(ledger), [b for b in ledger.batches if b.stream is not Stream.ACC], _alive(ledger))
    assert (out["still"][2:29] == 1).all()
    assert np.isnan(out["still"][31:]).all()
    assert np.isnan(out["steps"][31:]).all()
    assert np.isnan(out["moving"][31:]).all()
    assert np.isfinite(out["hr"][31:]).all() if beats else (out["coverage"][31:] == 0).all()


def _tiles(ledger: Ledger) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    return tiled([batch for batch in ledger.batches if batch.stream is Stream.ACC])


def _alive(ledger: Ledger) -> list[Span]:
    return [span for span in ledger.spans if span.t1 > T - DAY]
