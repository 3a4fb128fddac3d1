"""The demo's virtual patients: into the chart with their plans, through their weeks, and what they say when they are asked."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from heapq import heappop, heappush
from queue import Empty
from typing import Any

from alerts.chart import Patient, Wearing
from alerts.deliver import Way, deliver
from alerts.sight import SETTLE
from cli.line import Clinic
from cli.prescribing import Prescription, prescribe
from cli.processes import Gateway
from detectors.plan.read import read
from detectors.plan.schedule import occurrences
from detectors.report import Report
from ingest.batch import DAY, HOUR, MINUTE
from lab.gateway import Orders
from lab.people import Player
from lab.prescriptions import prescription
from lab.replies import reply, scores

STEP = 15 * MINUTE
"""Data time between two judgements of the history: as long as a nudge stays fresh."""
EASES_AFTER = 14 * DAY
"""Of the history, before the virtual patients' pain begins to ease."""


def admitted(behind: Clinic, players: Sequence[Player], therapist: str, start: int, end: int) -> None:
    """Each with a band and a plan, from the history's beginning."""
    for player in players:
        behind.chart.admit(Patient(player.patient, player.zone, therapist, virtual=True), start)
        behind.chart.hand_over(Wearing(player.dev, player.patient, start))
        text = prescription(player, start, end)
        plan = read(text).plan
        if plan is None:
            raise ValueError(f"the plan of {player.patient} cannot be read; this is a defect of the demo")
        prescribe(behind, Prescription(text, plan), player.patient, therapist)


def held(players: Sequence[Player]) -> dict[str, Any]:
    """Whose receiver's line goes down, and when: this part of the gateway's orders."""
    down = {player.dev: player.held_from for player in players if player.held_from is not None}
    return {"held": sorted(down), "hold_from": min(down.values())} if down else {}


class Replies:
    """What the virtual patients say: their scores by the calendar, their answers some time after a question reached them."""

    def __init__(self, behind: Clinic, players: Sequence[Player], start: int, end: int) -> None:
        self._chart, self._players = behind.chart, players
        self._answered: set[tuple[str, str]] = set()
        self._due: list[tuple[int, str, Report]] = []
        for player in players:
            for report in scores(player, start + EASES_AFTER, start, end):
                self._say(report)

    def hear(self) -> None:
        """Questions that reached somebody by now."""
        for player in self._players:
            for occurrence, at in self._chart.asked(player.patient).items():
                if (player.patient, occurrence) not in self._answered:
                    self._answered.add((player.patient, occurrence))
                    self._answer(player, occurrence, at)

    def speak(self, now: int) -> None:
        """All that is said by `now` (µs UTC) into the chart."""
        while self._due and self._due[0][0] <= now:
            self._chart.reports.add(heappop(self._due)[2], "mqtt", now)

    def _answer(self, player: Player, occurrence: str, at: int) -> None:
        revisions, zones = self._chart.plans.revisions(player.patient), self._chart.zones(player.patient)
        planned = [one for one in occurrences(revisions, zones, at - 15 * DAY, at) if one.id == occurrence]
        answer = reply(player, planned[0], at) if planned else None
        if answer is not None:
            self._say(answer)

    def _say(self, report: Report) -> None:
        heappush(self._due, (report.at, report.id, report))


def live_through(
    behind: Clinic, orders: Orders, players: Sequence[Player], gateway: Gateway, ways: Sequence[Way], moved: Callable[[int], None]
) -> None:
    """Judge step by step behind what is complete, until all of the history is; then what was held back comes, and is judged as well."""
    watch, replies = behind.watch(), Replies(behind, players, orders.start, orders.end)
    now, delivered = orders.start, orders.start
    for done in _heard(gateway):
        apart = _apart(behind, players) if done else {}
        for now in watch.follow(now, STEP, apart):  # noqa: B020 — each look goes on where the last one stopped
            if now - delivered >= HOUR:
                if deliver(behind.chart, ways, now):
                    replies.hear()
                delivered = now
            replies.speak(now)
            moved(now)
        if gateway.done and now + STEP + SETTLE > orders.end:
            break
    if orders.held:
        gateway.release()
        # that all of it is stored is known before it is known to be complete
        next(done for done in _heard(gateway) if done and _whole(behind, orders))
        watch.judge(orders.end)
        deliver(behind.chart, ways, orders.end)


def _apart(behind: Clinic, players: Sequence[Player]) -> dict[str, int]:
    """Who is not waited for, and from when. Where the line went down while the band was out of reach, that is before the line did."""
    down = [(player, player.held_from) for player in players if player.held_from is not None]
    return {player.patient: min(since, behind.catalog.complete_to(player.dev) or since) for player, since in down}


def _whole(behind: Clinic, orders: Orders) -> bool:
    """Whether what was held back is all there."""
    return all((behind.catalog.complete_to(dev) or 0) >= orders.end for dev in orders.held)


def _heard(gateway: Gateway) -> Iterator[bool]:
    """Whether the bands' process is done, each time there is word of it, or after a while. Raises `EndedEarly`."""
    while True:
        with suppress(Empty):
            gateway.done = gateway.said.get(timeout=0.2 if gateway.done else 5).get("done", gateway.done)
        yield gateway.done is not None
        gateway.check()
