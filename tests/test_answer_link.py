"""The link to the page on which a patient answers: when it ends, who is turned away, and what nobody is told."""

import logging
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from alerts import answers
from alerts.alert import Message
from alerts.channel import Channel
from alerts.deliver import Way
from alerts.links import Links
from alerts.reconcile import Change, Turn
from cli.line import clinic
from cli.main import app as cli
from cli.serving import server
from cli.watch import sent
from detectors.finding import Finding
from ingest.batch import HOUR
from tests.asking import PERSON, QUESTION, SITE, UNTIL, Inbox, ask, inform, path, said, tap
from tests.asking import phone as phone
from tests.asking import question as question
from tests.clinic import NOW, SECRET, STEADY, Clinic
from tests.visitor import Browser, Clock
from web.app import app

OTHER_PERSON = replace(PERSON, id="p-canary-0b11")
SCORE = 7


def test_headers_keep_the_address_of_the_page_to_itself(phone: httpx.Client, question: Message) -> None:
    for answer in (phone.get(path(question)), phone.post(path(question), data={"said": "yes"})):
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-robots-tag"] == "noindex"


def test_a_link_that_ended_says_so_and_takes_nothing(here: Clinic, phone: httpx.Client, clock: Clock, question: Message) -> None:
    clock.now = UNTIL
    for answer in (phone.get(path(question)), phone.post(path(question), data={"said": "yes"})):
        assert answer.status_code == 410
        assert answers.OVER in answer.text
    assert said(here) == []


def test_a_wrong_link_looks_the_same_whoever_it_might_be_of(here: Clinic, phone: httpx.Client, question: Message) -> None:
    changed = path(question)[:-1] + ("A" if path(question)[-1] != "A" else "B")
    unsigned, foreign = f"/a/{question.id}.x", Links(bytes(32), "").url(question.id)
    seen = {
        (answer.status_code, answer.text) for url in (changed, unsigned, foreign, "/a/x") for answer in (phone.get(url), phone.post(url))
    }
    assert len(seen) == 1
    assert seen.pop()[0] == 404
    signed_for_nothing = phone.get(Links(SECRET, "").url("no-such-message"))
    assert (signed_for_nothing.status_code, said(here)) == (410, [])


NOT_OURS: list[dict[str, str]] = [
    *({}, {"said": "maybe"}, {"said": ""}, {"said": "yes", "why": "other"}, {"back": "bad"}, {"back": "same", "pain": "1"}),
    *({"pain": score} for score in ("11", "-1", "5.0", "\uff15", "", " 5", "05", "0x5", "1" * 5000)),
    *({"why": "x" * 9999}, {"patient": STEADY}),
]


def test_a_form_that_is_none_of_ours_is_refused_kindly(here: Clinic, phone: httpx.Client, question: Message) -> None:
    for form in NOT_OURS:
        answer = phone.post(path(question), data=form)
        assert answer.status_code == 400, form
        assert answers.AGAIN in answer.text
    assert said(here) == []


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}])
def test_a_form_from_another_site_does_nothing(here: Clinic, phone: httpx.Client, question: Message, headers: dict[str, str]) -> None:
    assert phone.post(path(question), data={"said": "yes"}, headers=headers).status_code == 403
    assert said(here) == []


def test_other_methods_get_a_patients_page_too(here: Clinic, phone: httpx.Client, question: Message) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = phone.request(method, path(question))
        assert answer.status_code == 405
        assert SITE not in answer.text
    assert phone.head(path(question)).status_code == 200
    assert said(here) == []


def test_a_link_is_good_for_its_own_patient_alone(here: Clinic, phone: httpx.Client, question: Message) -> None:
    theirs = ask(here.chart, patient=OTHER_PERSON)
    tap(phone, question, said="yes", back="worse")
    tap(phone, question, pain=str(SCORE))
    shown = phone.get(path(theirs)).text
    assert QUESTION in shown
    assert answers.noted("yes") not in shown
    assert said(here, OTHER_PERSON.id) == []


