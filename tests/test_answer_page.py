"""The page on which a patient answers: what it shows, what a tap does, and what it never says."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import answers
from alerts.alert import Message
from alerts.links import AFTERWARDS, Links
from alerts.readability import faults
from cli.line import clinic
from cli.serving import server
from detectors.report import Answer, Feeling, Pain, Reason, Report, Said
from ingest.batch import DAY, HOUR, MINUTE
from tests.asking import CORE, PERSON, QUESTION, UNTIL, WALK, ask, path, served
from tests.clinic import NOW, SECRET, STEADY, THERAPIST, Clinic
from tests.visitor import Browser, Clock
from web.app import app
from web.reply import Reply, added, answered, asked, heard, pain_due

OTHER_PERSON = replace(PERSON, id="p-canary-0b11")
SCORE = 7
SITE = "Harbour Clinic"


@pytest.fixture
def phone(here: Clinic, clock: Clock) -> Iterator[httpx.Client]:
    """A patient's browser at the pages, over a socket."""
    with (
        served(app(*here, secret=SECRET, now=clock, site=SITE, links=Links(SECRET, ""))) as address,
        httpx.Client(base_url=address) as client,
    ):
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


def test_headers_keep_the_address_of_the_page_to_itself(phone: httpx.Client, question: Message) -> None:
    for answer in (phone.get(path(question)), phone.post(path(question), data={"said": "yes"})):
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-robots-tag"] == "noindex"


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


def test_a_link_that_ended_says_so_and_takes_nothing(here: Clinic, phone: httpx.Client, clock: Clock, question: Message) -> None:
    clock.now = UNTIL
    for answer in (phone.get(path(question)), phone.post(path(question), data={"said": "yes"})):
        assert answer.status_code == 410
        assert answers.OVER in answer.text
    assert said(here) == []


@given(st.integers(0, 300), st.sampled_from("ABCxyz019-_.="))
def test_a_link_that_was_changed_opens_nothing(place: int, other: str) -> None:
    links = Links(SECRET, "")
    token = links.url("6ba7b811-9dad-11d1-80b4-00c04fd430c8").removeprefix("/a/")
    changed = token[:place] + other + token[place + 1 :]
    assert changed == token or links.message(changed) is None


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
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the visitor's own, not ours
    logging.getLogger("httpcore").setLevel(logging.WARNING)
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


def test_a_virtual_patients_page_is_marked(here: Clinic, phone: httpx.Client, question: Message) -> None:
    marked = ask(here.chart, patient=replace(PERSON, id="virtual-ann", virtual=True))
    assert "virtual, not a person" in phone.get(path(marked)).text
    assert "virtual, not a person" not in phone.get(path(question)).text


def test_a_message_has_a_link_only_where_it_asks_and_the_chart_keeps_none(here: Clinic, question: Message) -> None:
    assert question.link is not None
    assert here.chart.links.addresses(Links(SECRET, "https://x.example"), UNTIL)(question) is None
    silent = next(message for message in (replace(question, id="another"),))
    assert here.chart.links.addresses(Links(SECRET, "https://x.example"), NOW)(silent) is None


def scored(at: int) -> Pain:
    return Pain(id=f"score-{at}", patient=PERSON.id, at=at, score=0)


def test_a_score_is_due_a_week_after_the_last_or_when_the_plan_says() -> None:
    assert pain_due((), [], NOW)
    assert not pain_due((), [scored(NOW - 6 * DAY)], NOW)
    assert pain_due((), [scored(NOW - 7 * DAY + HOUR)], NOW)
    assert pain_due((), [scored(NOW - 8 * DAY)], NOW)


@pytest.mark.parametrize(
    "occurrence",
    ["core/2026-11-22", "a/b/core/2026-11-22", "rx/core/2026-11-22/2"],
)
def test_the_question_is_read_from_whatever_id_a_plan_gives(occurrence: str) -> None:
    assert asked(occurrence) == QUESTION


def test_an_id_that_is_none_is_no_question() -> None:
    with pytest.raises(ValueError, match="no planned session"):
        asked("extra@1795357380000000")


@given(st.sampled_from(list(Said)), st.sampled_from([None, *answers.FEELINGS]), st.sampled_from([None, *answers.REASONS]))
def test_what_is_said_by_a_link_is_read_back_by_it_and_by_no_other(choice: Said, back: str | None, why: str | None) -> None:
    answer, feeling = answered(Reply.model_validate({"said": choice, "back": back}), "m-1", PERSON.id, CORE, NOW)
    reports: list[Report] = [answer, *([feeling] if feeling else [])]
    reports += [added(Reply.model_validate({"why": why}), "m-1", PERSON.id, CORE, NOW)] if why else []
    found = heard("m-1", reports)
    assert (found.said, found.back, found.why, found.pain) == (choice, back, why, None)
    assert found.flare == (back == "worse" or why == "it_hurt")
    assert heard("m-2", reports) == heard("m-2", [])


def test_every_word_of_the_page_is_easy_and_kind() -> None:
    assert [fault for text in (answers.MISTAKE, answers.NO_LINK, answers.SHUT, answers.AGAIN) for fault in faults(text)] == []
