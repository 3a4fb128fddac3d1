"""News as it happens: whose, in what order, and across servers that come and go."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from ingest.batch import HOUR
from tests.clinic import NOW, OTHER, SECRET, SILENT, STEADY, THERAPIST, Clinic
from tests.course import happen
from tests.serving import served
from tests.visitor import Browser, Clock, open_alert
from web.app import app

ROOT = Path(__file__).resolve().parents[1]
FRESH = 10.0
"""Seconds in which news must have come; it takes one or two."""


def numbers(lines: list[str]) -> list[int]:
    return [int(line[4:]) for line in lines if line.startswith("id: ")]


@contextmanager
def heard_from(here: Clinic, clock: Callable[[], int]) -> Iterator[tuple[str, uvicorn.Server]]:
    with served(lambda over: app(*here, secret=SECRET, now=clock, leaving=over)) as serving:
        yield serving


def listened(address: str, cookies: httpx.Cookies, until: Callable[[list[str]], bool], **headers: str) -> list[str]:
    """Lines of the stream until there are enough of them, or it ends."""
    heard: list[str] = []
    with httpx.stream("GET", f"{address}/events", cookies=dict(cookies), headers=headers, timeout=FRESH) as stream:
        assert stream.status_code == 200, stream.read()
        for line in stream.iter_lines():
            heard.append(line)
            if not line and until(heard):
                break
    return heard


def test_news_come_while_one_listens_and_say_next_to_nothing(here: Clinic, therapist: Browser, clock: Clock) -> None:
    alert = open_alert(here, SILENT)

    def ready(heard: list[str]) -> bool:
        if "event: ready" in heard and "event: alert" not in heard:
            here.chart.acknowledge(alert, THERAPIST, NOW)
        return "event: alert" in heard

    with heard_from(here, clock) as (address, _):
        heard = listened(address, therapist.cookies, ready)

    told = [json.loads(line[6:]) for line in heard if line.startswith("data: ")]
    assert told == [{}, {"alert": alert, "change": "acked"}]
    assert heard[0].startswith("retry: ")
    assert not re.search(f"{SILENT}|{THERAPIST}|silent", "\n".join(heard))


def test_a_colleagues_news_are_not_mine(here: Clinic, therapist: Browser, clock: Clock) -> None:
    since = here.chart.feed.newest()
    happen(here.chart, OTHER, 1)
    happen(here.chart, STEADY, 2)

    with heard_from(here, clock) as (address, _):
        heard = listened(address, therapist.cookies, lambda heard: len(numbers(heard)) >= 1, **{"Last-Event-ID": str(since)})

    mine = [one.seq for one in here.chart.audit(therapist=THERAPIST, after=since)]
    assert numbers(heard) == mine[:1]
    assert mine[0] > since + 1


# server    |---- a ----|   |---- b ----|   |---- c ----|
# events    1 2 3   4 5   6     7 8       9   10 …
def test_who_comes_back_goes_on_where_they_were_whichever_server_answers(here: Clinic, therapist: Browser, clock: Clock) -> None:
    since = last = here.chart.feed.newest()
    got: list[int] = []
    for turn in range(4):
        happen(here.chart, STEADY, 10 * turn)
        with heard_from(here, clock) as (address, _):
            happen(here.chart, DISTRACTION[turn % 2], 10 * turn + 1)
            happen(here.chart, STEADY, 10 * turn + 2)
            heard = listened(address, therapist.cookies, lambda heard: len(numbers(heard)) >= 2, **{"Last-Event-ID": str(last)})
        got += numbers(heard)
        last = got[-1]
        happen(here.chart, STEADY, 10 * turn + 3)
    mine = [one.seq for one in here.chart.audit(therapist=THERAPIST, after=since) if one.alert]

    assert got == mine[: len(got)]
    assert len(got) >= 8


DISTRACTION = (OTHER, STEADY)


PROCESS = """
import sys, uvicorn
from pathlib import Path
from cli.serving import bound
from tests.clinic import NOW, SECRET, opened
from web.app import app

