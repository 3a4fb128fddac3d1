"""E-mail, against a real mail server on this machine that answers as told."""

import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from alerts.alert import Audience
from alerts.channel import DeliveryError
from alerts.channels.email import EmailSender, letter
from tests.loopback import ADDRESS, CUT, HANG, LINK, MESSAGE, TOKEN, Post, deaf, nobody, post_office, settings

OFFICE = tuple[Post, int]


@pytest.fixture
def office() -> Iterator[OFFICE]:
    with post_office() as running:
        yield running


@pytest.fixture
def send(office: OFFICE, tmp_path: Path) -> EmailSender:
    return EmailSender(settings("email", office[1], tmp_path))


def failure(send: EmailSender) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(MESSAGE)
    return caught.value


def read(post: Post) -> EmailMessage:
    [envelope] = post.letters
    content = envelope.content
    assert isinstance(content, bytes)
    letter = message_from_bytes(content, policy=default)
    assert isinstance(letter, EmailMessage)
    return letter


def body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_letter_arrives_as_text_and_as_html_with_the_link_in_it(office: OFFICE, send: EmailSender) -> None:
    send(MESSAGE)
    got = read(office[0])
    assert office[0].letters[0].rcpt_tos == [ADDRESS]
    assert got["Message-ID"] == f"<{MESSAGE.id}@clinic.example>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"] == "Tue, 03 Nov 2026 17:00:00 +0000"
    assert got["Subject"] == "A note for you"
    assert body(got, "plain") == f"You have a new note.\n\n{LINK}\n"
    assert f'<a href="{LINK}">Open the note</a>' in body(got, "html")


def test_a_subject_says_nothing_whatever_the_text_says(office: OFFICE, send: EmailSender) -> None:
    send(replace(MESSAGE, text="p-ann: core not seen", recipient="t-02", audience=Audience.THERAPIST, virtual=True))
    got = read(office[0])
    assert got["Subject"] == "Virtual: KeepUp: a note on your patients"
    assert "p-ann: core not seen" in body(got, "plain")


def test_a_text_may_hold_what_html_or_smtp_would_take_for_its_own(office: OFFICE, send: EmailSender) -> None:
    send(replace(MESSAGE, text="<b>50 µg & more</b>\n.\n..dots, and a very long line: " + "walk " * 300, link=None))
    got = read(office[0])
    assert "&lt;b&gt;50 µg &amp; more&lt;/b&gt;<br>" in body(got, "html")
    assert body(got, "plain").startswith("<b>50 µg & more</b>\n.\n..dots, and")
    assert "href" not in body(got, "html")


def test_no_line_of_a_letter_is_longer_than_mail_allows() -> None:
    raw = letter(replace(MESSAGE, text="walk µ " * 400, link=LINK + "x" * 1200), "k@clinic.example", ADDRESS).as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("answer", "permanent"), [("450 later", False), ("421 closing", False), ("550 never", True), ("552 full", True)])
def test_a_refusal_is_for_now_or_for_good_as_its_first_digit_says(
    office: OFFICE, send: EmailSender, verb: str, answer: str, permanent: bool
) -> None:
    office[0].answers[verb] = answer
    said = failure(send)
    assert (said.permanent, said.ambiguous, said.code) == (permanent, False, answer[:3])


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA?"])
def test_a_server_that_hangs_up_before_the_text_has_nothing(office: OFFICE, send: EmailSender, verb: str) -> None:
    office[0].answers[verb] = CUT
    said = failure(send)
    assert (said.permanent, said.ambiguous, said.code) == (False, False, "refused")


