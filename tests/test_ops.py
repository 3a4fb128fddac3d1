"""The page on how the site is."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alerts.alert import Audience
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import DAY, HOUR
from ingest.catalog import Catalog
from ingest.dead import Dead
from ingest.gateways import Claim
from tests.clinic import COLLEAGUE, NOW, OTHER, SECRET, SILENT, SILENT_SINCE, STEADY, THERAPIST, Clinic
from tests.visitor import Browser
from web.app import app

PART = re.compile(r'<th scope="row">(\w+)<td>(.*?)\n')


@pytest.fixture
def catalog(here: Clinic, tmp_path: Path) -> Catalog:  # noqa: ARG001 — it stands in their folder
    return Catalog(tmp_path / "catalog.db")


def operator(here: Clinic, catalog: Catalog | None = None) -> Browser:
    bands, dead = (None, None) if catalog is None else (catalog.bands, catalog.dead)
    found = Browser(app(*here, secret=SECRET, now=lambda: NOW, bands=bands, dead=dead))
    found.login()
    return found


def test_messages_are_counted_by_state_and_the_oldest_due_is_told(here: Clinic) -> None:
    counts = here.chart.counts(NOW)
    page = operator(here).get("/ops").text

    told = dict(PART.findall(page))
    assert {state: int(told[state]) for state in counts.messages} == counts.messages
    assert sum(counts.messages.values()) > 0
    assert ("was due" in page) is (counts.oldest_due is not None)


def test_a_message_given_up_is_named_only_where_it_is_mine(here: Clinic) -> None:
    given_up = {}
    while (message := here.chart.claim(NOW + DAY)) is not None:
        here.chart.settle(message.id, "dead", NOW + DAY, code="550")
        given_up[message.recipient] = message.audience
    assert {OTHER, SILENT} <= set(given_up), "the clinic has messages to both"
    page = operator(here).get("/ops").text

    assert OTHER not in page
    assert f'<th scope="row">{SILENT}<td>mqtt' in page
    assert "550" in page
    assert re.search(r"\d+ messages? to others w\w+ given up", page)
    assert given_up[SILENT] is Audience.PATIENT


def given_up(here: Clinic) -> dict[str, str]:
    """Recipient → a message to them that was refused for good."""
    found = {}
    while (message := here.chart.claim(NOW + DAY)) is not None:
        here.chart.settle(message.id, "dead", NOW + DAY, code="550")
        found[message.recipient] = message.id
    return found


def test_a_message_given_up_is_tried_again_or_dropped_by_a_button(here: Clinic) -> None:
    dead, me = given_up(here), operator(here)
    page = me.get("/ops").text
    assert f'action="/ops/messages/{dead[SILENT]}/retry"' in page
    assert f'action="/ops/messages/{dead[SILENT]}/drop"' in page
    assert dead[OTHER] not in page

    again = me.post(f"/ops/messages/{dead[SILENT]}/retry", me.token("/ops"))
    assert again.headers["location"] == "/ops?done=retried"
    assert "goes out once more" in me.get("/ops?done=retried").text
    assert here.chart.audit(patient=SILENT)[-1].by == THERAPIST
    assert dead[SILENT] not in {one.id for one in here.chart.counts(NOW).dead}
    assert me.post(f"/ops/messages/{dead[THERAPIST]}/drop", me.token("/ops")).headers["location"] == "/ops?done=dropped"
    assert dead[THERAPIST] not in {one.id for one in here.chart.counts(NOW).dead}


@pytest.mark.parametrize("do", ["retry", "drop"])
def test_of_a_message_to_others_nothing_is_done(here: Clinic, do: str) -> None:
    dead, me = given_up(here), operator(here)
    before = here.chart.counts(NOW)
    for message in (dead[OTHER], dead[COLLEAGUE], "nothing"):
        assert me.post(f"/ops/messages/{message}/{do}", me.token("/ops")).status_code == 404
    assert me.post(f"/ops/messages/{dead[SILENT]}/{do}", "made-up").status_code == 403

    assert here.chart.counts(NOW) == before


def test_a_message_about_what_is_over_is_not_tried_again_and_that_is_said(here: Clinic) -> None:
    dead, me = given_up(here), operator(here)
    wrong = Finding(SILENT, "silent_band", "silent", SILENT_SINCE, None, {"silent_h": 71.0})
    here.chart.record(SILENT, [Change(Turn.RETRACTED, wrong)], NOW)
    answer = me.post(f"/ops/messages/{dead[SILENT]}/retry", me.token("/ops"))

    assert answer.headers["location"] == "/ops?done=over"
    assert "Nothing was sent" in me.get("/ops?done=over").text


def test_what_was_verified_is_not_read_again_and_what_is_new_is(here: Clinic, tmp_path: Path) -> None:
    me = operator(here)
    assert "Verified" in me.get("/ops").text
    here.chart.note(SILENT, THERAPIST, "looked at", NOW)
    seq = here.chart.audit(patient=SILENT)[-1].seq
    with closing(sqlite3.connect(tmp_path / "chart.db")) as db:
        db.execute("update deed set why = 'nothing' where seq = ?", (seq,))
        db.commit()

    for _ in range(2):
        assert f"Not verified in 1 place; first at number {seq}: what was done was changed" in me.get("/ops").text


def test_what_could_not_be_stored_is_counted_by_its_reason(here: Clinic, catalog: Catalog) -> None:
    catalog.record([], [], [Dead("spool", n, 0, "unreadable <b>", 5, b"canary") for n in range(3)], [], NOW)
    page = operator(here, catalog).get("/ops").text

    assert "3 × unreadable &lt;b&gt;" in page
    assert "canary" not in page


def test_where_nobody_asks_the_ingester_that_is_said_and_no_zero(here: Clinic, catalog: Catalog) -> None:
    assert "not known here" in operator(here).get("/ops").text
    assert "not known here" not in operator(here, catalog).get("/ops").text


def test_the_band_furthest_behind_comes_first_and_of_other_bands_only_the_number(here: Clinic, catalog: Catalog) -> None:
    catalog.record([], [], [], [Claim("spool", "band-2", NOW - 5 * HOUR, 2), Claim("spool", "band-3", NOW - 9 * HOUR, 2)], NOW)
    page = operator(here, catalog).get("/ops").text

    assert re.findall(r"<td>(band-\d)<td>", page)[0] == "band-2"
    assert "5 h ago" in page
    assert "band-3" not in page
    assert "1 other band; the furthest behind is complete to 9 h ago" in page


def test_a_band_of_which_nothing_is_known_is_a_dash(here: Clinic) -> None:
    unknown = operator(here._replace(complete_to=lambda _: None)).get("/ops").text

    assert unknown.count("<td>– not known") == 3


def test_heartbeats_are_told_and_whoever_never_said_a_thing_is_named(here: Clinic) -> None:
    assert re.search(r'<th scope="row">watch<td>– never', operator(here).get("/ops").text)
    here.chart.beat("watch", NOW - 3 * HOUR)
    here.chart.beat("dispatch-7", NOW)
    page = operator(here).get("/ops").text

    assert re.search(r'<th scope="row">watch<td>3 h ago', page)
    assert "dispatch-7" in page


def test_the_page_is_for_those_who_are_logged_in(here: Clinic) -> None:
    assert Browser(app(*here, secret=SECRET, now=lambda: NOW)).get("/ops").status_code == 303
    assert operator(here).get("/ops").text.count(STEADY) >= 1
