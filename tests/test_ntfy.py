"""ntfy, against a real HTTP server on this machine that answers as told."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Audience
from alerts.channel import DeliveryError
from alerts.channels.ntfy import CHANNEL, NtfySender
from alerts.http import LONGEST_WAIT, base, refused, retry_after
from tests.loopback import CUT, HALF, HANG, LINK, MESSAGE, TOKEN, TOPIC, Receiver, nobody, receiver, settings


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def send(server: Receiver, tmp_path: Path) -> NtfySender:
    return NtfySender(settings("ntfy", server.server_port, tmp_path))


def failure(send: NtfySender) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(MESSAGE)
    return caught.value


@pytest.mark.parametrize("status", [200, 204])
def test_a_message_is_delivered_with_its_id_a_generic_title_and_a_view_of_its_link(server: Receiver, send: NtfySender, status: int) -> None:
    server.answer = status
    send(MESSAGE)
    [(asked, headers, body)] = server.got
    assert asked == "POST /"
    assert headers["x-sequence-id"] == MESSAGE.id
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert json.loads(body) == {
        "topic": TOPIC,
        "title": "A note for you",
        "message": "You have a new note.",
        "sequence_id": MESSAGE.id,
        "click": LINK,
        "actions": [{"action": "view", "label": "Open", "url": LINK, "clear": True}],
    }


def test_a_message_without_a_link_has_no_button(server: Receiver, send: NtfySender) -> None:
    send(replace(MESSAGE, link=None))
    assert {"click", "actions"}.isdisjoint(json.loads(server.got[0][2]))


def test_a_message_sent_twice_has_the_same_id_both_times(server: Receiver, send: NtfySender) -> None:
    send(MESSAGE)
    send(replace(MESSAGE, attempts=2))
    assert len({headers["x-sequence-id"] for _, headers, _ in server.got}) == 1


def test_an_old_server_is_sent_no_sequence_and_counts_as_one_that_shows_two(server: Receiver, tmp_path: Path) -> None:
    old: dict[str, Any] = {**settings("ntfy", server.server_port, tmp_path), "sequence": False}
    NtfySender(old)(MESSAGE)
    assert "x-sequence-id" not in server.got[0][1]
    assert "sequence_id" not in json.loads(server.got[0][2])
    assert CHANNEL.idempotent
    assert not CHANNEL.under(old).idempotent


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_is_a_wrong_address(server: Receiver, send: NtfySender, status: int) -> None:
    server.answer, server.extra = status, {"Location": f"{server.url}/elsewhere"}
    said = failure(send)
    assert (said.permanent, said.ambiguous, said.code) == (True, False, str(status))
    assert "Set the address it really has" in str(said)
    assert len(server.got) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_a_refusal_is_permanent(server: Receiver, send: NtfySender, status: int) -> None:
    server.answer = status
    said = failure(send)
    assert (said.permanent, said.ambiguous, said.code) == (True, False, str(status))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_later(server: Receiver, send: NtfySender, status: int) -> None:
    server.answer = status
    said = failure(send)
    assert (said.permanent, said.ambiguous, said.retry_after, said.code) == (False, False, None, str(status))


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Tue, 03 Nov 2026 17:05:00 GMT", 300.0),
        ("Tue, 03 Nov 2026 16:00:00 GMT", 0.0),
        ("Wed, 03 Nov 2066 17:05:00 GMT", LONGEST_WAIT),
        ("99999999999999", LONGEST_WAIT),
        ("soon", None),
        ("-5", None),
    ],
)
def test_a_server_that_says_when_is_asked_then(server: Receiver, send: NtfySender, asked: str, seconds: float | None) -> None:
    server.answer, server.extra = 429, {"Retry-After": asked}
    assert failure(send).retry_after == seconds


@given(st.dictionaries(st.sampled_from(["retry-after", "date"]), st.text(max_size=40)))
def test_no_header_makes_a_wait_that_is_not_one(headers: dict[str, str]) -> None:
    wait = retry_after(headers)
    assert wait is None or 0 <= wait <= LONGEST_WAIT


@given(st.integers(100, 199) | st.integers(300, 999))
def test_every_other_answer_is_either_permanent_or_tried_again_and_never_in_doubt(status: int) -> None:
    said = refused(status, {})
    assert said.permanent != (status >= 500 or status in {408, 425, 429})
    assert not said.ambiguous


@pytest.mark.parametrize("answer", [HANG, CUT, HALF])
def test_what_is_cut_after_the_body_may_have_arrived(
    server: Receiver, send: NtfySender, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.channels.ntfy.PATIENCE", 0.3)
    server.answer, begun = answer, monotonic()
    said = failure(send)
    assert (said.permanent, said.ambiguous, said.code) == (False, True, "no_answer")
    assert len(server.got) == 1
    assert monotonic() - begun < 3


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "https://keepup.invalid"])
def test_a_server_that_cannot_be_reached_has_nothing(url: str, tmp_path: Path) -> None:
    there = {**settings("ntfy", nobody(), tmp_path), "url": url.format(port=nobody())}
    said = failure(NtfySender(there))
    assert (said.permanent, said.ambiguous, said.code) == (False, False, "refused")


def test_a_therapist_is_told_under_another_title(server: Receiver, tmp_path: Path) -> None:
    send = NtfySender({**settings("ntfy", server.server_port, tmp_path), "contacts": {"t-02": TOPIC}})
    send(replace(MESSAGE, recipient="t-02", audience=Audience.THERAPIST))
    assert json.loads(server.got[0][2])["title"] == "KeepUp"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://ntfy.example", "https"),
        ("https://ann:pw@ntfy.example", "token_file"),
        ("https://ntfy.example/?auth=x", "token_file"),
        ("ntfy.example", "looks like"),
        ("ftp://ntfy.example", "looks like"),
    ],
)
def test_an_address_that_would_tell_a_secret_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        base(url)


def test_a_topic_that_is_none_is_refused_when_the_channel_opens(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="contacts"):
        NtfySender({**settings("ntfy", 1, tmp_path), "contacts": {"p-ann": "a topic/with more"}})


@pytest.mark.parametrize("held", ["", "\n", None])
def test_a_token_that_is_not_there_is_said_at_once(tmp_path: Path, held: str | None) -> None:
    there = {**settings("ntfy", 1, tmp_path), "token_file": tmp_path / "other"}
    if held is not None:
        (tmp_path / "other").write_text(held)
    with pytest.raises(ValueError, match="put the secret there"):
        NtfySender(there)
