"""The pages as one application: nothing here but how its parts are joined."""

from collections.abc import Callable, Sequence
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from alerts.chart import Chart, ChartUnavailable
from alerts.links import Links
from ingest.store import Store, StoreUnavailable
from web import answer, atom, audit, calendar, caseload, inbox, live, login, ops, patient, settings, tables
from web.desk import Bands, CompleteTo, Dead, Desk, pages
from web.door import Door, LoginNeeded
from web.guard import HEADERS, Guard
from web.record import Gaps

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


def app(
    chart: Chart,
    store: Store,
    gaps: Gaps,
    complete_to: CompleteTo,
    *,
    secret: bytes,
    now: Callable[[], int],
    site: str = "",
    hosts: Sequence[str] = LOOPBACK,
    https: bool = False,
    links: Links | None = None,
    leaving: Callable[[], bool] = lambda: False,
    bands: Bands | None = None,
    dead: Dead | None = None,
) -> FastAPI:
    """`now` gives µs UTC; `secret` has at least 32 bytes; `hosts` are the names this may be asked for by (against DNS rebinding).

    `links`: reads those by which patients answer; without them there is no page for that. `leaving`: whether the server is about to stop.
    `bands`, `dead`: the ingester's, for the page on how the site is; without them it says that they are not known.
    """
    desk = Desk(chart, store, gaps, complete_to, now, Door(chart, secret, now, https), pages(site), bands, dead)
    layers = [Middleware(Guard), Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)]
    web = FastAPI(title="KeepUp", docs_url=None, redoc_url=None, openapi_url=None, middleware=layers)
    for room in (login, caseload, patient, calendar, inbox, audit, settings, ops, atom, tables):
        web.include_router(room.routes(desk))
    web.include_router(live.routes(desk, leaving))
    if links is not None:
        web.include_router(answer.routes(desk, links))
    web.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    _speak_plainly(web, desk)
    return web


def _speak_plainly(web: FastAPI, desk: Desk) -> None:
    """Whatever goes wrong, a page that says what and what to do next."""

    def said(request: Request, status: int, title: str, text: str) -> Response:
        if request.url.path.startswith(answer.PATH):
            return answer.trouble(desk, status)
        try:
            session = desk.door.session(request)
        except ChartUnavailable:
            session = None
        inside = session if session and session.therapist else None
        return desk.page("error.html", inside, status, title=title, text=text)

    @web.exception_handler(LoginNeeded)
    def outside(request: Request, _: Exception) -> Response:
        return RedirectResponse(login.address(request), 303)

    @web.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        title, text = SAID.get(error.status_code, SAID[400])
        own = error.detail if error.detail.endswith(".") else ""
        return said(request, error.status_code, title, own or text)

    @web.exception_handler(RequestValidationError)
    def unreadable(request: Request, _: Exception) -> Response:
        return said(request, 400, *SAID[400])

    @web.exception_handler(ChartUnavailable)
    @web.exception_handler(StoreUnavailable)
    def shut(request: Request, _: Exception) -> Response:
        return said(request, 503, *SAID[503])

    @web.exception_handler(Exception)
    def broken(request: Request, _: Exception) -> Response:
        page = said(request, 500, *SAID[500])
        page.headers.update(HEADERS | {"Cache-Control": "no-store"})  # the framework answers this one from outside the guard
        return page


SAID = {
    400: ("That address cannot be read", "Something in it is not as expected. Go back to the caseload and take the link from there."),
    403: ("That was refused", "Nothing was changed. Go back, load the page again and send the form once more."),
    404: ("There is nothing here", "The address may be mistyped, or what it names is not on your list."),
    405: ("That address is not for opening", "It only answers to a button on a page. Go back to the caseload."),
    413: ("That is too much", "Nothing was changed. Write less, and send it once more."),
    500: (
        "Something broke here",
        "If you pressed a button, look whether it took effect. If this stays so, tell whoever runs this site what you did.",
    ),
    503: ("The records are out of reach", "The database does not answer just now. Nothing is lost; try again in a minute."),
}
