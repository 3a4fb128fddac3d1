"""Somebody at the pages: a cookie jar, forms filled in, a clock to wait by."""

import asyncio
import re
from collections.abc import Iterator

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.alert import Audience, State
from tests.clinic import NOW, PASSWORD, THERAPIST, Clinic

OURS = '<script src="/static/keepup.js" defer></script>'
"""The one script there is."""


def scripts(page: str) -> bool:
    """Whether there is any but `OURS`."""
    return "<script" in page.replace(OURS, "")


class Browser:
    """A visitor with a cookie jar, at the pages themselves."""

    def __init__(self, pages: FastAPI, host: str = "127.0.0.1:8000") -> None:
        self.pages = pages
        self._host = host
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(hasty(self.pages), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{self._host}", cookies=self.cookies) as client:
                answer = await client.request(method, path, **more)  # type: ignore[arg-type]  # passed on as it came
                self.cookies = client.cookies
                return answer

        return asyncio.run(asked())

    def get(self, path: str, **more: object) -> httpx.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, token: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        return self.ask("POST", path, data={"token": token, **fields}, headers=headers or {})

    def token(self, path: str = "/login") -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.get(path).text)
        assert found, f"{path} has no form"
        return found[1]

    def login(self, therapist: str = THERAPIST, password: str = PASSWORD) -> httpx.Response:
        return self.post("/login", self.token(), therapist=therapist, password=password)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def hasty(pages: ASGIApp) -> ASGIApp:
    """Hangs up on a stream of events once it has begun: it would never end by itself."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        gone, streamed = asyncio.Event(), False

        async def heard(message: Message) -> None:
            nonlocal streamed
            await send(message)
            streamed = streamed or Headers(raw=message.get("headers", [])).get("content-type", "").startswith("text/event-stream")
            if streamed and message.get("body"):
                gone.set()

        async def said() -> Message:
            if not streamed:
                return await receive()
            await gone.wait()
            return {"type": "http.disconnect"}

        await pages(scope, said, heard)

    return asked


def routes(pages: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path) of all there are, those left out of the description, too."""
    for one in iter_route_contexts(pages.routes):
        for method in sorted(one.methods or ()):
            yield method, str(one.path)


def filled(path: str, what: str) -> str:
    return re.sub(r"\{\w+\}", what, path)


def open_alert(here: Clinic, patient: str, audience: Audience = Audience.THERAPIST) -> str:
    return next(a.id for a in here.chart.alerts(patient=patient, states=[State.OPEN]) if a.audience is audience)
