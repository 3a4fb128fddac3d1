"""Receivers that outlive whoever sends to them, and remember what they took and when: a mail server and an ntfy server, both real."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.killing import Clock
from tests.loopback import CUT, Post, Receiver, hang_up, post_office, receiver

REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that somebody has: it may have been shown."""

    id: str
    to: str
    channel: str
    text: str
    at: int
    """µs UTC, by the clock of the course."""


class Witness:
    """What everybody took. While `moody`, one in three tries fails: refused, or taken and then cut off without a word."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._chance = random.Random(0)  # noqa: S311 — moods that can be had again
        self.letters: list[Letter] = []
        self.moody = False

    def mood(self) -> str:
        return self._chance.choice(["", "", "", "", REFUSED, CUT]) if self.moody else ""

    def take(self, id: str, to: str, channel: str, text: str) -> None:  # noqa: A002 — the message's
        self.letters.append(Letter(id, to, channel, text, self._clock.now))


class _Ntfy(Receiver):
    """Decides what to answer once the message is there."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        super().__init__()

    def answered(self) -> int | str:
        body = json.loads(self.got.pop()[2])
        if (mood := self._witness.mood()) == REFUSED:
            return 503
        self._witness.take(body["sequence_id"], body["topic"], "ntfy", body["message"])
        return mood or 200


class _Mail(Post):
    """As above, once the letter is there."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        super().__init__()

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802 — aiosmtpd's name
        if (mood := self._witness.mood()) == REFUSED:
            return "451 not now"
        letter = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        body = letter.get_body(("plain",))
        text = body.get_content().partition("\n")[0].strip() if body else ""
        id, to = letter["Message-ID"].strip("<>").partition("@")[0], letter["To"].partition("@")[0]  # noqa: A001 — the message's
        self._witness.take(id, to, "email", text)
        if mood == CUT:
            hang_up(server)
        return "250 OK"


@contextmanager
def witnessing(clock: Clock) -> Iterator[tuple[Witness, dict[str, int]]]:
    """Who will testify, and the port of each channel."""
    witness = Witness(clock)
    with receiver(lambda: _Ntfy(witness)) as phones, post_office(kind=lambda: _Mail(witness)) as (_, port):
        yield witness, {"ntfy": phones.server_port, "email": port}
