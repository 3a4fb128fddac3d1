"""The feed of a therapist's alerts, as a feed reader takes it."""

from collections.abc import Callable

import feedparser  # type: ignore[import-untyped]  # it says nothing of its types
import httpx
import pytest
from fastapi import FastAPI

from alerts.alert import Audience, State
from alerts.chart import Patient
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import HOUR, MINUTE
from tests.clinic import BERLIN, COLLEAGUE, NOW, OTHER, SECRET, SILENT, STEADY, THERAPIST, Clinic
from tests.visitor import Browser, open_alert
from web.app import app
from web.door import Door


def address(here: Clinic, therapist: str = THERAPIST, secret: bytes = SECRET) -> str:
    return f"/feed/{Door(here.chart, secret, lambda: NOW).feed(therapist)}.atom"


@pytest.fixture
def reader(here: Clinic, pages: FastAPI) -> Callable[..., httpx.Response]:
    """Nobody is logged in there."""
    mine = address(here)
    return lambda path=mine, **headers: Browser(pages).get(path, headers=headers)


def test_a_feed_reader_takes_it_without_complaint(here: Clinic, reader: Callable[..., httpx.Response]) -> None:
    answer = reader()
    feed = feedparser.parse(answer.content)
    told = [a for a in here.chart.alerts(therapist=THERAPIST) if a.audience is Audience.THERAPIST]

    assert answer.headers["content-type"] == "application/atom+xml"
    assert not feed.bozo
    assert feed.version == "atom10"
    assert {entry.id for entry in feed.entries} == {f"urn:uuid:{alert.id}" for alert in told}
    assert len(feed.entries) == len(told) >= 2
    assert feed.feed.updated == max(entry.updated for entry in feed.entries)
    links = {link.rel: link.href for link in feed.feed.links}
    assert links == {"self": f"http://127.0.0.1:8000{address(here)}", "alternate": "http://127.0.0.1:8000/alerts"}


def test_an_entry_says_what_the_page_says_and_no_more(reader: Callable[..., httpx.Response]) -> None:
    silent = next(entry for entry in feedparser.parse(reader().content).entries if SILENT in entry.title)

    assert silent.title == f"{SILENT}: silent band"
    assert silent.content[0].type == "text/plain"
    assert silent.content[0].value.startswith(f"{SILENT} (virtual): band not heard since Thu 19 Nov 16:23")
    assert len(silent.content[0].value.splitlines()) == 2


def test_a_colleagues_patients_and_notes_to_patients_are_not_in_it(here: Clinic, reader: Callable[..., httpx.Response]) -> None:
    notes = [a.id for a in here.chart.alerts(therapist=THERAPIST) if a.audience is Audience.PATIENT]

    assert notes
    assert OTHER not in reader().text
    assert SILENT not in reader(address(here, COLLEAGUE)).text
    assert not any(note in reader().text for note in notes)


def test_what_is_taken_back_is_said_so_and_counts_as_news(here: Clinic, reader: Callable[..., httpx.Response]) -> None:
    alert = next(a for a in here.chart.alerts(patient=SILENT, states=[State.OPEN]) if a.audience is Audience.THERAPIST)
    before = reader()
    wrong = Finding(SILENT, alert.kind, alert.key, alert.start, None, dict(alert.evidence))
    here.chart.record(SILENT, [Change(Turn.RETRACTED, wrong)], NOW)
    newest = feedparser.parse(reader().content).entries[0]

    assert newest.title == f"{SILENT}: silent band (taken back)"
    assert newest.updated > next(e.updated for e in feedparser.parse(before.content).entries if e.id == newest.id)


def test_nothing_is_sent_again_until_something_happened(here: Clinic, reader: Callable[..., httpx.Response]) -> None:
    tag = reader().headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = reader(**{"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    here.chart.acknowledge(open_alert(here, SILENT), THERAPIST, NOW)
    assert reader(**{"If-None-Match": tag}).status_code == 200


def test_another_address_is_nobodys(here: Clinic, reader: Callable[..., httpx.Response]) -> None:
    for path in ("/feed/x.atom", f"/feed/{THERAPIST}.atom", address(here, "t-99"), address(here, secret=SECRET[::-1])):
        assert reader(path).status_code == 404, path


def test_an_address_ends_with_the_password_whoever_replaces_it(here: Clinic, reader: Callable[..., httpx.Response]) -> None:
    before = address(here)
    assert reader(before).status_code == 200
    here.chart.employ(THERAPIST, "set by the operator, on the command line")

    assert reader(before).status_code == 404
    assert reader(address(here)).status_code == 200


def test_a_session_is_no_address_and_an_address_no_session(here: Clinic, therapist: Browser) -> None:
    assert therapist.get(f"/feed/{therapist.cookies['keepup']}.atom").status_code == 404
    stranger = Browser(therapist.pages)
    stranger.cookies.set("keepup", address(here)[6:-5])
    assert stranger.get("/").status_code == 303


def test_what_no_xml_can_hold_does_not_break_it(here: Clinic, reader: Callable[..., httpx.Response]) -> None:
    evil = "</title>\x0b<x>&"
    here.chart.admit(Patient(evil, BERLIN, THERAPIST, False), NOW)
    here.chart.record(evil, [Change(Turn.OPENED, Finding(evil, "silent_band", "s", NOW - 60 * HOUR, None, {"silent_h": 60.0}))], NOW)
    feed = feedparser.parse(reader().content)

    assert not feed.bozo
    assert any(entry.title.startswith("</title>\N{REPLACEMENT CHARACTER}<x>&") for entry in feed.entries)


def test_a_therapist_of_whom_nothing_is_told_has_an_empty_feed(here: Clinic) -> None:
    here.chart.employ("t-new", "a password nobody guesses")
    feed = feedparser.parse(Browser(app(*here, secret=SECRET, now=lambda: NOW + MINUTE)).get(address(here, "t-new")).content)

    assert not feed.bozo
    assert feed.entries == []


def test_it_reads_the_same_whatever_the_time(here: Clinic, reader: Callable[..., httpx.Response]) -> None:
    later = Browser(app(*here, secret=SECRET, now=lambda: NOW + 48 * HOUR)).get(address(here))

    assert later.content == reader().content
    assert STEADY in later.text