with opened(Path(sys.argv[1])) as clinic:
    door = bound("127.0.0.1", 0)
    pages = app(*clinic, secret=SECRET, now=lambda: NOW, leaving=lambda: server.should_exit)
    server = uvicorn.Server(uvicorn.Config(pages, log_level="warning", timeout_graceful_shutdown=3))
    print(door.getsockname()[1], flush=True)
    server.run(sockets=[door])
"""


def test_killed_servers_leave_no_gap_and_a_terminated_one_is_gone_at_once(here: Clinic, therapist: Browser, tmp_path: Path) -> None:
    since = last = here.chart.feed.newest()
    got: list[int] = []
    for turn, sent in enumerate((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)):
        happen(here.chart, STEADY, 2 * turn)
        with subprocess.Popen([sys.executable, "-c", PROCESS, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            address = f"http://127.0.0.1:{process.stdout.readline().strip()}"
            happen(here.chart, STEADY, 2 * turn + 1)
            begun = cut(process, sent, address, therapist.cookies, last, got)
            process.wait(FRESH)
            assert time.monotonic() - begun < 3
        last = got[-1]
    mine = [one.seq for one in here.chart.audit(therapist=THERAPIST, after=since) if one.alert]

    assert got == mine[: len(got)]
    assert len(got) >= 6


def cut(process: "subprocess.Popen[str]", by: int, address: str, cookies: httpx.Cookies, last: int, got: list[int]) -> float:
    """Listens on from `last`, ends the process while listening; gives when, seconds of the monotonic clock."""
    heard: list[str] = []
    begun = 0.0
    try:
        with httpx.stream("GET", f"{address}/events", cookies=dict(cookies), headers={"Last-Event-ID": str(last)}, timeout=FRESH) as stream:
            for line in stream.iter_lines():
                heard.append(line)
                if not begun and len(numbers(heard)) >= 2:
                    begun = time.monotonic()
                    process.send_signal(by)
    except httpx.RemoteProtocolError:
        assert by == signal.SIGKILL
    # what was cut in the middle was not received: an event counts from the empty line after it
    whole = "\n".join(heard).rpartition("\n\n")[0].splitlines() if by == signal.SIGKILL else heard
    got += numbers(whole)
    return begun


def test_a_server_that_is_told_to_stop_does_not_wait_for_who_listens(here: Clinic, therapist: Browser, clock: Clock) -> None:
    with heard_from(here, clock) as (address, server):

        def told(_: list[str]) -> bool:
            server.should_exit = True
            return False

        begun = time.monotonic()
        heard = listened(address, therapist.cookies, told)

    assert "event: ready" in heard
    assert time.monotonic() - begun < 3


def test_a_stream_ends_with_its_session(here: Clinic, therapist: Browser, clock: Clock) -> None:
    def later(_: list[str]) -> bool:
        clock.now += 13 * HOUR
        return False

    with heard_from(here, clock) as (address, _):
        heard = listened(address, therapist.cookies, later)

    assert "event: ready" in heard
    assert heard[-3:] == ["event: over", "data: {}", ""]


@pytest.mark.parametrize("gone", ["999999", str(1 << 70)])
def test_a_number_that_never_was_is_answered_with_read_again(here: Clinic, therapist: Browser, clock: Clock, gone: str) -> None:
    with heard_from(here, clock) as (address, _):
        heard = listened(address, therapist.cookies, lambda heard: bool(numbers(heard)), **{"Last-Event-ID": gone})

    assert "event: resync" in heard
    assert numbers(heard) == [here.chart.feed.newest()]


@pytest.mark.parametrize("number", ["9" * 5000, "\u0663", "-1"])
def test_what_is_no_number_of_ours_is_as_none(here: Clinic, therapist: Browser, number: str) -> None:
    answer = therapist.get("/events", headers={"Last-Event-ID": number.encode()})

    assert answer.status_code == 200
    assert f"event: ready\nid: {here.chart.feed.newest()}\n" in answer.text


def test_proxies_are_asked_not_to_hold_it_back(therapist: Browser) -> None:
    answer = therapist.get("/events")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["cache-control"] == "no-store"
    assert therapist.get("/events?since=-1").status_code == 400
