"""A chart's model in plain Python, beside the chart itself: what is found, told and sent, step by step."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import Row, select

from alerts import policy, tables
from alerts.alert import Audience, Message, State
from alerts.chart import Chart
from alerts.hours import quiet
from alerts.reconcile import Verdict, reconcile
from detectors.finding import Finding
from ingest.batch import DAY, MINUTE
from tests.rounds import ANN, NEW_YORK, NOON

THERAPIST = "t-02"
REACH = {ANN.id: ["mail"], THERAPIST: ["mail", "push"]}
REPEATS = ["push"]
"""Channels on which a repeated id is shown once."""
_WAKE = re.compile(r"wake-\d+")
Key = tuple[str, str]
"""Kind and key of a finding."""

Place = tuple[str, str]
"""Recipient and channel."""


@dataclass
class Told:
    """An alert as the model has it."""

    state: State
    recipient: str
    evidence: Mapping[str, float | int | str]
    """As its finding last said."""
    until: int = 0
    messages: set[tuple[Place, str]] = field(default_factory=set)
    reached: dict[Place, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Where it may have been read, and when."""
    wakes: int = 0

    def tell(self, step: str, since: int | None = None) -> None:
        """By every channel or, with `since`, by those on which it was not told since then."""
        for channel in REACH[self.recipient]:
            place = self.recipient, channel
            if since is None or max(self.reached[place], default=-1) < since:
                self.messages.add((place, step))

    def take_back(self, now: int) -> None:
        self.state = State.RETRACTED
        step = "correction-again" if any(step == "again" for _, step in self.messages) else "correction"
        self.messages |= {(place, step) for place, times in self.reached.items() if max(times, default=-1) >= now - policy.CORRECT_WITHIN}


