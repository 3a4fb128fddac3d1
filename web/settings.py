"""What a therapist sets: their password, clock and digest; for each patient how much a message says, and pauses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Depends, Form, HTTPException, Response
from fastapi.responses import RedirectResponse

from alerts.chart import Patient, Therapist
from alerts.hours import QUIET_FROM, QUIET_TO, local
from alerts.pauses import Pause
from alerts.people import SHORTEST
from alerts.policy import MANNERS
from web import atom
from web.day import day_of
from web.desk import NOT_YOURS, Desk
from web.door import Session, Shut
from web.notices import told

LONGEST_PAUSE = timedelta(days=366)
DETAIL: Mapping[int, str] = {0: "nothing but that there is a note", 1: "“your set”", 2: "what it is about"}
WHY: Mapping[str, str] = {"travel": "travel", "ill": "illness", "hospital": "hospital", "other": "another reason"}
SAVED: Mapping[str, str] = {
    "password": "Your new password is set. Everywhere else you are logged out, and your feed has a new address.",
    "clock": "Your clock and the time of your digest are set.",
    "detail": "How much messages say is set.",
    "pause": "The pause is set.",
    "ended": "The pause is over.",
}


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause that is not over."""

    pause: Pause
    patient: Patient


class Refused(Exception):
    """What was typed cannot be taken; the message says why and what to type instead."""


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()
    Signed = Annotated[Session, Depends(desk.door.signed_form)]  # noqa: N806 — a type

    @router.get("/settings")
    def settings(session: Annotated[Session, Depends(desk.door.therapist)], saved: str = "") -> Response:
        return _page(desk, session, saved=SAVED.get(saved, ""))

    @router.post("/settings/password")
    def password(
        session: Signed, old: Annotated[str, Form()] = "", new: Annotated[str, Form()] = "", again: Annotated[str, Form()] = ""
    ) -> Response:
        try:
            _renew(desk, session, old, new, again)
        except Refused as error:
            return _page(desk, session, 400, said=str(error))
        answer = RedirectResponse("/settings?saved=password", 303)
        desk.door.enter(answer, session.therapist, desk.chart.seal(session.therapist) or "")
        return answer

    @router.post("/settings/clock")
    def clock(session: Signed, zone: Annotated[str, Form()] = "", digest: Annotated[str, Form()] = "") -> Response:
        try:
            desk.chart.settle_in(Therapist(session.therapist, _zone(zone), _minutes(digest)))
        except Refused as error:
            return _page(desk, session, 400, said=str(error))
        return RedirectResponse("/settings?saved=clock", 303)

    @router.post("/settings/detail")
    def detail(session: Signed, patient: Annotated[str, Form()] = "", detail: Annotated[Literal["0", "1", "2"], Form()] = "0") -> Response:
        if not desk.chart.set_detail(patient, session.therapist, int(detail), desk.now()):
            raise HTTPException(404, NOT_YOURS)
        return RedirectResponse("/settings?saved=detail", 303)

    @router.post("/settings/pause")
    def pause(
        session: Signed,
        patient: Annotated[str, Form()] = "",
        kind: Annotated[str, Form()] = "",
        last: Annotated[str, Form()] = "",
        why: Annotated[Literal["travel", "ill", "hospital", "other"], Form()] = "other",
    ) -> Response:
        found, now = desk.patient(patient, session), desk.now()
        if kind and kind not in MANNERS:
            raise HTTPException(400)
        try:
            until = _until(last, found.zone, now)
        except Refused as error:
            return _page(desk, session, 400, said=str(error))
        desk.chart.pauses.set(found.id, kind or None, now, until, session.therapist, WHY[why], now)
        return RedirectResponse("/settings?saved=pause", 303)

    @router.post("/settings/pause/{pause}/end")
    def end(pause: str, session: Signed) -> Response:
        if pause not in {one.pause.id for one in running(desk, session)}:
            raise HTTPException(404, "There is no such pause on your list.")
        desk.chart.pauses.end(pause, session.therapist, desk.now())
        return RedirectResponse("/settings?saved=ended", 303)

    return router


def running(desk: Desk, session: Session) -> list[Paused]:
    """By patient, ascending in start."""
    now = desk.now()
    return [Paused(one, who) for who in desk.chart.patients(session.therapist) for one in desk.chart.pauses.of(who.id) if one.end > now]


def _page(desk: Desk, session: Session, status: int = 200, *, saved: str = "", said: str = "") -> Response:
    me = next((one for one in desk.chart.therapists() if one.id == session.therapist), Therapist(session.therapist))
    return desk.page(
        "settings.html",
        session,
        status,
        saved=saved,
        said=said,
        me=me,
        digest=f"{time(*divmod(me.digest_at, 60)):%H:%M}",
        zones=_zones(),
        shortest=SHORTEST,
        feed=atom.address(desk, session.therapist),
        patients=desk.chart.patients(session.therapist),
        pauses=running(desk, session),
        details=DETAIL,
        reasons=WHY,
        kinds=sorted(MANNERS),
        quiet=f"{QUIET_FROM:%H:%M} to {QUIET_TO:%H:%M}",
        open_alerts=len(told(desk, session)),
    )


def _renew(desk: Desk, session: Session, old: str, new: str, again: str) -> None:
    if new != again:
        raise Refused("The two new passwords differ. Type the same one twice.")
    if len(new) < SHORTEST:
        raise Refused(f"The new password has {len(new)} characters; give at least {SHORTEST}. A few plain words will do.")
    try:
        right = desk.door.knock(session.therapist, lambda: desk.chart.login(session.therapist, old))
    except Shut as error:
        raise Refused(str(error)) from error
    if not right:
        raise Refused("That is not your present password. Nothing was changed.")
    desk.chart.employ(session.therapist, new)


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def _zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise Refused("That is no time zone. Choose one from the list, e.g. Europe/Berlin.")
    return ZoneInfo(name)


def _minutes(clock: str) -> int:
    try:
        at = time.fromisoformat(clock)
    except ValueError as error:
        raise Refused("That is no time of day. Write hours and minutes, e.g. 07:30.") from error
    return 60 * at.hour + at.minute


def _until(last: str, zone: ZoneInfo, now: int) -> int:
    """The midnight after the last day, µs UTC."""
    try:
        day = date.fromisoformat(last)
    except ValueError as error:
        raise Refused("That is no date. Write the last day of the pause, e.g. 2027-03-14.") from error
    today = local(now, zone).date()
    if not today <= day <= today + LONGEST_PAUSE:
        raise Refused("A pause ends today at the earliest, and within a year. Give another last day.")
    return day_of(day, zone).end
