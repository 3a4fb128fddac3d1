"""Somebody at the pages: a cookie jar, forms filled in, a clock to wait by."""

import asyncio
import re
from collections.abc import Iterator

import httpx
from fastapi import FastAPI

from alerts.alert import Audience, State
from tests.clinic import NOW, PASSWORD, THERAPIST, Clinic


class Browser:
    """A visitor with a cookie jar, at the pages themselves."""

    def __init__(self, pages: FastAPI, host: str = "127.0.0.1:8000") -> None:
        self.pages = pages
        self._host = host
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.pages, raise_app_exceptions=False)
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


def routes(pages: FastAPI) -> Iterator[tuple[str, str]]:
    for path, methods in pages.openapi()["paths"].items():
        for method in methods:
            yield method.upper(), path


def filled(path: str, what: str) -> str:
    return re.sub(r"\{\w+\}", what, path)


def open_alert(here: Clinic, patient: str, audience: Audience = Audience.THERAPIST) -> str:
    return next(a.id for a in here.chart.alerts(patient=patient, states=[State.OPEN]) if a.audience is audience)