class Model(RuleBasedStateMachine):
    """One patient, their findings, alerts and messages, twice: in the chart, and as they should be."""

    def __init__(self) -> None:
        super().__init__()
        self.chart = Chart("sqlite://", channels=lambda who: REACH[who])
        self.now = self.latest = NOON
        self.world: dict[Key, Finding] = {}
        self.known: dict[Key, tuple[Finding, Verdict]] = {}
        self.alerts: dict[tuple[Key, Audience], Told] = {}
        self.pauses: list[tuple[int, int]] = []
        self.arrived: dict[str, list[int]] = defaultdict(list)
        """Message → when it was, or may have been, handed over."""
        self.nudges: set[str] = set()
        self.mine: set[str] = set()
        """What the patient was sent."""

    def teardown(self) -> None:
        assert self.chart.verify() == []
        self.chart.close()

    def _still(self, start: int, end: int | None, minutes: int) -> None:
        for (kind, key), finding in list(self.world.items()):
            if kind == "still_too_long" and finding.end is None and finding.start != start:
                self.world[kind, key] = Finding(ANN.id, kind, key, finding.start, start, finding.evidence)
        self._find(Finding(ANN.id, "still_too_long", f"s{start}", start, end, {"still_min": minutes}))

    def _find(self, finding: Finding) -> None:
        self.world[finding.kind, finding.key] = finding
        self.it_is_judged()

    def it_is_judged(self) -> None:
        start = NOON - 20 * DAY
        changes = reconcile(self.world.values(), self.chart.judgements(ANN.id, start, 2**62), start, self.latest, self.now)
        self.chart.record(ANN.id, changes, self.now)
        for key in [*self.known, *(key for key in self.world if key not in self.known)]:
            self._judged(key)
        self.what_waited_is_looked_at()

    def _judged(self, key: Key) -> None:
        if key in self.world:
            self._recorded(key, self.world[key], False)
        elif self.known[key][1] is not Verdict.RETRACTED and self.known[key][0].start < self.latest:
            self._recorded(key, self.known[key][0], True)

    def _recorded(self, key: Key, finding: Finding, gone: bool) -> None:
        verdict = Verdict.RETRACTED if gone else Verdict.OPEN if finding.end is None else Verdict.CLOSED
        self.known[key] = finding, verdict
        due = {telling.audience for telling in policy.due(finding, self.now)}
        for audience in Audience:
            alert = self.alerts.get((key, audience))
            if alert is None or alert.state is State.RETRACTED:
                continue
            if gone or (audience not in due and policy.disproved(finding, alert.evidence)):
                alert.take_back(self.now)
            elif finding.end is not None and alert.state in policy.LIVE:
                alert.state = State.RESOLVED
            alert.evidence = finding.evidence
        for telling in () if gone else policy.due(finding, self.now):
            self._told(key, telling.audience, finding)

    def _told(self, key: Key, audience: Audience, finding: Finding) -> None:
        recipient = ANN.id if audience is Audience.PATIENT else THERAPIST
        alert = self.alerts.setdefault((key, audience), Told(State.SUPPRESSED, recipient, finding.evidence))
        if alert.state is State.SUPPRESSED and not self._paused():
            alert.state = State.OPEN
            alert.tell("first")
        elif alert.state in (State.RESOLVED, State.RETRACTED):
            alert.tell("again", self.now if alert.state is State.RETRACTED else self.now - policy.REMEMBERED)
            alert.state, alert.evidence = State.OPEN, finding.evidence

    def _paused(self) -> bool:
        return any(start <= self.now < end for start, end in self.pauses)

    def time_goes(self, minutes: int) -> None:
        self.now = max(self.now, self.latest) + minutes * MINUTE
        self.latest = self.now

    def what_waited_is_looked_at(self) -> None:
        self.chart.recover(self.now, REPEATS)
        for (key, audience), alert in self.alerts.items():
            if alert.state is State.SNOOZED and alert.until <= self.now:
                alert.state, alert.wakes = State.OPEN, alert.wakes + 1
                alert.tell(f"wake {alert.wakes}")
            elif alert.state is State.SUPPRESSED:
                finding = self.known[key][0]
                if audience in {telling.audience for telling in policy.due(finding, self.now)}:
                    self._told(key, audience, finding)

    def messages_are_sent(self, outcomes: list[str]) -> None:
        for outcome in outcomes:
            message = self.chart.claim(self.now)
            if message is None:
                return
            self._may_go(message)
            if outcome in ("sent", "unknown", "lost"):
                self._arrives(message)
            if outcome != "lost":
                self.chart.settle(message.id, outcome, self.now, message.attempts, repeat=message.channel in REPEATS)

    def _arrives(self, message: Message) -> None:
        self.arrived[message.id].append(self.now)
        if message.audience is Audience.PATIENT:
            self.mine.add(message.id)
        if message.alert and self._of(message.alert)[0][0] == "still_too_long" and message.step in ("first", "again"):
            self.nudges.add(message.id)
        for row in self._rows():
            if message.id in (row.id, row.digest) and row.alert is not None and not row.step.startswith("correction"):
                self.alerts[self._of(row.alert)].reached[row.recipient, row.channel].append(self.now)

    def _rows(self) -> Sequence[Row[Any]]:
        with self.chart._database.reading() as tx:
            return tx.execute(select(tables.message)).all()

    def _may_go(self, message: Message) -> None:
        assert not (message.channel not in REPEATS and self.arrived[message.id]), "sent again though it may have arrived"
        if message.audience is Audience.PATIENT:
            assert not quiet(self.now, NEW_YORK)
        if message.alert is not None and not message.step.startswith("correction"):
            assert self.alerts[self._of(message.alert)].state is State.OPEN
            assert not self._paused()
        if message.step.startswith("correction"):
            assert message.alert is not None
            assert self.alerts[self._of(message.alert)].state is State.RETRACTED

    def _of(self, alert: str) -> tuple[Key, Audience]:
        return next(((one.kind, one.key), one.audience) for one in self.chart.alerts() if one.id == alert)
