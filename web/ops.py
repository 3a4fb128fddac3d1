"""How the site is: messages on their way, what could not be stored or sent, how far the bands are complete, who is alive."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.responses import RedirectResponse

from alerts.audit import Fault, Walk
from alerts.counts import Counts, Dead
from web.desk import Desk
from web.door import Session
from web.notices import told

PARTS = ("watch",)
"""That are to say that they are alive. Who shows this page is; how the ingester is, the bands' completeness tells."""
DONE: Mapping[str, str] = {
    "retried": "The message goes out once more.",
    "dropped": "The message is dropped.",
    "over": "Nothing was sent: what the message is about is over.",
}


@dataclass(frozen=True, slots=True)
class Band:
    """Of one of this therapist's patients."""

    patient: str
    dev: str
    complete_to: int | None
    """µs UTC; `None`: nothing is known."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Messages given up: those to this therapist and their patients, and how many others there are."""

    mine: Sequence[Dead]
    others: int


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    verified = verifier(desk)

    @router.get("/ops")
    def ops(session: Annotated[Session, Depends(desk.door.therapist)], done: str = "") -> Response:
        now = desk.now()
        counts, alive = desk.chart.counts(now), desk.chart.heartbeats()
        mine = bands(desk, session, now)
        return desk.page(
            "ops.html",
            session,
            counts=counts,
            dropped=dropped(desk, session, counts),
            aside=None if desk.dead is None else Counter(one.reason for one in desk.dead()).most_common(),
            bands=mine,
            others=others(desk, mine),
            alive=[(part, alive.get(part)) for part in dict.fromkeys([*PARTS, *sorted(alive)])],
            faults=verified(),
            done=DONE.get(done, ""),
            open_alerts=len(told(desk, session)),
        )

    @router.post("/ops/messages/{message}/retry")
    def retry(message: str, session: Annotated[Session, Depends(desk.door.signed_form)]) -> Response:
        given_up(desk, session, message)
        again = desk.chart.retry(message, session.therapist, desk.now())
        return RedirectResponse(f"/ops?done={'retried' if again else 'over'}", 303)

    @router.post("/ops/messages/{message}/drop")
    def drop(message: str, session: Annotated[Session, Depends(desk.door.signed_form)]) -> Response:
        given_up(desk, session, message)
        desk.chart.drop(message, session.therapist, desk.now())
        return RedirectResponse("/ops?done=dropped", 303)

    return router


def verifier(desk: Desk) -> Callable[[], list[Fault]]:
    """Each event is read once for as long as the pages run; a fault once found stays said."""
    walk, turn = Walk(), Lock()

    def verified() -> list[Fault]:
        with turn:
            return desk.chart.verify(walk)

    return verified


def given_up(desk: Desk, session: Session, message: str) -> None:
    """Raises 404 for one that was not, or is neither to this therapist nor to a patient of theirs."""
    if message not in {one.id for one in dropped(desk, session, desk.chart.counts(desk.now())).mine}:
        raise HTTPException(404, "There is no such message given up on your list.")


def bands(desk: Desk, session: Session, now: int) -> list[Band]:
    """Those that are worn, the furthest behind first; of which nothing is known before all."""
    worn = [
        one for who in desk.chart.patients(session.therapist) for one in desk.chart.wearings(who.id) if one.end is None or one.end > now
    ]
    found = [Band(one.patient, one.dev, desk.complete_to(one.dev)) for one in worn]
    return sorted(found, key=lambda one: (one.complete_to or 0, one.patient, one.dev))


def others(desk: Desk, mine: Sequence[Band]) -> tuple[int, int | None] | None:
    """How many more bands there are, and how far the furthest behind is complete (µs UTC); `None`: not known here."""
    if desk.bands is None:
        return None
    rest = set(desk.bands()) - {one.dev for one in mine}
    known = [upto for dev in rest if (upto := desk.complete_to(dev)) is not None]
    return len(rest), min(known, default=None)


def dropped(desk: Desk, session: Session, counts: Counts) -> Dropped:
    known = {session.therapist, *(who.id for who in desk.chart.patients(session.therapist))}
    mine = [one for one in counts.dead if one.recipient in known]
    return Dropped(mine, len(counts.dead) - len(mine))
