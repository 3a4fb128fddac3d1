"""One pass of delivery: take back what was left lying, then claim, send, settle."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

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


def deliver(chart: Chart, ways: Sequence[Way], now: int) -> Counter[MessageState]:
    """How the messages of this pass ended; `QUEUED` ones failed and will be tried again. `now`: µs UTC. Raises `ChartUnavailable`.

    A crash between claim and settling leaves the message claimed; a later pass sends it again where the receiver tells a repeated id.
    """
    by_name = {way.channel.name: way for way in ways}
    chart.recover(now, [name for name, way in by_name.items() if way.channel.idempotent])
    ended: Counter[MessageState] = Counter()
    for _ in range(MOST):
        message = chart.claim(now, list(by_name))
        if message is None:
            break
        ended[chart.settle(message.id, _sent(message, by_name[message.channel]), now)] += 1
    return ended


def _sent(message: Message, way: Way) -> MessageState:
    try:
        way.send(message)
    except DeliveryError as error:
        if error.permanent:
            return MessageState.DEAD
        return MessageState.UNKNOWN if error.ambiguous and not way.channel.idempotent else MessageState.QUEUED
    return MessageState.SENT
