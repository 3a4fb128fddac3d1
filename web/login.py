"""In and out: id and password, then a session of twelve hours that begins on the page that was asked for."""

import re
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from web.desk import Desk
from web.door import Session, Shut

REFUSED = "That id and password do not belong together. Check both and try again."
HERE = re.compile(r"/(?![/\\])[!-\[\]-~]{0,300}")
"""A path of this site: no other host's, however a browser may read it."""


def address(request: Request) -> str:
    """Of the login that leads back to the page asked for; what a button was to do is not done by a link."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/login?then={quote(asked, safe='')}" if request.method == "GET" and asked != "/" else "/login"


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/login")
    def ask(request: Request, then: str = "") -> Response:
        session = desk.door.session(request)
        if session and session.therapist:
            return RedirectResponse(_ours(then), 303)
        if session:
            return desk.page("login.html", session, said="", typed="", then=then)
        planted = Response()
        page = desk.page("login.html", desk.door.enter(planted), said="", typed="", then=then)
        page.headers["set-cookie"] = planted.headers["set-cookie"]
        return page

    @router.post("/login")
    def enter(
        visitor: Annotated[Session, Depends(desk.door.form)],
        therapist: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        then: Annotated[str, Form()] = "",
    ) -> Response:
        seal = desk.chart.seal(therapist)  # before the password is tried: were it replaced meanwhile, the session would be over
        try:
            right = desk.door.knock(therapist, lambda: desk.chart.login(therapist, password))
        except Shut as shut:
            return desk.page("login.html", visitor, 429, said=str(shut), typed=therapist, then=then)
        if not right or seal is None:
            return desk.page("login.html", visitor, 401, said=REFUSED, typed=therapist, then=then)
        inside = RedirectResponse(_ours(then), 303)
        desk.door.enter(inside, therapist, seal)
        return inside

    @router.post("/logout")
    def leave(session: Annotated[Session, Depends(desk.door.signed_form)]) -> Response:
        outside = RedirectResponse("/login", 303)
        desk.door.leave(outside, session)
        return outside

    return router


def _ours(then: str) -> str:
    return then if HERE.fullmatch(then) else "/"
