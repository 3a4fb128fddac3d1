"""Messages over MQTT, for whatever a clinic connects to it: a phone bridge, a lamp, a home hub."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from time import sleep
from typing import Any
from uuid import uuid4

from alerts.alert import Message
from alerts.channel import Channel, DeliveryError, Settings
from ingest.link import Link

PATIENCE = 10
"""Seconds for the broker's acknowledgement."""
GREETING = 2
"""Seconds for the first connection; later ones are made in the background."""
_LOOK = 0.01


class MqttSettings(Settings):
    url: str
    """Of the broker (see `ingest.link.Link`)."""
    site: str = "home"
    ca_file: Path | None = None
    """Certificate of the authority that the broker's own is signed by; none: the system's."""


class MqttSender:
    """Publishes to `keepup/1/{site}/message/{audience}`, QoS 1, not retained: a retained message would ring again at every reconnect.

    Payload: JSON `{id, to, text, virtual}`, and `link` where there is something to answer; nothing clinical. `id` is stable, so a reader
    can tell a repeat. Sent means that the broker has it. Raises `BrokerUnavailable` for an address that is none.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = MqttSettings.model_validate(settings)
        self._link = self._connected()

    def __call__(self, message: Message) -> None:
        payload = {"id": message.id, "to": message.recipient, "text": message.text, "virtual": message.virtual}
        payload |= {} if message.link is None else {"link": message.link}
        link, connection = self._link, self._link.connections
        if not link.publish(f"keepup/1/{self._settings.site}/message/{message.audience}", json.dumps(payload).encode()):
            raise DeliveryError(
                "The broker is not connected. Check that it runs and that its address is right; the message will be sent again.",
                code="refused",
            )
        _until(lambda: link.outstanding == 0 or not link.up(), PATIENCE)
        if link.outstanding or not link.up() or link.connections != connection:
            # A new connection, for the old one would send the message by itself once it is back, though its hour may be over.
            link.stop()
            self._link = self._connected()
            raise DeliveryError(
                "The broker did not acknowledge the message; it may have it all the same.", ambiguous=True, code="no_answer"
            )

    def close(self) -> None:
        self._link.stop()

    def _connected(self) -> Link:
        ca = self._settings.ca_file
        link = Link(self._settings.url, f"keepup-messages-{uuid4().hex[:8]}", ca=None if ca is None else str(ca))
        link.start()
        _until(link.up, GREETING)
        return link


def _until(done: Callable[[], bool], seconds: float) -> None:
    for _ in range(int(seconds / _LOOK)):
        if done():
            return
        sleep(_LOOK)


CHANNEL = Channel(name="mqtt", idempotent=True, open=MqttSender, settings=MqttSettings)
