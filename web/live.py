"""What happens to a therapist's alerts, as it happens: server-sent events (WHATWG HTML, "Server-sent events"), numbered like the audit.

Who comes back with the last number it saw goes on from there, whatever was started again in between: nothing is kept but the chart.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from alerts.chart import ChartUnavailable
from alerts.feed import MOST, News
from web.desk import Desk
from web.door import Session

EVERY = 1.0
"""Seconds between two looks at the chart."""
HEARTBEAT = 15
"""Looks without news after which something is said all the same, so that nothing in between hangs up."""
RETRY = "retry: 3000\n\n"
"""Milliseconds after which a browser comes back."""
OVER = "event: over\ndata: {}\n\n"
"""The session has ended: it is no use to come back."""

NUMBER = re.compile("[0-9]{1,30}")
"""More digits than any number of ours has."""


def routes(desk: Desk, leaving: Callable[[], bool]) -> APIRouter:
    """`leaving`: whether the server is about to stop; streams end then."""
    router = APIRouter()

    @router.get("/events")
    def events(
        request: Request,
        session: Annotated[Session, Depends(desk.door.therapist)],
        since: Annotated[int | None, Query(ge=0)] = None,
        last_event_id: Annotated[str, Header()] = "",
    ) -> Response:
        after = int(last_event_id) if NUMBER.fullmatch(last_event_id) else since

        def logged_out() -> bool:
            try:
                return desk.door.session(request) is None
            except ChartUnavailable:
                return False  # nobody knows; the stream ends by itself

        async def over() -> bool:
            return leaving() or await request.is_disconnected() or await run_in_threadpool(logged_out)

        async def told() -> AsyncIterator[str]:
            async for line in stream(desk, session.therapist, after, over):
                yield line
            if await run_in_threadpool(logged_out):
                yield OVER

        return StreamingResponse(told(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    return router


async def stream(desk: Desk, therapist: str, after: int | None, over: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
    """Ends when the chart is out of reach, too: whoever listens comes back by itself."""
    yield RETRY
    try:
        if after is None:
            after = await run_in_threadpool(desk.chart.feed.newest)
            yield said("ready", after, {})
        quiet = 0
        while not await over():
            news = await run_in_threadpool(desk.chart.feed.since, after, therapist)
            for line in lines(news):
                yield line
            quiet = 0 if news.events else quiet + 1
            if quiet % HEARTBEAT == 0 and quiet:
                yield ":\n\n"
            after = news.to
            if len(news.events) < MOST:
                await asyncio.sleep(EVERY)
    except ChartUnavailable:
        return


def lines(news: News) -> list[str]:
    """Only what kind of change and of which alert: everything else is on the pages, behind the login."""
    if not news.whole:
        return [said("resync", news.to, {})]
    return [said("alert", one.seq, {"alert": one.alert, "change": one.new}) for one in news.events]


def said(kind: str, number: int, what: dict[str, object]) -> str:
    return f"event: {kind}\nid: {number}\ndata: {json.dumps(what)}\n\n"
