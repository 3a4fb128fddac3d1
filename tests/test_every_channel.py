"""What every channel promises, and what MQTT does with a real broker."""

import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alerts.alert import Audience, Message, MessageState
from alerts.channel import Channel, DeliveryError
from alerts.channels.mqtt import CHANNEL, MqttSender
from config.plugins import channels

BROKER = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
MESSAGE = Message(
    id="2debe04b-a364-5248-9ca0-85cdcd0cfa72",
    alert="10116758-d847-57f1-afd1-9b5a1d40c48f",
    recipient="virtual-desk",
    channel="mqtt",
    step="first",
    text="Virtual: Time for a short walk.",
    state=MessageState.SENDING,
    due=0,
    expires=None,
    audience=Audience.PATIENT,
    virtual=True,
)


@pytest.mark.parametrize("name", channels())
def test_a_channel_is_found_under_its_own_name(name: str) -> None:
    found = channels()[name]
    assert isinstance(found, Channel)
    assert found.name == name
    assert callable(found.open)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def broker(port: int, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    if BROKER is None:
        pytest.skip("mosquitto is not installed")
    (tmp_path / "broker.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    process = subprocess.Popen([BROKER, "-c", str(tmp_path / "broker.conf"), "-v"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert any("running" in line for line in process.stderr)
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def subscribed(broker: subprocess.Popen[str], port: int) -> Iterator[Queue[paho.MQTTMessage]]:  # noqa: ARG001 — it must run
    heard: Queue[paho.MQTTMessage] = Queue()
    ready: Queue[bool] = Queue()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: heard.put(message)
    client.on_subscribe = lambda *_: ready.put(True)
    client.connect("127.0.0.1", port)
    client.subscribe("keepup/#", 1)
    client.loop_start()
    ready.get(timeout=10)
    yield heard
    client.disconnect()
    client.loop_stop()


def settings(port: int) -> dict[str, str]:
    return {"url": f"mqtt://127.0.0.1:{port}", "site": "clinic-1"}


def opened(port: int) -> MqttSender:
    sender = CHANNEL.open(settings(port))
    assert isinstance(sender, MqttSender)
    return sender


def test_a_message_arrives_with_its_id_and_nothing_clinical(subscribed: "Queue[paho.MQTTMessage]", port: int) -> None:
    sender = opened(port)
    sender(MESSAGE)
    heard = subscribed.get(timeout=10)
    sender.close()
    assert (heard.topic, heard.qos, heard.retain) == ("keepup/1/clinic-1/message/patient", 1, False)
    payload: dict[str, Any] = json.loads(heard.payload)
    assert payload == {"id": MESSAGE.id, "to": "virtual-desk", "text": "Virtual: Time for a short walk.", "virtual": True}


def test_no_message_is_kept_for_whoever_comes_later(subscribed: "Queue[paho.MQTTMessage]", port: int) -> None:
    sender = opened(port)
    sender(MESSAGE)
    subscribed.get(timeout=10)
    late: Queue[str] = Queue()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: late.put(message.payload.decode())
    client.on_subscribe = lambda client, *_: client.publish("keepup/marker", "after all that was kept", qos=1)
    client.connect("127.0.0.1", port)
    client.subscribe("keepup/#", 1)
    client.loop_start()
    assert late.get(timeout=10) == "after all that was kept"
    client.disconnect()
    client.loop_stop()
    sender.close()


def test_a_sending_without_a_broker_fails_at_once_with_the_next_step(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.channels.mqtt.GREETING", 0)
    sender = opened(port)
    with pytest.raises(DeliveryError, match="Check that it runs") as failure:
        sender(MESSAGE)
    sender.close()
    assert not failure.value.permanent
    assert not failure.value.ambiguous


def test_a_broker_that_falls_silent_leaves_it_open_whether_the_message_arrived(
    broker: subprocess.Popen[str], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = opened(port)
    monkeypatch.setattr("alerts.channels.mqtt.PATIENCE", 0.2)
    monkeypatch.setattr("alerts.channels.mqtt.GREETING", 0.2)
    broker.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(DeliveryError) as failure:
            sender(MESSAGE)
    finally:
        broker.send_signal(signal.SIGCONT)
    sender.close()
    assert failure.value.ambiguous
