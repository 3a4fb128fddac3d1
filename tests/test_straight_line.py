"""The straight line, all of it: bytes as an InfiniTime notifies them go in, the text on the therapist's page comes out."""

import asyncio
import json
import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import pi, sin
from pathlib import Path
from random import Random
from threading import Thread

import pytest
import uvicorn
from playwright.sync_api import Browser, expect

from alerts.chart import Patient, Wearing
from cli.line import Clinic, clinic, linked, receiving
from detectors.localtime import midnight
from detectors.sleep import labelled
from ingest.batch import HOUR, MICROS, MINUTE
from ingest.broker import EmbeddedBroker, free_port
from ingest.collect import Collector
from ingest.drivers.heart_rate import BATTERY, HEART_RATE
from ingest.drivers.infinitime import CURRENT_TIME, DRIVER, LOCAL_TIME, MOTION, STEPS
from ingest.minute import laid
from ingest.radios.recording import RecordingRadio
from ingest.sender import Sender
from ingest.session import Band, Pace
from ingest.spool import Spool
from lab.clock import Clock, run
from tests import chromium
from tests.clinic import BERLIN, PASSWORD, SECRET, THERAPIST
from web.app import app

# 10:00 ── walks ── 10:20 ─────────── worn, not one motion, not one step ─────────── 12:20   (Berlin)
START = midnight(1_795_000_000 * MICROS, BERLIN) + 10 * HOUR
SITS = START + 20 * MINUTE
END = SITS + 2 * HOUR
PATIENT, DEV = "virtual-desk", "d1"
ADDRESS = "virtual:desk"
LONG = 30.0  # s, a limit, not a wait

browser = chromium.browser


def said() -> Iterator[tuple[int, str, bytes]]:
    """(µs UTC, characteristic, bytes): a walk at 1.8 steps a second, then a wrist on a desk that only a pulse goes through."""
    for i in range(20 * 600):
        swing = 300 * sin(2 * pi * 1.8 * i / 10)
        yield START + i * 100_000, MOTION, struct.pack("<3h", int(swing), -200 + int(swing / 2), 1000 + int(swing))
    for i in range(20 * 108):
        yield START + i * MICROS * 10 // 18, STEPS, struct.pack("<I", i + 1)
    yield SITS, MOTION, struct.pack("<3h", 12, -30, 1021)
    for minute in range(140):
        beats = 100 + minute % 3 if minute < 20 else 66 + minute % 5
        yield START + minute * MINUTE + 7 * MICROS, HEART_RATE, bytes((0, beats))
    for hour in range(3):
        yield START + hour * 50 * MINUTE, BATTERY, bytes((80 - hour,))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("radio") / "desk.jsonl"
    chars = [STEPS, MOTION, HEART_RATE, BATTERY, CURRENT_TIME, LOCAL_TIME]
    lines = [{"keepup-radio": 1}, {"at": START, "address": ADDRESS, "event": "connected", "chars": chars}]
    lines += [{"at": at, "address": ADDRESS, "char": char, "hex": payload.hex()} for at, char, payload in sorted(said())]
    lines += [{"at": END, "address": ADDRESS, "event": "dropped"}]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    return path


async def collected(recording: Path, spool: Spool) -> Collector:
    radio = RecordingRadio(recording)
    collector = Collector(radio, [Band(DEV, ADDRESS, DRIVER, BERLIN)], spool, dice=Random(1), pace=Pace(commit=60))  # noqa: S311 — jitter
    job = asyncio.create_task(collector.run())
    await asyncio.sleep((END - START) / MICROS - 1)
    collector.stop()
    await job
    return collector


@pytest.fixture(scope="module")
def line(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Clinic, Collector]]:
    """Radio, collector, spool, sender, broker, receiver, ingester, store, watch: judged as far as all of it is complete."""
    folder = tmp_path_factory.mktemp("line")
    broker = EmbeddedBroker(free_port())
    with clinic(folder, lambda: END) as behind:
        behind.chart.employ(THERAPIST, PASSWORD)
        behind.chart.admit(Patient(PATIENT, BERLIN, THERAPIST, virtual=True), START)
        behind.chart.hand_over(Wearing(DEV, PATIENT, START))
        with receiving(behind, broker.url), linked(broker.url, "gate", ["keepup/1/home/gate/ack"]) as link:
            spool = Spool(folder / "spool.db")
            sender = Sender(spool, link, "keepup/1/home/gate")
            sender.start()
            collector = run(collected(recording, spool), Clock(START))
            end = time.monotonic() + LONG
            while (spool.waiting() or behind.catalog.complete_to(DEV) != spool.heard_to(DEV)) and time.monotonic() < end:
                time.sleep(0.01)
            sender.stop()
            assert sum(spool.accepted().values()) == collector.tally.accepted
            spool.close()
        for _ in behind.watch().follow(START):
            pass
        yield behind, collector
    broker.stop()


@contextmanager
def served(behind: Clinic) -> Iterator[str]:
    pages = app(
        behind.chart, behind.store, behind.catalog.spans, behind.catalog.complete_to, secret=SECRET, now=lambda: END, site="Harbour"
    )
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(pages, log_level="warning"))
        thread = Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def minutes_of(text: str) -> int:
    """ "1 h 58 min" → 118."""
    hours, rest = re.search(r"(\d+) h", text), re.search(r"(\d+) min", text)
    return 60 * int(hours[1] if hours else 0) + int(rest[1] if rest else 0)


def test_from_the_bytes_of_a_band_to_the_words_a_therapist_reads(line: tuple[Clinic, Collector], browser: Browser) -> None:
    with served(line[0]) as address, chromium.visit(browser, address) as page:
        chromium.login(page)
        page.get_by_role("link", name=PATIENT).click()
        today = page.get_by_role("article").filter(has=page.get_by_text("today"))
        told = {name: today.locator(f"dt:text-is('{name}') + dd").inner_text() for name in ("Worn", "Longest still", "Walking")}
        chromium.keep(page, "straight-line")
        assert minutes_of(told["Longest still"]) == pytest.approx(120, abs=2)
        assert minutes_of(told["Walking"]) == pytest.approx(20, abs=2)
        assert minutes_of(told["Worn"]) == pytest.approx(140, abs=2)
        note = page.locator("article.notice", has_text="Still too long")
        expect(note).to_contain_text(re.compile(r"Still for 1[12]\d min, since Wed 18 Nov 10:2\d"))
        page.goto("/inbox?show=all")
        expect(page.locator("main").get_by_role("link", name=PATIENT).first).to_be_visible()
        expect(note).to_contain_text("Still for")


def test_promise_2_two_hours_of_a_worn_motionless_wrist_are_still_and_not_unknown(line: tuple[Clinic, Collector]) -> None:
    behind, _ = line
    sitting = laid(behind.store.minutes(DEV, START, END), START, END)
    sat = slice(20, 139)  # the last minute is still filling
    assert (sitting["still"][sat] == 1).all()
    assert (sitting["walking"][1:19] == 1).all()
    assert (labelled(sitting, BERLIN)["worn"][sat] == 1).all()


def test_promise_1_nothing_is_lost_between_the_radio_and_the_store(line: tuple[Clinic, Collector]) -> None:
    behind, collector = line
    assert collector.tally.heard == collector.tally.accepted + collector.tally.repeats
    assert behind.store.readings() == {DEV: collector.tally.accepted}
    assert behind.catalog.dead() == []
