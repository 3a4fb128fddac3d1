"""Real receivers on this machine that answer as told: an HTTP server and a mail server. And the canaries no log may show."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import SSLContext
from threading import Event, Thread

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from alerts.alert import Audience, Message, MessageState

TOKEN, TOPIC, ADDRESS, LINK = "tk-canary-9f", "canary-topic-77", "canary.ann@example.org", "https://keepup.example/a/canary-link-31"
CANARIES = (TOKEN, TOPIC, ADDRESS, LINK, "canary")
MESSAGE = Message(
    id="2debe04b-a364-5248-9ca0-85cdcd0cfa72",
    alert="10116758-d847-57f1-afd1-9b5a1d40c48f",
    recipient="p-ann",
    channel="any",
    step="first",
    text="You have a new note.",
    state=MessageState.SENDING,
    due=1_793_725_200_000_000,
    expires=None,
    audience=Audience.PATIENT,
    link=LINK,
)
HANG, CUT, HALF = "hang", "cut", "half"
"""Never answers; hangs up; hangs up in the midst of its answer."""


class Receiver(ThreadingHTTPServer):
    """Answers `status` with `extra` headers to every POST, or as one of the words above says; keeps what it got."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: int | str = 200
        self.extra: dict[str, str] = {}
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.over = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answered(self) -> int | str:
        """To the newest of `got`."""
        return self.answer


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.got.append((f"{self.command} {self.path}", {k.lower(): v for k, v in self.headers.items()}, body))
        answer = self.server.answered()
        if answer == HANG:
            self.server.over.wait(30)
        elif answer == HALF:
            self.wfile.write(b"HTTP/1.1 20")
        elif isinstance(answer, int):
            self._said(answer)
        self.close_connection = True

    def _said(self, status: int) -> None:
        self.send_response(status)
        for name, value in self.server.extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 — the signature is the library's
        return "Tue, 03 Nov 2026 17:00:00 GMT"

    def log_message(self, *_: object) -> None: ...


@contextmanager
def receiver(kind: Callable[[], Receiver] = Receiver) -> Iterator[Receiver]:
    server = kind()
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def hang_up(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()


class Post:
    """A mail server's answers by the verb they are to, e.g. {"RCPT": "550 no such user"}; what is not there is 250. "DATA?" is asked before
    the text. Keeps the letters."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.letters: list[Envelope] = []

    async def _answer(self, verb: str, server: SMTP) -> str:
        answer = self.answers.get(verb, "250 OK")
        if answer == HANG:
            await asyncio.Event().wait()
        if answer == CUT:
            hang_up(server)
        return answer

    async def handle_MAIL(self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]) -> str:  # noqa: N802 — aiosmtpd's name
        envelope.mail_from = address
        return await self._answer("MAIL", server)

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]) -> str:  # noqa: N802 — aiosmtpd's name
        envelope.rcpt_tos.append(address)
        return await self._answer("RCPT", server)

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802 — aiosmtpd's name
        self.letters.append(envelope)
        return await self._answer("DATA", server)


class _Desk(Controller):
    def __init__(self, post: Post, context: SSLContext | None, *, whole: bool, password: str | None) -> None:
        self._post, self._starttls, self._password = post, None if whole else context, password
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        super().__init__(post, "127.0.0.1", port, ssl_context=context if whole else None)

    def factory(self) -> SMTP:
        def known(_: SMTP, __: Session, ___: Envelope, mechanism: str, data: object) -> AuthResult:  # noqa: ARG001 — aiosmtpd's shape
            return AuthResult(success=isinstance(data, LoginPassword) and data.password.decode() == self._password, handled=False)

        asked = self._password is not None
        return _Clerk(self._post, tls_context=self._starttls, authenticator=known if asked else None, auth_require_tls=not asked)


class _Clerk(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 — aiosmtpd's name
        if "DATA?" in self.event_handler.answers:
            hang_up(self)
            return
        await super().smtp_DATA(arg)


@contextmanager
def post_office(
    context: SSLContext | None = None, *, whole: bool = False, password: str | None = None, kind: Callable[[], Post] = Post
) -> Iterator[tuple[Post, int]]:
    """A mail server and its port. `context`: it speaks TLS, from the first byte if `whole`; `password`: whoever logs in needs it."""
    post = kind()
    desk = _Desk(post, context, whole=whole, password=password)
    desk.start()
    try:
        yield post, desk.port
    finally:
        desk.stop()


@contextmanager
def deaf() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def nobody() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(name: str, port: int, folder: Path) -> dict[str, object]:
    """Of a channel whose receiver is on this port of this machine, with every secret a canary."""
    (folder / "token").write_text(f"{TOKEN}\n")
    kept: dict[str, dict[str, object]] = {
        "mqtt": {"url": f"mqtt://127.0.0.1:{port}", "site": "clinic-1"},
        "ntfy": {"url": f"http://127.0.0.1:{port}", "contacts": {"p-ann": TOPIC}, "token_file": folder / "token"},
        "email": {
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "sender": "keepup@clinic.example",
            "contacts": {"p-ann": ADDRESS, "t-02": "t02@clinic.example"},
        },
    }
    return kept[name]
