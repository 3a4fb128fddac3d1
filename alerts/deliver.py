"""One pass of delivery: take back what was left lying, then claim, send, settle."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from alerts.alert import Message, MessageState
from alerts.channel import Channel, DeliveryError, Send
from alerts.chart import Chart

MOST = 20
"""Messages a pass: at 10 s each it is over before its first claim runs out (`policy.LEASE`)."""


@dataclass(frozen=True, slots=True)
class Way:
    """A channel with its sender, open."""

    channel: Channel
    send: Send


def deliver(chart: Chart, ways: Sequence[Way], now: int, link: Callable[[Message], str | None] = lambda _: None) -> Counter[MessageState]:
    """How the messages of this pass ended; `QUEUED` ones failed and will be tried again. `now`: µs UTC. Raises `ChartUnavailable`.

    `link` gives where a message can be answered, if it asks. A crash between claim and settling leaves the message claimed; a later pass
    sends it again where the receiver tells a repeated id.
    """
    by_name = {way.channel.name: way for way in ways}
    chart.recover(now, [name for name, way in by_name.items() if way.channel.idempotent], list(by_name))
    ended: Counter[MessageState] = Counter()
    for _ in range(MOST):
        message = chart.claim(now, list(by_name))
        if message is None:
            break
        ended[_sent(chart, replace(message, link=link(message)), by_name[message.channel], now)] += 1
    return ended


def _sent(chart: Chart, message: Message, way: Way, now: int) -> MessageState:
    try:
        way.send(message)
    except DeliveryError as error:
        outcome = MessageState.DEAD if error.permanent else MessageState.UNKNOWN if error.ambiguous else MessageState.QUEUED
        again = way.channel.idempotent
        return chart.settle(message.id, outcome, now, message.attempts, repeat=again, retry_after_s=error.retry_after, code=error.code)
    return chart.settle(message.id, MessageState.SENT, now, message.attempts)
