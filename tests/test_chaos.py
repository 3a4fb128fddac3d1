"""A storm of a few seconds over real processes, and what it is made of."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from cli.victims import Broker, site
from ingest.batch import MICROS
from ingest.spool import Spool
from lab.chaos import wrist
from lab.chaos.proxy import Proxy
from lab.chaos.reader import Account
from lab.chaos.storm import rage
from lab.chaos.verdict import Tally, verdict
from lab.chaos.witness import Journal, WitnessedSpool, evidence
from lab.motion import POLL
from tests.batches import plain

T0 = 1_790_000_000 * MICROS


def test_a_storm_of_a_few_seconds_loses_nothing(tmp_path: Path) -> None:
    came = rage(site(tmp_path, Broker.EMBEDDED), seconds=8, seed=1, bands=6, disk=False)

    assert came.kept, came
    assert came.stored_in_storm, came
    assert sum(came.kills.values()) >= 3, came
    assert came.claims["checked"], came


def test_a_restless_wrist_moves_alike_however_it_is_asked() -> None:
    one, other = (wrist.band("virtual-1", 5).body for _ in range(2))
    at, whole = one.acceleration(T0, T0 + 2 * MICROS)
    parts = [other.acceleration(start, start + 700_000)[1] for start in (T0, T0 + 700_000, T0 + 1_400_000)]

    assert (np.diff(at) == POLL).all()
    assert (whole[1:] != whole[:-1]).any(axis=1).all()
    assert np.array_equal(np.concatenate(parts)[: len(whole)], whole)
    assert not np.array_equal(wrist.band("virtual-1", 6).body.acceleration(T0, T0 + 2 * MICROS)[1], whole)


def test_what_was_committed_is_witnessed(tmp_path: Path) -> None:
    journal, spool = Journal(tmp_path / "journal"), Spool(tmp_path / "spool.db")
    sink = WitnessedSpool(spool, journal)
    sink.commit([plain(n=5)], [], {})

    (told,) = evidence(tmp_path / "journal").values()
    assert [n for n, _ in told.committed.values()] == [5]
    spool.close()
    journal.close()


def test_nothing_at_stake_is_no_promise_kept() -> None:
    tally = Tally({"collector": 5}, {}, {}, "not tried", 1.0)

    assert not verdict(tally, Account()).kept
    assert verdict(tally, Account(accepted=3, stored=3)).kept


@pytest.mark.parametrize("fault", ["lost", "duplicated", "altered", "unexplained", "claims_wrong"])
def test_one_fault_of_any_kind_breaks_the_promise(fault: str) -> None:
    books = Account(accepted=3, stored=3)
    setattr(books, fault, 1)
    came = verdict(Tally({}, {}, {}, "not tried", 1.0), books)

    assert not came.kept
    assert str(came).startswith("Broken after 0 kills")


def test_a_storm_that_does_not_settle_is_broken() -> None:
    came = verdict(Tally({}, {}, {}, "not tried", None), Account(accepted=3, stored=3))

    assert not came.kept
    assert "not settled in time" in str(came)


def test_a_cut_line_ends_at_both_ends() -> None:
    async def tried(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await _echo(reader, writer) == b"word"
        proxy.act("cut")
        assert await _rest(reader) == b""

    _through_a_proxy(tried)


def test_a_half_closed_line_ends() -> None:
    async def tried(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await _echo(reader, writer) == b"word"
        proxy.act("half closed")
        assert await _rest(reader) == b""

    _through_a_proxy(tried)


def test_a_deaf_line_carries_nothing_and_is_cut_when_all_is_well_again() -> None:
    async def tried(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await _echo(reader, writer) == b"word"
        proxy.act("deaf")
        writer.write(b"word")
        proxy.heal()
        assert await _rest(reader) == b""

    _through_a_proxy(tried)


def _through_a_proxy(tried: Callable[[Proxy, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
    """Before a server that says every word back."""

    async def say_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while word := await reader.read(100):
                writer.write(word)
        except ConnectionError:
            pass  # cut
        finally:
            writer.transport.abort()
            over.set()

    over = asyncio.Event()

    async def run() -> None:
        server = await asyncio.start_server(say_back, "127.0.0.1", 0)
        proxy = Proxy(server.sockets[0].getsockname()[1], Random(1))  # noqa: S311 — chance that can be had again
        await proxy.open()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        async with asyncio.timeout(10):
            await tried(proxy, reader, writer)
        writer.transport.abort()
        await proxy.close()
        server.close()
        await over.wait()
        await asyncio.sleep(0)  # what was aborted goes in the loop's next round

    asyncio.run(run())


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(b"word")
    return await reader.readexactly(4)


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def test_the_figures_are_json_as_they_are() -> None:
    came = verdict(Tally({"collector": 5}, {"collector": 0}, {"cut": 1}, "not tried", 1.0), Account(accepted=3, stored=3))

    assert json.loads(came.json())["verdict"] == "kept"
