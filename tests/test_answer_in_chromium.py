"""A patient on a phone: taps "Yes", says how the back is, and goes on with the day. Pictures of it are left in `shots/`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from alerts import answers
from alerts.links import Links
from detectors.report import Answer, Feeling, Pain, Said
from ingest.batch import HOUR
from tests.asking import PERSON, QUESTION, UNTIL, ask, path, served
from tests.clinic import SECRET, Clinic
from tests.test_pages_in_chromium import browser as browser
from tests.test_pages_in_chromium import keep
from tests.visitor import Clock
from web.app import app

PHONE = ViewportSize(width=360, height=740)
Scheme = Literal["light", "dark"]


@pytest.fixture
def address(here: Clinic, clock: Clock) -> Iterator[str]:
    with served(app(*here, secret=SECRET, now=clock, site="Harbour Clinic", links=Links(SECRET, ""))) as at:
        yield at


@contextmanager
def phone(browser: Browser, address: str, scheme: Scheme = "light", width: int = 360, *, script: bool = True) -> Iterator[Page]:
    """A small screen that fails the test when the browser complains of anything, or asks another host."""
    screen = ViewportSize(width=width, height=PHONE["height"])
    context = browser.new_context(
        base_url=address,
        color_scheme=scheme,
        viewport=screen,
        has_touch=True,
        is_mobile=True,
        java_script_enabled=script,
    )
    with context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: None if request.url.startswith(address) else complaints.append(request.url))
        page.set_default_timeout(10_000)
        yield page
        assert complaints == []


SMALL = """[...document.querySelectorAll('button:not([hidden]), summary, label')]
    .filter(e => Math.min(e.getBoundingClientRect().width, e.getBoundingClientRect().height) < 48).map(e => e.outerHTML)"""
WIDE = "document.documentElement.scrollWidth > innerWidth"


def fits(page: Page) -> None:
    page.wait_for_load_state("load")  # with its style sheet
    assert not page.evaluate(WIDE), "the page is wider than the screen"
    assert page.evaluate(SMALL) == [], "targets under 48 px"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_patient_taps_yes_and_then_no_pain(browser: Browser, address: str, here: Clinic, scheme: Scheme) -> None:
    question = ask(here.chart)
    with phone(browser, address, scheme) as page:
        page.goto(path(question))
        expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)
        expect(page.get_by_role("button", name="Not today")).to_be_in_viewport()
        fits(page)
        page.get_by_text("Better").tap()
        keep(page, f"answer-{scheme}-360")
        page.get_by_role("button", name="Yes").tap()
        expect(page.get_by_role("status")).to_contain_text("You said: Yes.")
        fits(page)
        keep(page, f"answer-pain-{scheme}-360")
        page.get_by_role("button", name="0", exact=True).tap()
        expect(page.get_by_role("button", name="0", exact=True)).to_have_count(0)
        keep(page, f"answer-thanks-{scheme}-360")
        page.go_back()
        page.reload()
        expect(page.get_by_role("button", name="Yes")).to_have_count(0)
    assert [one.kind for one in sorted(here.chart.reports.of(PERSON.id), key=lambda one: one.kind)] == ["answer", "feeling", "pain"]
    assert [one.score for one in here.chart.reports.of(PERSON.id) if isinstance(one, Pain)] == [0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_patient_who_hurts_is_told_to_rest_and_shown_when_to_get_help(
    browser: Browser, address: str, here: Clinic, scheme: Scheme
) -> None:
    with phone(browser, address, scheme) as page:
        page.goto(path(ask(here.chart)))
        expect(page.get_by_text("A leg that is getting weak.")).to_be_hidden()
        page.get_by_role("button", name="Not today").tap()
        expect(page.get_by_role("group", name=answers.ASK_REASON).get_by_role("button")).to_have_count(5)
        keep(page, f"answer-reason-{scheme}-360")
        fits(page)
        page.get_by_role("button", name="It hurt").tap()
        expect(page.get_by_text("A leg that is getting weak.")).to_be_visible()
        assert page.get_by_role("heading", level=1).inner_text() in answers.THANKS["flare"]
        fits(page)
        keep(page, f"answer-flare-{scheme}-360")


def test_not_yet_now_and_yes_later_and_then_it_has_ended(browser: Browser, address: str, here: Clinic, clock: Clock) -> None:
    question = ask(here.chart)
    with phone(browser, address) as page:
        page.goto(path(question))
        page.get_by_role("button", name="Not yet").tap()
        expect(page.get_by_role("status")).to_contain_text(answers.CHANGE)
        fits(page)
        keep(page, "answer-not-yet-light-360")
        clock.now += 5 * HOUR
        page.reload()
        page.get_by_role("button", name="Yes").tap()
        expect(page.get_by_role("status")).to_contain_text("You said: Yes.")
        clock.now += 2 * HOUR
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text(answers.USED)
        keep(page, "answer-used-light-360")
    said = [one.said for one in here.chart.reports.of(PERSON.id) if isinstance(one, Answer)]
    assert said == [Said.NOT_YET, Said.YES]
    with browser.new_context(base_url=address, viewport=PHONE) as context:  # which notes a 410 on its console
        clock.now = UNTIL
        page = context.new_page()
        page.goto(path(question))
        expect(page.get_by_role("heading", level=1)).to_have_text(answers.OVER)
        keep(page, "answer-over-light-360")


@pytest.mark.parametrize("width", [320, 180, 1280])
def test_it_fits_small_screens_and_twice_the_size_without_a_script(browser: Browser, address: str, here: Clinic, width: int) -> None:
    # 180 px is the phone at 200 %
    question = ask(here.chart)
    with phone(browser, address, width=width, script=False) as page:
        page.goto(path(question))
        fits(page)
        keep(page, f"answer-light-{width}")
        page.get_by_role("button", name="Yes").tap()
        page.get_by_role("button", name="The same").tap()
        expect(page.get_by_role("button", name="10")).to_be_visible()
        fits(page)
        keep(page, f"answer-pain-light-{width}")


def test_the_keyboard_alone_answers_and_choosing_how_the_back_is_answers_nothing(browser: Browser, address: str, here: Clinic) -> None:
    question = ask(here.chart)
    with phone(browser, address) as page:
        page.goto(path(question))
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Yes")).to_be_focused()
        expect(page.get_by_role("button", name="Yes")).to_have_css("outline-style", "solid")
        page.get_by_label("The same").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.wait_for_load_state()
        expect(page.get_by_label("The same")).to_be_checked()
        assert here.chart.reports.of(PERSON.id) == []
        page.get_by_role("button", name="Not today").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("You said: Not today.")
    backs = [one.back for one in here.chart.reports.of(PERSON.id) if isinstance(one, Feeling)]
    assert backs == ["same"]


def test_a_screen_reader_hears_the_question_with_its_buttons(browser: Browser, address: str, here: Clinic) -> None:
    with phone(browser, address) as page:
        page.goto(path(ask(here.chart)))
        expect(page).to_have_title("A question for you · KeepUp")
        expect(page.get_by_role("group", name=QUESTION).get_by_role("button")).to_have_count(3)
        expect(page.get_by_role("group", name=answers.ASK_FEELING).get_by_role("radio")).to_have_count(3)
        expect(page.get_by_role("main")).to_have_count(1)
        page.get_by_role("button", name="Yes").tap()
        expect(page).to_have_title(re.compile("^Thank you"))
