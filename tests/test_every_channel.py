"""What every channel promises, with a real receiver on this machine."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alerts.channel import Channel, DeliveryError, Send
from config.plugins import channels
from tests.loopback import ADDRESS, CANARIES, MESSAGE, TOKEN, nobody, post_office, receiver, settings
from tests.mosquitto import mosquitto


@contextmanager
def listening(name: str, *, refusing: bool = False) -> Iterator[int]:
    """A receiver of the channel's kind, that takes everything or nothing; its port. A channel that speaks neither MQTT nor SMTP: HTTP."""
    if name == "mqtt":
        with mosquitto() as (_, port):
            yield port
    elif name == "email":
        with post_office() as (post, port):
            post.answers = {"RCPT": f"550 no such user {ADDRESS}"} if refusing else {}
            yield port
    else:
        with receiver() as server:
            server.answer, server.extra = (401, {"WWW-Authenticate": TOKEN}) if refusing else (200, {})
            yield server.server_port


@contextmanager
def opened(name: str, port: int, folder: Path) -> Iterator[Send]:
    send = channels()[name].open(settings(name, port, folder))
    yield send
    send.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.channels.mqtt.GREETING", 0)


@pytest.mark.parametrize("name", channels())
def test_a_channel_is_found_under_its_own_name(name: str) -> None:
    found = channels()[name]
    assert isinstance(found, Channel)
    assert found.name == name
    assert callable(found.open)


@pytest.mark.parametrize("name", channels())
def test_a_sender_may_be_closed_and_opened_as_often_as_one_likes(name: str, tmp_path: Path) -> None:
    with listening(name) as port:
        for _ in range(2):
            with opened(name, port, tmp_path) as send:
                send(MESSAGE)
                send(MESSAGE)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("name", channels())
def test_a_receiver_that_is_not_there_is_tried_again_and_the_error_says_what_to_do(name: str, tmp_path: Path) -> None:
    with opened(name, nobody(), tmp_path) as send, pytest.raises(DeliveryError, match="Check that it runs") as failure:
        send(MESSAGE)
    assert (failure.value.permanent, failure.value.ambiguous, failure.value.code) == (False, False, "refused")


@pytest.mark.parametrize("name", channels())
def test_a_setting_nobody_knows_is_named_and_no_value_is_repeated(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tokken") as failure:
        channels()[name].open({**settings(name, 1, tmp_path), "tokken": "canary"})
    assert "canary" not in str(failure.value)


@pytest.mark.parametrize("name", channels())
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=r"host|url"):
        channels()[name].open({})


@pytest.mark.parametrize("name", ["email", "ntfy"])
def test_somebody_without_an_address_is_told_of_by_pseudonym_and_for_good(name: str, tmp_path: Path) -> None:
    there = {**settings(name, 1, tmp_path), "contacts": {}}
    with pytest.raises(DeliveryError, match="p-ann") as failure:
        channels()[name].open(there)(MESSAGE)
    assert (failure.value.permanent, failure.value.code) == (True, "no_contact")


@pytest.mark.parametrize("name", channels())
def test_no_log_of_a_sending_holds_a_secret_an_address_or_a_link(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("mail.log"), "disabled", True)  # the receiver's own, in this same process
    caplog.set_level(logging.DEBUG)
    with listening(name) as port, opened(name, port, tmp_path) as send:
        send(MESSAGE)
    everything = "\n".join([caplog.text, *capfd.readouterr()])
    assert name != "ntfy" or "POST http://127.0.0.1" in everything, "the log was not heard"
    assert not [word for word in CANARIES if word in everything]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("name", channels())
@pytest.mark.parametrize("there", [True, False])
def test_no_error_holds_a_secret_an_address_or_a_link_even_if_the_receiver_wrote_it(name: str, there: bool, tmp_path: Path) -> None:
    if there and name == "mqtt":
        pytest.skip("MQTT 3.1.1 has no refusal of a message")
    with (
        listening(name, refusing=True) as port,
        opened(name, port if there else nobody(), tmp_path) as send,
        pytest.raises(DeliveryError) as failure,
    ):
        send(MESSAGE)
    everything = "".join(traceback.format_exception(failure.value))
    assert failure.value.permanent == there
    assert not [word for word in CANARIES if word in everything]
