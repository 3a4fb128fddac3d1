"""Messages over MQTT, with a real broker."""

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from queue import Queue
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alerts.channel import DeliveryError
from alerts.channels.mqtt import CHANNEL, MqttSender
from tests.loopback import LINK, MESSAGE, nobody
from tests.mosquitto import mosquitto

NOTE = replace(MESSAGE, recipient="virtual-desk", text="Virtual: Time for a short walk.", virtual=True, link=None)


@pytest.fixture
def running() -> Iterator[tuple[subprocess.Popen[str], int]]:
    with mosquitto() as broker:
        yield broker


@pytest.fixture
def broker(running: tuple[subprocess.Popen[str], int]) -> subprocess.Popen[str]:
    return running[0]


@pytest.fixture
def port(running: tuple[subprocess.Popen[str], int]) -> int:
    return running[1]


@pytest.fixture
def subscribed(port: int) -> Iterator[Queue[paho.MQTTMessage]]:
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
    sender(NOTE)
    heard = subscribed.get(timeout=10)
    sender.close()
    assert (heard.topic, heard.qos, heard.retain) == ("keepup/1/clinic-1/message/patient", 1, False)
    payload: dict[str, Any] = json.loads(heard.payload)
    assert payload == {"id": NOTE.id, "to": "virtual-desk", "text": "Virtual: Time for a short walk.", "virtual": True}


def test_a_message_that_can_be_answered_says_where(subscribed: "Queue[paho.MQTTMessage]", port: int) -> None:
    sender = opened(port)
    sender(replace(NOTE, link=LINK))
    heard = subscribed.get(timeout=10)
    sender.close()
    assert json.loads(heard.payload)["link"] == LINK
    assert "keepup.example" not in heard.topic


def test_no_message_is_kept_for_whoever_comes_later(subscribed: "Queue[paho.MQTTMessage]", port: int) -> None:
    sender = opened(port)
    sender(NOTE)
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


def test_a_sending_without_a_broker_fails_at_once_with_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.channels.mqtt.GREETING", 0)
    sender = opened(nobody())
    with pytest.raises(DeliveryError, match="Check that it runs") as failure:
        sender(NOTE)
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
            sender(NOTE)
    finally:
        broker.send_signal(signal.SIGCONT)
    sender.close()
    assert failure.value.ambiguous
