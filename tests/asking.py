"""A patient who is asked of a session: by a real message, with the link that leads to the page."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from alerts.alert import Message
from alerts.channel import Channel
from alerts.chart import Chart, Patient
from alerts.deliver import Way, deliver
from alerts.links import Links
from alerts.reconcile import Change, Turn
from detectors.outcome import Judged, Outcome, Source
from detectors.report import Report
from ingest.batch import DAY, HOUR
from tests.clinic import BERLIN, NOW, SECRET, THERAPIST, Clinic
from tests.visitor import Clock
from web.app import app

PERSON = Patient("p-canary-7f3a", BERLIN, THERAPIST, False)
SITE = "Harbour Clinic"
CORE, WALK = "rx-canary-9c/core/2026-11-22", "rx-canary-9c/easy walk/2026-W47/2"
QUESTION = "Sunday 22 November: core set. Did you do it?"
UNTIL = NOW + 26 * HOUR
"""When the link ends: a day after the grace end."""


class Inbox:
    """A phone: keeps what arrives."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def __call__(self, message: Message) -> None:
        self.messages.append(message)

    def close(self) -> None:
        pass


def ask(chart: Chart, base: str = "http://127.0.0.1:8000", occurrence: str = CORE, patient: Patient = PERSON) -> Message:
    """The message as it reached the phone."""
    inform(chart, occurrence, patient)
    phone = Inbox()
    deliver(chart, [Way(Channel("mqtt", True, lambda _: phone), phone)], NOW, chart.links.addresses(Links(SECRET, base), NOW))
    return next(message for message in phone.messages if message.recipient == patient.id and message.link)


def inform(chart: Chart, occurrence: str = CORE, patient: Patient = PERSON) -> None:
    """The chart is told that a session was not seen."""
    chart.admit(patient, NOW - 40 * DAY)
    facts: dict[str, float | int | str] = {"ask": "not_seen"}
    session = occurrence.split("/")[1]
    judged = Judged(occurrence, session, NOW - 4 * HOUR, NOW + 2 * HOUR, Outcome.ASKED, None, Source.SENSOR, 0.93, facts)
    chart.record(patient.id, [Change(Turn.OPENED, judged.finding(patient.id, 1))], NOW)


def path(message: Message) -> str:
    assert message.link is not None
    return "/a/" + message.link.rsplit("/", 1)[1]


@contextmanager
def served(pages: FastAPI) -> Iterator[str]:
    """The pages on a real socket; gives their address."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(pages, log_level="debug", log_config=None, access_log=False))
        serving = Thread(target=server.run, kwargs={"sockets": [door]})
        serving.start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        server.should_exit = True
        serving.join(10)


@pytest.fixture
def phone(here: Clinic, clock: Clock) -> Iterator[httpx.Client]:
    """A patient's browser at the pages, over a socket."""
    pages = app(*here, secret=SECRET, now=clock, site=SITE, links=Links(SECRET, ""))
    with served(pages) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture
def question(here: Clinic) -> Message:
    return ask(here.chart)


def tap(phone: httpx.Client, message: Message, **form: str) -> httpx.Response:
    """And what the browser shows then."""
    answer = phone.post(path(message), data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, path(message)), answer.text
    shown = phone.get(path(message))
    assert shown.status_code == 200
    return shown


def said(here: Clinic, patient: str = PERSON.id) -> list[Report]:
    return here.chart.reports.of(patient)
