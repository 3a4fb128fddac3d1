"""Delivery, with a chart on disk and receivers that answer, fail, hang up and die."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from alerts import policy
from alerts.alert import Message, MessageState
from alerts.channel import Channel, DeliveryError, Send
from alerts.chart import Chart
from alerts.deliver import Way, deliver
from alerts.reconcile import Change, Turn
from ingest.batch import DAY, HOUR, MICROS, MINUTE
from tests.rounds import ANN, BOB, NOON, judge, silent, still, stopped

SECOND = MICROS


class Receiver:
    """Keeps what arrives; `answers` is what it raises in turn, `None`: accepted."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.arrived: list[Message] = []

    def __call__(self, message: Message) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is None or getattr(answer, "ambiguous", True):
            self.arrived.append(message)
        if answer is not None:
            raise answer

    def close(self) -> None:
        pass


class Killed(Exception):
    """Stands for the death of the process in the middle of a sending."""


def way(send: Send, *, idempotent: bool = True) -> Way:
    return Way(Channel("mqtt", idempotent, lambda _: send), send)


@pytest.fixture
def chart(tmp_path: Path) -> Iterator[Chart]:
    opened = Chart(f"sqlite:///{tmp_path}/chart.db")
    opened.admit(ANN, NOON - DAY)
    opened.admit(BOB, NOON - DAY)
    yield opened
    opened.close()


def nudge(chart: Chart, now: int = NOON) -> None:
    judge(chart, [still(now)], now)


def page(chart: Chart, now: int = NOON) -> None:
    """One message for the patient and an urgent one for the therapist."""
    judge(chart, [silent(now, 13), stopped(now)], now)


def refused() -> DeliveryError:
    return DeliveryError("503")


def timed_out() -> DeliveryError:
    return DeliveryError("no answer", ambiguous=True)


def test_what_is_due_is_sent_once(chart: Chart) -> None:
    page(chart)
    receiver = Receiver()
    assert deliver(chart, [way(receiver)], NOON) == {MessageState.SENT: 2}
    assert deliver(chart, [way(receiver)], NOON + HOUR) == {}
    assert {message.recipient for message in receiver.arrived} == {"p-ann", "t-02"}


