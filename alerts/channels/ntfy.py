"""Messages to a phone over ntfy, a clinic's own server or another one."""

import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from alerts.alert import Audience, Message
from alerts.channel import Channel, Settings, contact, secret
from alerts.http import base, post

PATIENCE = 10.0
"""Seconds for one sending, from connecting to the answer."""
TITLES = {Audience.PATIENT: "A note for you", Audience.THERAPIST: "KeepUp"}
"""Of every message, whatever it is about."""


class NtfySettings(Settings):
    url: Annotated[str, AfterValidator(base)]
    """Of the server."""
    contacts: Mapping[str, Annotated[str, Field(pattern=r"^[-_A-Za-z0-9]{1,64}$")]]
    """Pseudonym → topic. Whoever knows a topic of an open server can read it: let it be long and random."""
    token_file: Path | None = None
    """Holds the access token; none: the server asks for none."""
    sequence: bool = True
    """The server shows a repeated id in place of the first (ntfy 2.16 and later); older ones show both."""


class NtfySender:
    """Publishes as JSON to the server's root, because a topic in the address would end up in logs."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = NtfySettings.model_validate(settings)
        self._token = secret(self._settings.token_file)
        self._tls = ssl.create_default_context()

    def __call__(self, message: Message) -> None:
        body = {"topic": contact(self._settings.contacts, message), "title": TITLES[message.audience], "message": message.text}
        headers = {"Content-Type": "application/json"}
        if self._settings.sequence:
            body["sequence_id"] = headers["X-Sequence-ID"] = message.id
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        shown = json.dumps(body | _open(message.link)).encode()
        post(self._settings.url, shown, headers, self._tls, PATIENCE)

    def close(self) -> None:
        """Nothing stays open between two sendings."""


def _open(link: str | None) -> dict[str, Any]:
    """A view and nothing else: a button that acts by itself could be pressed by a preview."""
    return {} if link is None else {"click": link, "actions": [{"action": "view", "label": "Open", "url": link, "clear": True}]}


CHANNEL = Channel(name="ntfy", idempotent=True, open=NtfySender, settings=NtfySettings)