@pytest.mark.parametrize(("answer", "patience"), [(CUT, 10), (HANG, 0.3)])
def test_a_letter_whose_server_falls_silent_after_the_text_may_have_arrived(
    office: OFFICE, send: EmailSender, answer: str, patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.channels.email.PATIENCE", patience)
    office[0].answers["DATA"] = answer
    begun = monotonic()
    said = failure(send)
    assert (said.permanent, said.ambiguous, said.code) == (False, True, "no_answer")
    assert len(office[0].letters) == 1
    assert monotonic() - begun < 3


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_a_server_that_hangs_before_the_text_is_asked_later(
    office: OFFICE, send: EmailSender, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.channels.email.PATIENCE", 0.3)
    office[0].answers[verb] = HANG
    said = failure(send)
    assert (said.permanent, said.ambiguous) == (False, False)


def test_a_server_that_never_greets_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.channels.email.PATIENCE", 0.3)
    with deaf() as port:
        said = failure(EmailSender(settings("email", port, tmp_path)))
    assert (said.permanent, said.ambiguous, said.code) == (False, False, "refused")


@pytest.mark.parametrize("host", ["127.0.0.1", "keepup.invalid"])
def test_a_server_that_cannot_be_reached_has_nothing(host: str, tmp_path: Path) -> None:
    there: dict[str, Any] = {**settings("email", nobody(), tmp_path), "host": host}
    there["security"] = "none" if host == "127.0.0.1" else "starttls"
    said = failure(EmailSender(there))
    assert (said.permanent, said.ambiguous, said.code) == (False, False, "refused")


def test_a_letter_that_was_taken_is_sent_even_if_the_goodbye_is_lost(
    office: OFFICE, send: EmailSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(self: Any, _: str) -> None:
        self.transport.abort()

    monkeypatch.setattr("tests.loopback._Clerk.smtp_QUIT", gone)
    send(MESSAGE)
    assert len(office[0].letters) == 1


@pytest.mark.parametrize(("password", "good"), [(TOKEN, True), ("another", False)])
def test_a_wrong_password_is_permanent(tmp_path: Path, password: str, good: bool) -> None:
    with post_office(password=password) as (post, port):
        send = EmailSender({**settings("email", port, tmp_path), "user": "keepup", "password_file": tmp_path / "token"})
        if good:
            send(MESSAGE)
            assert len(post.letters) == 1
        else:
            said = failure(send)
            assert (said.permanent, said.code) == (True, "535")


def test_a_server_that_knows_no_login_or_no_encryption_is_a_wrong_setting(office: OFFICE, tmp_path: Path) -> None:
    plain = settings("email", office[1], tmp_path)
    for more in ({"user": "keepup", "password_file": tmp_path / "token"}, {"security": "starttls"}):
        said = failure(EmailSender({**plain, **more}))
        assert (said.permanent, said.ambiguous, said.code) == (True, False, "unsupported")


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("identity")
    asked = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run([*asked, *files], check=True, capture_output=True, timeout=30)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("openssl is not here to make a certificate")
    return folder


@pytest.mark.parametrize(("security", "trusted"), [("starttls", True), ("tls", True), ("starttls", False), ("tls", False)])
def test_letters_travel_encrypted_to_a_server_that_is_who_it_says(identity: Path, tmp_path: Path, security: str, trusted: bool) -> None:
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(identity / "cert.pem", identity / "key.pem")
    with post_office(own, whole=security == "tls") as (post, port):
        more = {"ca_file": identity / "cert.pem"} if trusted else {}
        send = EmailSender({**settings("email", port, tmp_path), "security": security, **more})
        if trusted:
            send(MESSAGE)
            assert len(post.letters) == 1
        else:
            said = failure(send)
            assert (said.permanent, said.ambiguous, said.code) == (True, False, "certificate")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"host": "mail.example"}, "nobody on the way can read along"),
        ({"user": "keepup"}, "set both or neither"),
        ({"contacts": {"p-ann": "ann@example.org\r\nBcc: all@example.org"}}, "contacts"),
        ({"sender": "KeepUp"}, "sender"),
    ],
)
def test_a_setting_that_would_do_harm_is_refused_when_the_channel_opens(change: dict[str, Any], reason: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=reason):
        EmailSender({**settings("email", 25, tmp_path), **change})
