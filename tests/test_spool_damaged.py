"""A page of the spool that can no longer be read: bands are heard on, and all other rows are sent."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from cli.collect import attend, remind
from ingest.batch import HOUR, MICROS, MINUTE
from ingest.collect import Collector
from ingest.drivers.infinitime import DRIVER as WATCH
from ingest.sender import Sender
from ingest.session import Band
from ingest.spool import BITE, Spool
from ingest.spoolfile import SpoolUnavailable
from lab.clock import Clock, run
from tests.batches import NOON, plain
from tests.collected import T, dice, walk
from tests.scripted import ScriptedBand, ScriptedRadio
from tests.test_doctor import pages_of_rows, scribble
from tests.test_sender import Script
from tests.verbs import until

ROWS = 400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with closing(Spool(tmp_path / "spool.db")) as spool:
        for i in range(ROWS):
            spool.commit([plain(t0=NOON + i * MICROS, n=1)], [], {})
    return tmp_path / "spool.db"


@pytest.fixture
def lost(path: Path) -> set[int]:
    """Rows in a page amid the oldest, which reads as noise from now on."""
    pages = pages_of_rows(path)
    scribble(path, [pages[1]])
    with closing(Spool(path)) as spool:
        first = len(spool.oldest(0, ROWS))
        above = len(spool.newest(ROWS, ()))
    assert 0 < first < above < ROWS - first
    return set(range(first + 1, ROWS - above + 1))


@pytest.fixture
def damaged(path: Path, lost: set[int]) -> Iterator[Spool]:
    assert lost
    with closing(Spool(path)) as spool:
        yield spool


def test_rows_before_and_after_the_damage_are_sent_and_what_is_heard_now_at_once(damaged: Spool, lost: set[int]) -> None:
    link = Script()
    sender = Sender(damaged, link, "keepup/1/home/gate")
    sender.start()
    try:
        assert until(lambda: set(link.took) == set(range(1, ROWS + 1)) - lost)
        assert until(lambda: sender.failure is not None)
        damaged.commit([plain(t0=NOON + HOUR)], [], {})
        assert until(lambda: ROWS + 1 in link.took)
        damaged.trim([(ROWS, ROWS + 1)], [])
        assert damaged.waiting() == ROWS - 1
    finally:
        sender.stop()
    assert isinstance(sender.failure, SpoolUnavailable)
    assert f"keepup doctor spool {damaged.path} --into NEW" in str(sender.failure)


def test_what_is_stored_leaves_but_for_some_next_to_the_damage_and_nothing_is_claimed_beyond_that(damaged: Spool, lost: set[int]) -> None:
    with pytest.raises(SpoolUnavailable, match="keepup doctor spool"):
        damaged.trim([(1, min(lost) - 1), (max(lost) + 1, ROWS)], [])
    assert len(lost) <= damaged.waiting() <= len(lost) + 2 * BITE
    claimed = damaged.claim("d1")
    assert claimed is not None
    assert claimed <= NOON + (min(lost) - 1) * MICROS


def test_a_gateway_whose_spool_is_damaged_hears_on_until_told_to_stop_and_then_says_so(damaged: Spool) -> None:
    clock = Clock(T)
    sender = Sender(damaged, Script(), "keepup/1/home/gate")
    sender.failure = SpoolUnavailable("spool.db is damaged.")

    async def main() -> None:
        radio = ScriptedRadio(clock, [ScriptedBand("A", walk(T + MINUTE, 60))])
        collector = Collector(radio, [Band("b-0", "A", WATCH, ZoneInfo("Europe/Zurich"))], damaged, dice=dice())
        attending = asyncio.create_task(attend(collector, sender, damaged))
        await asyncio.sleep(180)
        assert not attending.done()
        collector.stop()
        await attending

    with pytest.raises(SpoolUnavailable, match="damaged"):
        run(main(), clock)
    assert damaged.heard_to("b-0") == T + 3 * MINUTE
    assert damaged.accepted()["b-0"] > 600


def test_of_damage_it_is_said_again_what_to_do(damaged: Spool) -> None:
    sender = Sender(damaged, Script(), "keepup/1/home/gate")
    sender.failure = SpoolUnavailable("spool.db is damaged. Stop the collector.")
    with capture_logs() as logs:
        remind(damaged, None)
        remind(damaged, sender)
    assert [(log["log_level"], log.get("reason")) for log in logs] == [("info", None), ("info", None), ("error", str(sender.failure))]
