"""One patient in a real browser: the timeline and the calendar read by eye, by machine, on paper; and live while they are looked at."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import Scheme, faults, keep, login, visit
from tests.chromium import browser as browser
from tests.clinic import NOW, SECRET, SILENT, STEADY, Clinic, furnish, opened
from tests.course import happen, take
from tests.serving import served
from web.app import app

TIMELINE, CALENDAR = f"/patient/{STEADY}", f"/patient/{STEADY}/calendar"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    folder: Path = tmp_path_factory.mktemp("course")
    furnish(folder, days=28)
    with opened(folder) as clinic:
        take(clinic.chart)
        yield clinic


@pytest.fixture(scope="module")
def address(course: Clinic) -> Iterator[str]:
    with served(lambda over: app(*course, secret=SECRET, now=lambda: NOW, site="Harbour Clinic", leaving=over)) as (at, _):
        yield at


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_timeline_and_calendar_fit_and_axe_finds_nothing_serious(browser: Browser, address: str, scheme: Scheme, width: int) -> None:
    with visit(browser, address, scheme, width) as page:
        login(page)
        for name, path in {"timeline": TIMELINE, "calendar": CALENDAR}.items():
            page.goto(path)
            keep(page, f"{name}-{scheme}-{width}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than {width} px"
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            assert faults(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than {width} px when opened"


def test_on_paper_the_calendar_is_whole(browser: Browser, address: str) -> None:
    with visit(browser, address, "dark", 794) as page:  # A4 at 96 dots per inch
        login(page)
        page.goto(CALENDAR)
        page.emulate_media(media="print")
        keep(page, "calendar-print")
        cut = page.evaluate("[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).length")
        assert cut == 0
        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")


def test_the_whole_walk_from_timeline_to_calendar_works_without_a_script(browser: Browser, address: str) -> None:
    with visit(browser, address, script=False) as page:
        login(page)
        page.get_by_role("link", name=STEADY).first.click()
        expect(page.get_by_text("asked, no answer yet").first).to_be_visible()
        page.get_by_role("link", name="Calendar").click()
        expect(page.get_by_role("row", name="16 Nov–22 Nov")).to_contain_text("core")


def tally(page: Page) -> int:
    return int(page.locator("#tally").inner_text().split()[0])


def test_what_happens_comes_to_the_page_by_itself(browser: Browser, address: str, course: Clinic) -> None:
    with visit(browser, address) as page:
        login(page)
        with page.expect_response("**/events*"):
            page.goto(f"/patient/{SILENT}")
        before, shown = tally(page), page.locator("#open-alerts article").count()
        page.evaluate("window.same = true")
        happen(course.chart, SILENT, 1)
        expect(page.locator("#open-alerts article")).to_have_count(shown + 1)
        expect(page.locator("#tally")).to_contain_text(str(before + 1))
        assert page.evaluate("window.same"), "the page was loaded anew"


def test_nothing_moves_under_who_is_at_work_in_it(browser: Browser, address: str, course: Clinic) -> None:
    with visit(browser, address) as page:
        login(page)
        with page.expect_response("**/events*"):
            page.goto(f"/patient/{SILENT}")
        before, shown = tally(page), page.locator("#open-alerts article").count()
        page.locator("#open-alerts button").first.focus()
        happen(course.chart, SILENT, 2)
        expect(page.locator("#tally")).to_contain_text(str(before + 1))
        expect(page.locator("#open-alerts article")).to_have_count(shown)
        page.locator("#open-alerts button").first.blur()
        expect(page.locator("#open-alerts article")).to_have_count(shown + 1)


def test_who_is_logged_out_elsewhere_is_shown_the_login(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        login(page)
        with page.expect_response("**/events*"):
            page.goto(TIMELINE)
        other = page.context.new_page()
        other.goto("/")
        other.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
