"""Messages by e-mail, through a clinic's own mail server."""

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from pathlib import Path
from threading import Timer
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from alerts.alert import Audience, Message
from alerts.channel import Channel, DeliveryError, Settings, contact, secret
from alerts.hours import local
from ingest.link import loopback

PATIENCE = 10.0
"""Seconds for one sending, from connecting to the last answer."""
_CONNECTING = 0.3
"""Share of it for reaching each address of the server, and for its greeting."""
SUBJECTS = {Audience.PATIENT: "A note for you", Audience.THERAPIST: "KeepUp: a note on your patients"}
"""Of every message, whatever it is about."""
Address = Annotated[str, Field(pattern=r"^[!#-'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}@[A-Za-z0-9.-]{1,255}$")]


class EmailSettings(Settings):
    host: str
    sender: Address
    contacts: Mapping[str, Address]
    """Pseudonym → address."""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`tls`: from the first byte, commonly port 465. `none`: on this machine only."""
    user: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    """Certificates of a clinic's own authority; none: the system's."""

    @model_validator(mode="after")
    def _nobody_reads_along(self) -> Self:
        if self.security == "none" and not loopback(self.host):
            raise ValueError('the server is another machine: set security to "starttls" or "tls", so that nobody on the way can read along')
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file go together: set both or neither")
        return self


class EmailSender:
    """Not idempotent: a reader shows every copy. So whatever was cut after the text went out may have arrived and is not sent again."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = EmailSettings.model_validate(settings)
        self._password = secret(self._settings.password_file)
        self._tls = ssl.create_default_context(cafile=self._settings.ca_file)

    def __call__(self, message: Message) -> None:
        to = contact(self._settings.contacts, message)
        text = letter(message, self._settings.sender, to).as_bytes()
        with _told(ambiguous=False):
            server = self._connected()
        deadline = Timer(PATIENCE * (1 - _CONNECTING), _hang_up, (server,))
        deadline.start()
        try:
            with _told(ambiguous=False):
                self._begin(server)
                _address(server, self._settings.sender, to)
            with _told(ambiguous=True):
                _hand_in(server, text)
            with suppress(OSError):
                server.quit()
        finally:
            deadline.cancel()
            server.close()

    def close(self) -> None:
        """Nothing stays open between two sendings."""

    def _connected(self) -> smtplib.SMTP:
        # Named, for smtplib would otherwise tell the machine's own name to whoever it talks to.
        host, port, named = self._settings.host, self._settings.port, self._settings.sender.partition("@")[2]
        wait = PATIENCE * _CONNECTING
        if self._settings.security == "tls":
            return smtplib.SMTP_SSL(host, port, local_hostname=named, timeout=wait, context=self._tls)
        return smtplib.SMTP(host, port, local_hostname=named, timeout=wait)

    def _begin(self, server: smtplib.SMTP) -> None:
        if server.sock is not None:
            server.sock.settimeout(PATIENCE)
        if self._settings.security == "starttls":
            server.starttls(context=self._tls)
        if self._settings.user is not None and self._password is not None:
            server.login(self._settings.user, self._password)


def letter(message: Message, sender: str, to: str) -> EmailMessage:
    """Plain text and the same as HTML. Its id is the message's; its date when the message was due, for no clock is asked here."""
    written = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    written["From"], written["To"] = sender, to
    written["Subject"] = ("Virtual: " if message.virtual else "") + SUBJECTS[message.audience]
    written["Date"] = format_datetime(local(message.due, ZoneInfo("UTC")))
    written["Message-ID"] = f"<{message.id}@{sender.partition('@')[2]}>"
    written["Auto-Submitted"] = "auto-generated"
    written.set_content(message.text + (f"\n\n{message.link}" if message.link else "") + "\n")
    written.add_alternative(_html(message), subtype="html")
    return written


def _html(message: Message) -> str:
    said = escape(message.text).replace("\n", "<br>\n")
    link = f'<p><a href="{escape(message.link)}">Open the note</a></p>\n' if message.link else ""
    return f'<!doctype html>\n<html lang="en">\n<body>\n<p>{said}</p>\n{link}</body>\n</html>\n'


def _address(server: smtplib.SMTP, sender: str, to: str) -> None:
    server.ehlo_or_helo_if_needed()
    _expect(server.mail(sender)[0], 250)
    _expect(server.rcpt(to)[0], 250, 251)
    _expect(server.docmd("DATA")[0], 354)


def _hand_in(server: smtplib.SMTP, text: bytes) -> None:
    server.send(re.sub(rb"(?m)^\.", b"..", text) + b".\r\n")  # RFC 5321 §4.5.2
    _expect(server.getreply()[0], 250)


def _expect(code: int, *good: int) -> None:
    if code not in good:
        raise smtplib.SMTPResponseException(code, b"")


@contextmanager
def _told(*, ambiguous: bool) -> Iterator[None]:
    """Every way it can fail as a `DeliveryError`; what the server wrote is left out, for it names addresses."""
    try:
        yield
    except smtplib.SMTPResponseException as failure:
        raise refused(failure.smtp_code, ambiguous=ambiguous) from None
    except smtplib.SMTPServerDisconnected:
        raise _cut(ambiguous=ambiguous) from None
    except smtplib.SMTPException:
        raise DeliveryError(
            "The mail server lacks what the settings ask for. Check security and user.", permanent=True, code="unsupported"
        ) from None
    except ssl.SSLCertVerificationError:
        raise DeliveryError(
            "The mail server's certificate is not to be trusted. Check host and ca_file.", permanent=True, code="certificate"
        ) from None
    except OSError:
        raise _cut(ambiguous=ambiguous) from None


def refused(code: int, *, ambiguous: bool = False) -> DeliveryError:
    """4yz: later; 5yz: never (RFC 5321 §4.2.1). Anything else is no answer."""
    if code == 535:
        return DeliveryError("The mail server refused user or password (535). Check both.", permanent=True, code="535")
    if 500 <= code < 600:
        return DeliveryError(f"The mail server refused ({code}). Check sender and contact in its settings.", permanent=True, code=str(code))
    return DeliveryError(f"The mail server asks to wait ({code}).", code=str(code)) if 400 <= code < 500 else _cut(ambiguous=ambiguous)


def _cut(*, ambiguous: bool) -> DeliveryError:
    if ambiguous:
        return DeliveryError("The mail server did not confirm the message; it may have it all the same.", ambiguous=True, code="no_answer")
    return DeliveryError("The mail server cannot be reached or hung up. Check that it runs and its host and port.", code="refused")


def _hang_up(server: smtplib.SMTP) -> None:
    """Ends a conversation that takes too long, wherever it stands: a time-out of each step alone would let it drip on."""
    with suppress(OSError):
        if server.sock is not None:
            socket.socket.shutdown(server.sock, socket.SHUT_RDWR)


CHANNEL = Channel(name="email", idempotent=False, open=EmailSender, settings=EmailSettings)
