"""A real browser at the pages. Pictures of what it showed are left in `shots/`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it says nothing of its types
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.clinic import PASSWORD, THERAPIST

CHROMIUM = Path("/usr/bin/chromium")
SHOTS = Path(__file__).resolve().parents[1] / "shots"
Scheme = Literal["light", "dark"]
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if "CI" in os.environ:
            pytest.fail(f"{CHROMIUM} is not installed; install the package chromium")
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        yield chromium
        chromium.close()


@contextmanager
def visit(browser: Browser, address: str, scheme: Scheme = "light", width: int = 1280, *, script: bool = True) -> Iterator[Page]:
    """A page that fails the test when the browser complains of anything, a breach of the content policy above all."""
    size = {"width": width, "height": 850}
    with browser.new_context(
        base_url=address,
        color_scheme=scheme,
        viewport=size,  # type: ignore[arg-type]  # as the browser has it
        java_script_enabled=script,
    ) as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(10_000)
        yield page
        assert complaints == []


def login(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("Your id").fill(THERAPIST)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Caseload")).to_be_visible()


def keep(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def faults(page: Page) -> list[str]:
    """What axe finds that is serious, as far as a machine can (WCAG 2.2 AA)."""
    found = Axe().run(page, options={"runOnly": LEVELS}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]
