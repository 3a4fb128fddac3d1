"""In and out: id and password, then a session of twelve hours."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from web.desk import Desk
from web.door import Session

REFUSED = "That id and password do not belong together. Check both and try again."
SHUT = "Too many wrong passwords for this id. Wait one minute, then try again."


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/login")
    def ask(request: Request) -> Response:
        session = desk.door.session(request)
        if session and session.therapist:
            return RedirectResponse("/", 303)
        if session:
            return desk.page("login.html", session, said="", typed="")
        planted = Response()
        page = desk.page("login.html", desk.door.enter(planted), said="", typed="")
        page.headers["set-cookie"] = planted.headers["set-cookie"]
        return page

    @router.post("/login")
    def enter(
        visitor: Annotated[Session, Depends(desk.door.form)], therapist: Annotated[str, Form()] = "", password: Annotated[str, Form()] = ""
    ) -> Response:
        if desk.door.shut(therapist):
            return desk.page("login.html", visitor, 429, said=SHUT, typed=therapist)
        if not desk.chart.login(therapist, password):
            desk.door.guessed_wrong(therapist)
            return desk.page("login.html", visitor, 401, said=REFUSED, typed=therapist)
        inside = RedirectResponse("/", 303)
        desk.door.enter(inside, therapist)
        return inside

    @router.post("/logout")
    def leave(session: Annotated[Session, Depends(desk.door.signed_form)]) -> Response:
        outside = RedirectResponse("/login", 303)
        desk.door.leave(outside, session)
        return outside

    return router
