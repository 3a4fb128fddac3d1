"""The chart against a model of it in plain Python: whatever is found, said, done and sent, in whatever order, wherever the clock goes."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Row, select

from alerts import policy, tables
from alerts.alert import LEGAL, Audience, Message, State
from alerts.chart import Chart
from alerts.hours import day, quiet
from alerts.reconcile import Change, Turn, Verdict, reconcile
from detectors.finding import Finding
from detectors.outcome import Judged, Outcome, Source
from ingest.batch import DAY, HOUR, MINUTE
from tests.rounds import ANN, NEW_YORK, NOON

THERAPIST = "t-02"
REACH = {ANN.id: ["mail"], THERAPIST: ["mail", "push"]}
REPEATS = ["push"]
"""Channels on which a repeated id is shown once."""
ENDINGS = st.lists(st.sampled_from(["sent", "sent", "lost", "unknown", "queued", "dead"]), max_size=4)
"""Of the next sendings, one after the other; lost: nobody says how it ended."""
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


class Lived(RuleBasedStateMachine):
    """One patient, some findings that come, change and go, and a therapist."""

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

    @initialize()
    def admitted(self) -> None:
        self.chart.admit(ANN, NOON - 30 * DAY)

    def teardown(self) -> None:
        assert self.chart.verify() == []
        self.chart.close()

    # what is found

    @rule(minutes=st.sampled_from([31, 55, 55]), outcomes=ENDINGS)
    def a_bout_begins(self, minutes: int, outcomes: list[str]) -> None:
        self.time_goes(minutes + 1)
        start = self.latest - minutes * MINUTE
        self._still(start, None, minutes)
        self.messages_are_sent(outcomes)

    @rule(how=st.sampled_from(["grows", "ends", "never was"]))
    def the_last_bout_goes_on(self, how: str) -> None:
        bouts = [finding for (kind, _), finding in self.world.items() if kind == "still_too_long"]
        if not bouts:
            return
        last = max(bouts, key=lambda finding: finding.start)
        if how == "never was":
            del self.world[last.kind, last.key]
            self.it_is_judged()
        elif last.end is None:
            self._still(last.start, self.latest if how == "ends" else None, (self.latest - last.start) // MINUTE)

    def _still(self, start: int, end: int | None, minutes: int) -> None:
        for (kind, key), finding in list(self.world.items()):
            if kind == "still_too_long" and finding.end is None and finding.start != start:
                self.world[kind, key] = Finding(ANN.id, kind, key, finding.start, start, finding.evidence)
        self._find(Finding(ANN.id, "still_too_long", f"s{start}", start, end, {"still_min": minutes}))

    @rule(hours=st.sampled_from([5, 13, 50]), over=st.booleans(), outcomes=ENDINGS)
    def the_band_is_silent(self, hours: int, over: bool, outcomes: list[str]) -> None:
        self._find(Finding(ANN.id, "silent_band", "silent", NOON - HOUR, NOON if over else None, {"silent_h": hours}))
        self.messages_are_sent(outcomes)

    @rule(kind=st.sampled_from(["likely_stopped", "partial_again", "active_overdue"]), over=st.booleans(), outcomes=ENDINGS)
    def sessions_are_left_out(self, kind: str, over: bool, outcomes: list[str]) -> None:
        self._find(Finding(ANN.id, kind, kind, NOON - DAY, NOON if over else None, {"count": 4}))
        self.messages_are_sent(outcomes)

    @rule(
        n=st.integers(1, 3),
        outcome=st.sampled_from([Outcome.ASKED, Outcome.DONE, Outcome.NOT_SEEN, Outcome.UNKNOWN]),
        source=st.sampled_from([Source.SENSOR, Source.PATIENT]),
        ask=st.booleans(),
        outcomes=ENDINGS,
    )
    def a_session_is_judged(self, n: int, outcome: Outcome, source: Source, ask: bool, outcomes: list[str]) -> None:
        until = NOON + n * HOUR
        asking: dict[str, float | int | str] = {"ask": "not_seen", "tell_from": until} if ask else {}
        seen: dict[str, float | int | str] = {"began": "2026-11-03T15:00Z"}
        facts = asking if outcome is Outcome.ASKED else seen
        self._find(Judged(f"rx/core/{n}", "core", NOON, until, outcome, None, source, 0.9, facts).finding(ANN.id, 1))
        self.messages_are_sent(outcomes)

    @precondition(lambda self: self.world)
    @rule(which=st.integers(0, 99))
    def late_data_show_that_it_never_was(self, which: int) -> None:
        self.world.pop(list(self.world)[which % len(self.world)])
        self.it_is_judged()

    def _find(self, finding: Finding) -> None:
        self.world[finding.kind, finding.key] = finding
        self.it_is_judged()

    # what is judged

    def it_is_judged(self) -> None:
        start = NOON - 20 * DAY
        changes = reconcile(self.world.values(), self.chart.judgements(ANN.id, start, 2**62), start, self.latest, self.now)
        self.chart.record(ANN.id, changes, self.now)
        for key in [*self.known, *(key for key in self.world if key not in self.known)]:
            self._judged(key)
        self.what_waited_is_looked_at()

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 99))
    def a_verdict_comes_again(self, which: int) -> None:
        key = list(self.known)[which % len(self.known)]
        finding, verdict = self.known[key]
        turn = Turn.RETRACTED if verdict is Verdict.RETRACTED else Turn.OPENED
        self.chart.record(ANN.id, [Change(turn, finding)], self.now)
        self._recorded(key, finding, turn is Turn.RETRACTED)
        self.what_waited_is_looked_at()

    def _judged(self, key: Key) -> None:
        if key in self.world:
            self._recorded(key, self.world[key], False)
        elif self.known[key][1] is not Verdict.RETRACTED and self.known[key][0].start < self.latest:
            self._recorded(key, self.known[key][0], True)

    def _recorded(self, key: Key, finding: Finding, gone: bool) -> None:
        verdict = Verdict.RETRACTED if gone else Verdict.OPEN if finding.end is None else Verdict.CLOSED
        self.known[key] = finding, verdict
        for audience in Audience:
            alert = self.alerts.get((key, audience))
            if alert is None or alert.state is State.RETRACTED:
                continue
            if gone or policy.disproved(finding, alert.evidence):
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

    # what people do

    @rule(what=st.sampled_from(["acknowledge", "snooze", "label"]), which=st.integers(0, 99))
    def the_therapist_acts(self, what: str, which: int) -> None:
        there = sorted(self.chart.alerts(therapist=THERAPIST), key=lambda alert: alert.id)
        if not there:
            return
        alert = there[which % len(there)]
        mine, theirs = self.alerts[(alert.kind, alert.key), alert.audience], alert.audience is Audience.THERAPIST
        if what == "snooze":
            may = theirs and mine.state in (State.OPEN, State.SNOOZED)
            assert self.chart.snooze(alert.id, THERAPIST, self.now + 3 * HOUR, self.now) == may
            mine.state, mine.until = (State.SNOOZED, self.now + 3 * HOUR) if may else (mine.state, mine.until)
            return
        may = theirs and mine.state in (State.OPEN, State.SNOOZED, State.ACKED)
        if what == "label":
            assert self.chart.label(alert.id, THERAPIST, "not a miss", self.now)
        else:
            assert self.chart.acknowledge(alert.id, THERAPIST, self.now) == may
        mine.state = State.ACKED if may else mine.state

    @rule(hours=st.integers(1, 12))
    def a_pause_is_set(self, hours: int) -> None:
        self.chart.pauses.set(ANN.id, None, self.now, self.now + hours * HOUR, THERAPIST, "ill", self.now)
        self.pauses.append((self.now, self.now + hours * HOUR))

    # what time does

    def time_goes(self, minutes: int) -> None:
        self.now = max(self.now, self.latest) + minutes * MINUTE
        self.latest = self.now

    @rule(minutes=st.integers(1, 90))
    def the_clock_is_set_back(self, minutes: int) -> None:
        self.now -= minutes * MINUTE

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

    @rule(minutes=st.sampled_from([1, 6, 60, 300, 1200]), outcomes=ENDINGS)
    def a_pass(self, minutes: int, outcomes: list[str]) -> None:
        self.time_goes(minutes)
        self.it_is_judged()
        self.messages_are_sent(outcomes)

    # what is sent

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

    # what must hold

    @invariant()
    def the_tables_say_what_the_model_says(self) -> None:
        states = {((alert.kind, alert.key), alert.audience): alert.state for alert in self.chart.alerts()}
        assert states == {which: alert.state for which, alert in self.alerts.items()}
        assert self.chart.replayed() == {alert.id: alert.state for alert in self.chart.alerts()}
        assert all((event.old, event.new) in LEGAL for event in self.chart.audit() if event.new is not None)

    @invariant()
    def every_opening_has_its_messages_and_nothing_else_has_any(self) -> None:
        written = defaultdict(list)
        which = {alert.id: ((alert.kind, alert.key), alert.audience) for alert in self.chart.alerts()}
        for row in self._rows():
            if row.alert is not None:
                written[which[row.alert]].append(((row.recipient, row.channel), _WAKE.sub("wake", row.step)))
        wanted = {which: alert.messages for which, alert in self.alerts.items() if alert.messages}
        assert {which: sorted(messages) for which, messages in written.items()} == {
            which: sorted((place, step.partition(" ")[0]) for place, step in messages) for which, messages in wanted.items()
        }

    @invariant()
    def no_day_is_passed(self) -> None:
        days: dict[str, set[str]] = defaultdict(set)
        for message in self.mine:
            for at in self.arrived[message]:
                days[day(at, NEW_YORK)].add(message)
        assert all(len(ids) <= tables.SLOTS and len(ids & self.nudges) <= tables.NUDGES for ids in days.values())


TestTheChartAgreesWithItsModel = Lived.TestCase
TestTheChartAgreesWithItsModel.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
