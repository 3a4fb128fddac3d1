"""The page on which a patient answers: GET shows, POST acts. The signed link is all they need; nothing of them is on the page."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Response
from fastapi.responses import RedirectResponse

from alerts import answers
from alerts.links import AFTERWARDS, Link, Links
from detectors.report import Said
from ingest.batch import DAY
from web.desk import Desk
from web.reply import Heard, Reply, added, answered, asked, heard, name, pain_due

PATH = "/a/"
BACK = 60 * DAY
"""How far back what was said is looked at: longer than any link lasts, and than most plans wait for another score."""
THANKS = {Said.YES: "done", Said.NOT_TODAY: "missed_1"}
TROUBLE = {404: answers.NO_LINK, 410: answers.OVER, 503: answers.SHUT}
"""Of a link we never signed no more is said than that; one we signed is over whether it expired or its patient is gone."""


def routes(desk: Desk, links: Links) -> APIRouter:
    router = APIRouter()

    def opened(token: str) -> tuple[str, Link]:
        """The message and its link. A wrong token is turned away by its signature alone, before anything is looked up."""
        message = links.message(token)
        if message is None:
            raise HTTPException(404)
        link = desk.chart.links.open(message, desk.now())
        if link is None or link.occurrence is None:
            raise HTTPException(410)
        return message, link

    @router.get("/a/{token}")
    @router.head("/a/{token}")
    def show(about: Annotated[tuple[str, Link], Depends(opened)]) -> Response:
        return _page(desk, *about)

    @router.post("/a/{token}")
    def act(token: str, about: Annotated[tuple[str, Link], Depends(opened)], reply: Annotated[Reply, Form()]) -> Response:
        """What could no longer be taken the page then shows: it says what we have."""
        message, link = about
        says = (message, link.patient, link.occurrence or "", desk.now())
        if reply.said is None:
            desk.chart.links.add(message, added(reply, *says), desk.now())
        else:
            answer, feeling = answered(reply, *says)
            desk.chart.links.answer(message, answer, desk.now(), feeling)
        return RedirectResponse(PATH + token, 303)

    return router


def trouble(desk: Desk, status: int) -> Response:
    """Whatever went wrong, in a patient's words."""
    text = TROUBLE.get(status, answers.AGAIN)
    return desk.page("answer_trouble.html", None, status, words=answers, flare=False, virtual=False, text=text)


def _page(desk: Desk, message: str, link: Link) -> Response:
    now, patient = desk.now(), desk.chart.patient(link.patient)
    reports = desk.chart.reports.of(link.patient, now - BACK)
    said = heard(message, reports)
    shown: dict[str, Any] = {"words": answers, "said": said, "flare": said.flare, "virtual": patient is not None and patient.virtual}
    if link.used is None:
        return desk.page("answer.html", None, question=asked(link.occurrence or ""), **shown)
    fresh = now < link.used + AFTERWARDS and said.said is not None
    due = fresh and pain_due(desk.chart.plans.readable(link.patient), reports, now)
    lines = _lines(message, said) if fresh else [answers.USED]
    return desk.page("answer_thanks.html", None, lines=lines, ask=_next(said, due) if fresh else None, **shown)


def _lines(message: str, said: Heard) -> list[str]:
    """What is said in return; who hurts and did not exercise is not told of doing it later."""
    turn = int(name(message, "thanks").replace("-", ""), 16)
    flare = [answers.thanks("flare", turn)] if said.flare else []
    if said.said is Said.NOT_TODAY and flare:
        return flare
    return [answers.thanks(THANKS.get(said.said or Said.NOT_YET, ""), turn), *flare]


def _next(said: Heard, due: bool) -> str | None:
    """One more thing to ask, if any; one at a time, each once."""
    if said.said is Said.NOT_TODAY and said.why is None:
        return "why"
    if said.back is None and not said.flare:
        return "back"
    return "pain" if due and said.pain is None else None