def test_nothing_said_nor_who_said_it_is_in_any_log_header_or_other_page(
    phone: httpx.Client, question: Message, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "httpx")  # the visitor's own, not ours
    caplog.set_level(logging.WARNING, "httpcore")
    answers_ = [phone.post(path(question), data=form) for form in ({"said": "not_today"}, {"why": "it_hurt"}, {"pain": str(SCORE)}, {})]
    answers_ += [phone.get(path(question)), phone.get(path(question) + "x"), phone.put(path(question))]
    # pytest hears the log of what was asked for though it is switched off; that it is as served, see the next test
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name != "uvicorn.access")
    token = path(question).removeprefix("/a/")
    for canary in (token, question.id, PERSON.id, "canary", "it_hurt", "not_today"):
        assert canary not in logged
        for answer in answers_:
            assert canary not in str({name: value for name, value in answer.headers.items() if name != "location"})
    assert {answer.headers.get("location") for answer in answers_} == {None, path(question)}
    assert f'value="{SCORE}"' not in phone.get(path(question)).text
    assert token not in question.text
    assert PERSON.id not in (question.link or "")


def test_the_pages_as_served_keep_no_log_of_what_was_asked_for(tmp_path: Path) -> None:
    with clinic(tmp_path) as behind:
        assert not server(behind, "home", Links(SECRET, "")).config.access_log


def test_a_chart_out_of_reach_is_said_in_a_patients_words(here: Clinic, question: Message, clock: Clock) -> None:
    pages = app(*here, secret=SECRET, now=clock, site=SITE, links=Links(SECRET, ""))
    here.chart.close()
    with here.chart._database._engine.connect() as db:  # the table is away, as on a disk that is
        db.exec_driver_sql("ALTER TABLE link RENAME TO away")
    shown = Browser(pages).get(path(question))
    assert shown.status_code == 503
    assert answers.SHUT in shown.text
    assert SITE not in shown.text


def test_without_links_there_is_no_such_page(here: Clinic, visitor: Browser) -> None:
    assert visitor.get(path(ask(here.chart))).status_code == 404


def test_a_message_has_a_link_only_where_it_asks_and_the_link_is_kept_nowhere(here: Clinic, tmp_path: Path, question: Message) -> None:
    phone, links = Inbox(), Links(SECRET, "https://x.example")
    here.chart.record(STEADY, [Change(Turn.OPENED, Finding(STEADY, "silent_band", "s", NOW - 13 * HOUR, None, {"silent_h": 13.0}))], NOW)
    sent(here.chart, [Way(Channel("mqtt", True, lambda _: phone), phone)], links, NOW)
    told = [message for message in phone.messages if message.recipient == STEADY]
    assert [message.link for message in told] == [None]
    assert question.link is not None
    assert here.chart.links.addresses(links, NOW)(question) == links.url(question.id)
    assert here.chart.links.addresses(links, UNTIL)(question) is None
    signature = question.link.rsplit(".", 1)[1].encode()
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and signature in file.read_bytes()]


def test_without_an_address_no_message_has_a_link(here: Clinic) -> None:
    phone = Inbox()
    inform(here.chart)
    sent(here.chart, [Way(Channel("mqtt", True, lambda _: phone), phone)], None, NOW)
    assert [message.link for message in phone.messages if message.recipient == PERSON.id] == [None]


@pytest.mark.parametrize("base", ["pages.example", "ftp://x.example", "https:///pages", "https://me:pw@x.example", "https://x.example?a=b"])
def test_an_address_that_is_none_is_refused_without_being_repeated(tmp_path: Path, base: str) -> None:
    refused = CliRunner().invoke(cli, ["watch", str(tmp_path / "clinic"), "--base", base])
    assert refused.exit_code == 2
    assert "--base" in refused.output
    assert base not in refused.output
    assert not (tmp_path / "clinic").exists()
