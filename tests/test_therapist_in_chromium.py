"""The therapist with the first coffee, in a real browser: reads why, acknowledges, looks at the day. Pictures are left in `shots/`."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import DAY, MINUTE
from tests import course
from tests.chromium import Scheme, faults, keep, login, visit
from tests.chromium import browser as browser
from tests.clinic import DESK, NOW, PASSWORD, SECRET, SILENT, STEADY, THERAPIST, Clinic, furnish, opened
from tests.serving import served
from tests.test_pages_in_chromium import BEYOND, TOO_SMALL
from web.app import app

PAGES = {
    "caseload-lamps": "/",
    "inbox-open": "/inbox",
    "settings": "/settings",
    "ops": "/ops",
    "audit": f"/patient/{STEADY}/audit",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("clinic")
    furnish(folder, days=28)
    with (
        opened(folder) as clinic,
        served(lambda over: app(*clinic, secret=SECRET, now=lambda: NOW, site="Harbour Clinic", leaving=over)) as (at, _),
    ):
        _told(clinic)
        yield at


def _told(clinic: Clinic) -> None:
    """One patient seems to have stopped, one does three sessions in part, one is well."""
    course.take(clinic.chart)
    course.prescribe(clinic.chart, DESK)
    stopped = Finding(DESK, "likely_stopped", "s", NOW - 4 * DAY, None, {"count": 4, "sessions": "core"})
    parts = [Finding(STEADY, "partial_again", f"p{n}", NOW - n * DAY, None, {"session": "core", "partials": 3, "of": 5}) for n in (2, 3, 4)]
    for patient, found in ((DESK, [stopped]), (STEADY, parts)):
        clinic.chart.record(patient, [Change(Turn.OPENED, one) for one in found], NOW - MINUTE)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)])
def test_every_page_fits_and_axe_finds_nothing_serious(browser: Browser, address: str, scheme: Scheme, width: int) -> None:
    with visit(browser, address, scheme, width) as page:
        login(page)
        for name, path in PAGES.items():
            page.goto(path)
            keep(page, f"{name}-{scheme}-{width}")
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than {width} px"
            assert page.evaluate(BEYOND) == [], f"captions of {name} go beyond the screen"
            assert page.evaluate(TOO_SMALL) == [], f"targets under 24 px on {name}"
            assert faults(page) == [], name
            page.emulate_media(media="print")
            expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
            page.emulate_media(media="screen")


def test_the_therapist_with_the_first_coffee(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.goto("/inbox")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        page.get_by_label("Your id").fill(THERAPIST)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()

        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        first = page.get_by_role("article").first
        expect(first.get_by_role("heading")).to_contain_text("Likely stopped")
        expect(first).to_contain_text("4 sessions in a row not seen (core); likely stopped, since Wed 18 Nov 15:23.")
        expect(first).to_contain_text("Proposed: call today; agree on one first small step.")
        keep(page, "coffee-1-why")
        day = first.get_by_role("link", name=f"Look at 18 Nov of {DESK}").get_attribute("href")
        page.get_by_role("button", name=f"Contacted: likely stopped, {DESK}").click()

        expect(page.get_by_role("article").first.get_by_role("heading")).not_to_contain_text("Likely stopped")
        page.get_by_role("link", name="Acknowledged").click()
        expect(page.get_by_text("Contacted by you, Sun 22 Nov 14:23")).to_be_visible()
        keep(page, "coffee-2-acknowledged")
        page.get_by_role("link", name=f"Look at 18 Nov of {DESK}").click()

        page.wait_for_url(f"**{day}")
        expect(page.get_by_role("heading", name="Wednesday 18 November")).to_be_in_viewport()
        keep(page, "coffee-3-timeline")
        page.go_back()
        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        page.get_by_role("link", name="Caseload").click()
        row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=DESK))
        expect(row.locator(".lamp.red")).to_contain_text("likely stopped")
        expect(row.get_by_text("No open alerts")).to_be_visible()
        keep(page, "coffee-4-caseload")


def test_the_inbox_works_by_keyboard_and_without_a_script(browser: Browser, address: str) -> None:
    with visit(browser, address, script=False) as page:
        login(page)
        page.get_by_role("link", name="Inbox").click()
        page.get_by_text("2 more: partial again").focus()
        page.keyboard.press("Enter")
        for box in page.get_by_role("checkbox", name=f"Choose: partial again, {STEADY}").all():
            box.focus()
            page.keyboard.press("Space")
            expect(box).to_be_checked()
        page.keyboard.press("Enter")  # on a tick box it sends nothing
        expect(page.get_by_role("checkbox", checked=True)).to_have_count(3)
        page.get_by_role("button", name="Acknowledge those ticked").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Partial again")).to_have_count(0)

        snooze = page.get_by_role("article").filter(has_text="Silent band")
        snooze.get_by_text("Snooze").focus()
        page.keyboard.press("Enter")
        snooze.get_by_role("button", name="3 days").focus()
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Snoozed").click()
        expect(page.get_by_text("Comes back Wed 25 Nov 08:00, UTC")).to_be_visible()
        expect(page.get_by_role("link", name=SILENT, exact=True)).to_be_visible()
