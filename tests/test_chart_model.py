"""The chart against a model of it in plain Python: whatever is found, said, done and sent, in whatever order, wherever the clock goes."""

from collections import defaultdict

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from alerts import tables
from alerts.alert import LEGAL, Audience, State
from alerts.hours import day
from alerts.reconcile import Change, Turn, Verdict
from detectors.finding import Finding
from detectors.outcome import Judged, Outcome, Source
from ingest.batch import DAY, HOUR, MINUTE
from tests.model import _WAKE, THERAPIST, Model
from tests.rounds import ANN, NEW_YORK, NOON

ENDINGS = st.lists(st.sampled_from(["sent", "sent", "lost", "unknown", "queued", "dead"]), max_size=4)
"""Of the next sendings, one after the other; lost: nobody says how it ended."""


class Lived(Model):
    """Some findings that come, change and go, a patient, and a therapist."""

    @initialize()
    def admitted(self) -> None:
        self.chart.admit(ANN, NOON - 30 * DAY)

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

    @rule(hours=st.sampled_from([5, 13, 50]), over=st.booleans(), why=st.sampled_from([None, "range", "gateway"]), outcomes=ENDINGS)
    def the_band_is_silent(self, hours: int, over: bool, why: str | None, outcomes: list[str]) -> None:
        known: dict[str, float | int | str] = {"cause": why} if why else {}
        self._find(Finding(ANN.id, "silent_band", "silent", NOON - HOUR, NOON if over else None, {"silent_h": hours, **known}))
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

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 99))
    def a_verdict_comes_again(self, which: int) -> None:
        key = list(self.known)[which % len(self.known)]
        finding, verdict = self.known[key]
        turn = Turn.RETRACTED if verdict is Verdict.RETRACTED else Turn.OPENED
        self.chart.record(ANN.id, [Change(turn, finding)], self.now)
        self._recorded(key, finding, turn is Turn.RETRACTED)
        self.what_waited_is_looked_at()

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

    @rule(minutes=st.integers(1, 90))
    def the_clock_is_set_back(self, minutes: int) -> None:
        self.now -= minutes * MINUTE

    @rule(minutes=st.sampled_from([1, 6, 60, 300, 1200]), outcomes=ENDINGS)
    def a_pass(self, minutes: int, outcomes: list[str]) -> None:
        self.time_goes(minutes)
        self.it_is_judged()
        self.messages_are_sent(outcomes)

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