def test_a_refused_message_is_tried_again_after_growing_waits_and_keeps_its_id(chart: Chart) -> None:
    # 17:00 with the therapist ── 5 s, 1 min, 5 min, 30 min, 2 h ── 5 h later it is night, so 07:30 ── 10 h
    page(chart)
    receiver = Receiver(*[timed_out() for _ in range(99)])
    tried: list[int] = []
    now = NOON
    while now < NOON + 3 * DAY:
        before = len(receiver.arrived)
        deliver(chart, [way(receiver)], now)
        tried += [(now - NOON) // SECOND] * any(message.recipient == "t-02" for message in receiver.arrived[before:])
        now += 5 * SECOND if now < NOON + HOUR else 20 * MINUTE
    waits = [later - earlier for earlier, later in pairwise(tried)]
    assert waits[:4] == [5, 60, 300, 1800]
    assert [round(wait / 3600) for wait in waits[4:]] == [2, 12, 10]
    assert len({message.id for message in receiver.arrived if message.recipient == "t-02"}) == 1


def test_after_the_last_try_a_message_is_dead_and_left_alone(chart: Chart) -> None:
    page(chart)
    receiver = Receiver(*[refused() for _ in range(99)])
    ended = sum((deliver(chart, [way(receiver)], NOON + n * 20 * MINUTE) for n in range(3 * 60)), Counter[MessageState]())
    assert ended == {MessageState.QUEUED: 2 * len(policy.BACKOFF), MessageState.DEAD: 2}
    receiver.answers.clear()
    assert deliver(chart, [way(receiver)], NOON + 61 * HOUR) == {}


def test_a_permanent_refusal_is_not_tried_again(chart: Chart) -> None:
    nudge(chart)
    receiver = Receiver(DeliveryError("gone", permanent=True))
    assert deliver(chart, [way(receiver)], NOON) == {MessageState.DEAD: 1}
    assert deliver(chart, [way(receiver)], NOON + MINUTE) == {}


def test_an_ambiguous_sending_is_repeated_where_the_receiver_tells_a_repeat(chart: Chart) -> None:
    nudge(chart)
    receiver = Receiver(timed_out())
    deliver(chart, [way(receiver)], NOON)
    deliver(chart, [way(receiver)], NOON + 5 * SECOND)
    assert [message.attempts for message in receiver.arrived] == [1, 2]
    assert len({message.id for message in receiver.arrived}) == 1


def test_an_ambiguous_sending_is_never_repeated_where_the_receiver_would_show_it_twice(chart: Chart) -> None:
    nudge(chart)
    receiver = Receiver(timed_out())
    assert deliver(chart, [way(receiver, idempotent=False)], NOON) == {MessageState.UNKNOWN: 1}
    assert deliver(chart, [way(receiver, idempotent=False)], NOON + MINUTE) == {}
    assert len(receiver.arrived) == 1


@pytest.mark.parametrize(("idempotent", "arrivals"), [(True, 2), (False, 1)])
def test_a_death_while_sending_is_found_out_when_the_lease_ends(chart: Chart, idempotent: bool, arrivals: int) -> None:
    # claimed ─ sent ─ † ───── lease ends ─ next pass
    nudge(chart)
    receiver = Receiver(Killed())
    with pytest.raises(Killed):
        deliver(chart, [way(receiver, idempotent=idempotent)], NOON)
    assert deliver(chart, [way(receiver, idempotent=idempotent)], NOON + policy.LEASE - 1) == {}
    deliver(chart, [way(receiver, idempotent=idempotent)], NOON + policy.LEASE)
    assert len(receiver.arrived) == arrivals


def test_a_nudge_whose_bout_ended_between_two_tries_is_not_tried_again(chart: Chart) -> None:
    nudge(chart)
    receiver = Receiver(refused())
    deliver(chart, [way(receiver)], NOON)
    judge(chart, [still(NOON, end=NOON)], NOON + SECOND)
    assert deliver(chart, [way(receiver)], NOON + MINUTE) == {}


def test_a_nudge_whose_bout_ends_while_it_is_being_sent_is_not_tried_again(chart: Chart) -> None:
    # claimed ─ bout over ─ sending fails ─ next pass
    nudge(chart)

    class Slow(Receiver):
        def __call__(self, _: Message) -> None:
            judge(chart, [still(NOON, end=NOON)], NOON + SECOND)
            raise refused()

    assert deliver(chart, [way(Slow())], NOON) == {MessageState.QUEUED: 1}
    receiver = Receiver()
    assert deliver(chart, [way(receiver)], NOON + MINUTE) == {}
    assert receiver.arrived == []


def test_a_retry_keeps_its_place_in_the_day(chart: Chart) -> None:
    nudge(chart)
    receiver = Receiver(*[timed_out() for _ in range(3)])
    for n in range(4):
        deliver(chart, [way(receiver)], NOON + n * 10 * MINUTE)
    assert len(receiver.arrived) == 4
    later = NOON + 2 * HOUR
    judge(chart, [still(NOON, end=NOON + HOUR), still(later)], later)
    assert deliver(chart, [way(receiver)], later) == {MessageState.SENT: 1}


def test_a_receiver_down_until_after_midnight_breaks_no_days_bound(chart: Chart) -> None:
    # three messages tried all day Tuesday, none accepted for certain; Wednesday has three places, and no nudge of Tuesday's is among them
    found = [still(NOON, key="a"), still(NOON, 56, key="b"), still(NOON, 57, key="c"), silent(NOON, 13), silent(NOON, 14), silent(NOON, 15)]
    chart.record("p-ann", [Change(Turn.OPENED, finding) for finding in found], NOON)
    receiver = Receiver(*[timed_out() for _ in range(9)])
    days: dict[int, set[str]] = {}
    for now in range(NOON, NOON + 2 * DAY, 20 * MINUTE):
        before = len(receiver.arrived)
        deliver(chart, [way(receiver)], now)
        days.setdefault((now - NOON + 12 * HOUR) // DAY, set()).update(message.id for message in receiver.arrived[before:])
    assert [len(ids) <= 3 for ids in days.values()] == [True, True, True]
    nudges = {message.id for message in receiver.arrived if message.expires == NOON + 12 * HOUR}
    assert len(nudges) <= 2
    assert not nudges & (days[1] | days[2])


def test_a_message_for_a_channel_that_is_not_open_waits(chart: Chart) -> None:
    nudge(chart)
    assert deliver(chart, [], NOON) == {}
    assert deliver(chart, [way(Receiver())], NOON + MINUTE) == {MessageState.SENT: 1}


def test_one_pass_is_over_before_its_first_lease(chart: Chart) -> None:
    for n in range(30):
        chart.record("virtual-bob", [Change(Turn.OPENED, silent(NOON, 50 + n, BOB))], NOON)
    first = deliver(chart, [way(Receiver())], NOON)
    assert sum(first.values()) * 10 * SECOND < policy.LEASE
