"""The page on which a patient answers: what it shows, and what each tap does."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest

from alerts import answers
from alerts.alert import Message
from alerts.links import AFTERWARDS
from detectors.report import Answer, Feeling, Pain, Reason, Report, Said
from ingest.batch import HOUR, MINUTE
from tests.asking import CORE, PERSON, QUESTION, SITE, UNTIL, WALK, ask, path, said, tap
from tests.asking import phone as phone
from tests.asking import question as question
from tests.clinic import NOW, STEADY, THERAPIST, Clinic
from tests.visitor import Clock


def one(here: Clinic) -> Report:
    (report,) = said(here)
    return report


def test_the_message_leads_to_the_question_without_a_login(phone: httpx.Client, question: Message) -> None:
    shown = phone.get(path(question))
    assert shown.status_code == 200
    assert QUESTION in shown.text
    assert all(f'name="said" value="{value}">{text}</button>' in shown.text for value, text in answers.BUTTONS.items())
    assert all(f'name="back" value="{value}"' in shown.text for value in answers.FEELINGS)
    assert answers.NOT_WATCHED in shown.text
    assert '<details class="card flags">' in shown.text
    assert "set-cookie" not in shown.headers


def test_a_weeks_session_is_asked_of_by_its_week(here: Clinic, phone: httpx.Client) -> None:
    assert "Week of Monday 16 November: easy walk. Did you do it?" in phone.get(path(ask(here.chart, occurrence=WALK))).text


def test_the_page_names_nobody_and_loads_nothing_from_elsewhere(phone: httpx.Client, question: Message) -> None:
    pages = [phone.get(path(question)).text, tap(phone, question, said="not_today").text, tap(phone, question, why="it_hurt").text]
    pages += [phone.get(bad).text for bad in ("/a/no.token", path(question)[:-1])]
    for page in pages:
        for secret in (PERSON.id, "canary", THERAPIST, SITE, STEADY, "rx-", "login", "/inbox", question.id):
            assert secret not in page
        assert "http" not in page
        assert "<script" not in page
        assert 'src="/static/keepup.svg"' in page


@pytest.mark.parametrize("choice", [Said.YES, Said.NOT_TODAY])
def test_an_answer_is_in_the_chart_and_uses_the_link_up(here: Clinic, phone: httpx.Client, question: Message, choice: Said) -> None:
    shown = tap(phone, question, said=choice).text
    report = one(here)
    assert isinstance(report, Answer)
    assert (report.patient, report.occurrence, report.said, report.at, report.by) == (PERSON.id, CORE, choice, NOW, "patient")
    assert 'name="said"' not in shown
    assert answers.noted(choice) in shown
    assert any(text in shown for text in answers.THANKS["done" if choice is Said.YES else "missed_1"])


def test_not_yet_leaves_the_question_open(here: Clinic, phone: httpx.Client, clock: Clock, question: Message) -> None:
    shown = tap(phone, question, said="not_yet").text
    assert QUESTION in shown
    assert answers.CHANGE in shown
    clock.now += 5 * HOUR
    assert answers.noted("yes") in tap(phone, question, said="yes").text
    assert [report.said for report in said(here) if isinstance(report, Answer)] == [Said.NOT_YET, Said.YES]


@pytest.mark.parametrize("choice", list(Said))
def test_a_double_tap_is_one_answer(here: Clinic, phone: httpx.Client, clock: Clock, question: Message, choice: Said) -> None:
    first = tap(phone, question, said=choice, back="same").text
    before = said(here)
    clock.now += MINUTE
    assert tap(phone, question, said=choice, back="same").text == first
    assert said(here) == before
    assert [report.kind for report in sorted(before, key=lambda report: report.kind)] == ["answer", "feeling"]


def test_a_second_answer_changes_nothing_and_says_what_we_have(here: Clinic, phone: httpx.Client, question: Message) -> None:
    tap(phone, question, said="yes")
    shown = tap(phone, question, said="not_today").text
    assert answers.noted("yes") in shown
    assert answers.MISTAKE in shown
    assert answers.noted("not_today") not in shown
    assert len(said(here)) == 1


@pytest.mark.parametrize("back", list(answers.FEELINGS))
def test_how_the_back_is_comes_with_the_answer(here: Clinic, phone: httpx.Client, question: Message, back: str) -> None:
    shown = tap(phone, question, said="yes", back=back).text
    assert [report.back for report in said(here) if isinstance(report, Feeling)] == [back]
    assert ('flags" open' in shown) == (back == "worse")
    assert any(text in shown for text in answers.THANKS["flare"]) == (back == "worse")


def test_eight_taps_at_once_are_one_answer(here: Clinic, phone: httpx.Client, question: Message) -> None:
    words = ["yes", "not_today"] * 4
    with ThreadPoolExecutor(8) as pool:
        answered_ = list(pool.map(lambda word: phone.post(path(question), data={"said": word, "back": "same"}).status_code, words))
    assert answered_ == [303] * 8
    assert sorted(report.kind for report in said(here)) == ["answer", "feeling"]


def test_what_got_in_the_way_is_asked_once(here: Clinic, phone: httpx.Client, question: Message) -> None:
    assert answers.ASK_REASON in tap(phone, question, said="not_today").text
    shown = tap(phone, question, why="no_time").text
    assert answers.ASK_REASON not in shown
    tap(phone, question, why="it_hurt")
    reasons = [report for report in said(here) if isinstance(report, Reason)]
    assert [(reason.why, reason.occurrence) for reason in reasons] == [("no_time", CORE)]


def test_it_hurt_opens_the_card_and_asks_nobody_to_do_more(phone: httpx.Client, question: Message) -> None:
    before = tap(phone, question, said="not_today").text
    shown = tap(phone, question, why="it_hurt").text
    assert 'flags" open' in shown
    assert 'flags" open' not in before
    assert any(text in shown for text in answers.THANKS["flare"])
    assert not any(text in shown for text in answers.THANKS["missed_1"])


def test_no_pain_is_a_score(here: Clinic, phone: httpx.Client, question: Message) -> None:
    shown = tap(phone, question, said="yes", back="better").text
    assert answers.ASK_PAIN in shown
    assert shown.count('name="pain"') == 11
    done = tap(phone, question, pain="0").text
    assert 'name="pain"' not in done
    assert answers.SAVED in done
    tap(phone, question, pain="9")
    assert [report.score for report in said(here) if isinstance(report, Pain)] == [0]


def test_one_more_thing_is_asked_at_a_time_and_then_no_more(here: Clinic, phone: httpx.Client, question: Message) -> None:
    forms = [tap(phone, question, **form).text for form in ({"said": "not_today"}, {"why": "other"}, {"back": "same"}, {"pain": "10"})]
    names = [[name for name in ("said", "why", "back", "pain") if f'name="{name}"' in shown] for shown in forms]
    assert names == [["why"], ["back"], ["pain"], []]
    assert [report.kind for report in sorted(said(here), key=lambda report: report.kind)] == ["answer", "feeling", "pain", "reason"]


def test_more_is_taken_for_an_hour_after_the_answer_even_if_the_link_ends_meanwhile(
    here: Clinic, phone: httpx.Client, clock: Clock, question: Message
) -> None:
    clock.now = UNTIL - 1
    tap(phone, question, said="not_today")
    clock.now += AFTERWARDS - MINUTE
    tap(phone, question, why="no_time")
    clock.now += MINUTE
    assert phone.get(path(question)).status_code == 410
    assert phone.post(path(question), data={"back": "worse"}).status_code == 410
    assert {report.kind for report in said(here)} == {"answer", "reason"}


def test_later_the_page_says_that_it_has_the_answer(here: Clinic, phone: httpx.Client, clock: Clock, question: Message) -> None:
    tap(phone, question, said="not_today")
    clock.now += AFTERWARDS
    shown = tap(phone, question, why="it_hurt").text
    assert answers.USED in shown
    assert "<form" not in shown
    assert len(said(here)) == 1


def test_a_virtual_patients_page_is_marked(here: Clinic, phone: httpx.Client, question: Message) -> None:
    marked = ask(here.chart, patient=replace(PERSON, id="virtual-ann", virtual=True))
    assert "virtual, not a person" in phone.get(path(marked)).text
    assert "virtual, not a person" not in phone.get(path(question)).text
