"""Mail gateways, previews and the curious open every link: nothing that is only opened changes anything."""

import asyncio
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from alerts.alert import Message
from alerts.links import Links
from tests.asking import UNTIL, WALK, ask, path
from tests.clinic import NOW, OTHER, SECRET, SILENT, STEADY, THERAPIST, Clinic
from tests.visitor import Browser, Clock, filled, open_alert, routes
from web.app import app

BASE = "http://127.0.0.1:8000"
MOST = 500
"""Addresses of a crawl; a page that makes ever new ones is a fault."""
PATIENCE = 2.0
"""s for one page; an endless answer (a live feed) is hung up on, as a reader does."""
OPENING = ("GET", "HEAD", "OPTIONS")
ADDRESS = re.compile(r'(?:href|src|action|formaction|cite|poster|content)="([^"]+)"')


@pytest.fixture
def pages(here: Clinic, clock: Clock) -> FastAPI:
    return app(*here, secret=SECRET, now=clock, links=Links(SECRET, BASE))


def everything(folder: Path) -> dict[str, list[str]]:
    """Every row of every table of every database, and the name of every file beside them."""
    kept = {"files": sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if not file.name.endswith(("-wal", "-shm")))}
    for file in sorted(folder.rglob("*.db")):
        with closing(sqlite3.connect(file)) as db:
            kept[file.name] = list(db.iterdump())
    return kept


def crawl(visitor: Browser, starts: Iterable[str]) -> dict[str, set[int]]:
    """Opens these addresses and all that their answers name, with each method that only opens: address → status codes."""

    async def opened() -> dict[str, set[int]]:
        transport = httpx.ASGITransport(visitor.pages, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=visitor.cookies) as client:
            waiting, seen = list(starts), dict[str, set[int]]()
            while waiting:
                address = waiting.pop()
                if address in seen:
                    continue
                assert len(seen) < MOST, "the pages lead to ever new ones"
                answers = [await _opened(client, method, address) for method in OPENING]
                seen[address] = {answer.status_code for answer in answers if answer is not None}
                waiting += [found for answer in answers if answer is not None for found in _named(answer, address)]
            return seen

    return asyncio.run(opened())


async def _opened(client: httpx.AsyncClient, method: str, address: str) -> httpx.Response | None:
    try:
        return await asyncio.wait_for(client.request(method, address), PATIENCE)
    except TimeoutError:
        return None


def _named(answer: httpx.Response, address: str) -> list[str]:
    """Addresses within the site that an answer leads to, those of its forms and of its text too."""
    names = [answer.headers.get("location", ""), *ADDRESS.findall(answer.text), *re.findall(r"https?://[^\s\"'<>]+", answer.text)]
    whole = [urlsplit(urljoin(BASE + address, unescape(name))) for name in names if name]
    return [f"{one.path}{'?' + one.query if one.query else ''}" for one in whole if f"{one.scheme}://{one.netloc}" == BASE and one.path]


def everywhere(pages: FastAPI, messages: Iterable[Message]) -> list[str]:
    """Where links may lead: each route with an id that is there, one that is another's, and one that is not; and each message's."""
    ids = (SILENT, STEADY, OTHER, "nobody", "1", "alerts.csv")
    starts = ["/", "/login", "/logout", "/inbox", "/a/", "/openapi.json", "/docs"]
    starts += [filled(route, one) for _, route in routes(pages) for one in ids]
    in_text = [address for message in messages for address in re.findall(r"https?://\S+", f"{message.text} {message.link or ''}")]
    return starts + [urlsplit(address).path for address in in_text]


@pytest.mark.parametrize("who", ["a therapist", "nobody", "a mail gateway"])
def test_opening_every_link_of_every_page_and_message_changes_nothing(
    pages: FastAPI, here: Clinic, tmp_path: Path, clock: Clock, who: str
) -> None:
    #   two questions: one answered (thanks and what follows are shown), one open;   opened now, and when they have ended
    messages = [ask(here.chart), ask(here.chart, occurrence=WALK)]
    visitor = Browser(pages)
    assert visitor.post(path(messages[0]), "", said="not_today").status_code == 303
    if who == "a therapist":
        visitor.login()
    starts = [path(message) for message in messages] if who == "a mail gateway" else everywhere(pages, messages)
    before = everything(tmp_path)
    seen = crawl(visitor, starts)
    assert everything(tmp_path) == before
    assert [200 in seen[path(message)] for message in messages] == [True, True]
    if who == "a therapist":
        assert 200 in seen[f"/patient/{SILENT}?days=28"]
        assert visitor.get("/").status_code == 200, "somebody was logged out by opening a link"
    clock.now = UNTIL
    ended = crawl(visitor, [path(message) for message in messages])
    assert all(410 in ended[path(message)] for message in messages)
    assert everything(tmp_path) == before


def test_what_is_compared_would_show_an_answer_and_an_acknowledgement(pages: FastAPI, here: Clinic, tmp_path: Path) -> None:
    question, visitor = ask(here.chart), Browser(pages)
    before = everything(tmp_path)
    visitor.post(path(question), "", said="not_yet")
    after = everything(tmp_path)
    assert [name for name in after if after[name] != before.get(name)] == ["chart.db"]
    here.chart.acknowledge(open_alert(here, SILENT), THERAPIST, NOW)
    assert everything(tmp_path)["chart.db"] != after["chart.db"]


def test_a_crawl_would_find_a_page_that_acts_when_opened(pages: FastAPI, here: Clinic, tmp_path: Path) -> None:
    question = ask(here.chart)

    @pages.get("/hidden")
    def acts() -> str:
        here.chart.links.use(question.id, UNTIL - 1)
        return "done"

    before = everything(tmp_path)
    crawl(Browser(pages), everywhere(pages, [question]))
    assert everything(tmp_path) != before
