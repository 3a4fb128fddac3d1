"""A connection to any MQTT 3.1.1 broker, through paho, with its traps closed (research: paho 2.2 queues without limit when offline,
answers a refused publication with success, and loses its thread to an exception in a callback)."""

import queue
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

log = structlog.get_logger()
KEEPALIVE = 20  # s


class BrokerUnavailable(Exception):
    """The broker cannot be reached or the address is not one to use; the message says what to do next."""


@dataclass(frozen=True, slots=True)
class Arrived:
    topic: str
    payload: bytes
    retained: bool = False
    """Said some time ago, and kept by the broker for whoever subscribes."""


class Link:
    """Publishes only while connected and never queues inside paho; what arrives waits in `arrived`, a bounded queue.

    `url`: mqtt://host:port on this machine, mqtts://user:password@host:port beyond it. Raises `BrokerUnavailable` for any other.
    """

    def __init__(self, url: str, name: str, topics: Sequence[str] = (), ca: str | None = None, room: int = 5_000) -> None:
        self._host, self._port, user, password, tls = _address(url)
        self._topics = [(topic, 1) for topic in topics]
        self.arrived: queue.Queue[Arrived] = queue.Queue(room)
        self._unacked: deque[paho.MQTTMessageInfo] = deque()
        self.connections = 0
        self.left = 0
        """Messages that found no room in `arrived`."""
        self._full = False
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv311)
        self._client.suppress_exceptions = True
        self._client.reconnect_delay_set(1, 30)
        self._client.max_inflight_messages_set(1_000)
        if user:
            self._client.username_pw_set(user, password)
        if tls:
            try:
                self._client.tls_set(ca_certs=ca, cert_reqs=ssl.CERT_REQUIRED)
            except OSError as error:  # of ssl too, and none of them says which file
                raise BrokerUnavailable(
                    f"{ca} holds no certificate that can be read. Name the PEM file of the broker's authority."
                ) from error
        self._client.on_connect = self._connected
        self._client.on_message = self._heard
        self._client.on_socket_open = _at_once

    def start(self) -> None:
        """Connects in the background, and again whenever the connection is lost."""
        self._client.connect_async(self._host, self._port, KEEPALIVE)
        self._client.loop_start()

    def up(self) -> bool:
        return self._client.is_connected()

    @property
    def outstanding(self) -> int:
        """Publications without a PUBACK; asked by the publishing thread only."""
        self._unacked = deque(sent for sent in self._unacked if not sent.is_published())
        return len(self._unacked)

    def publish(self, topic: str, payload: bytes) -> bool:
        """QoS 1. False: not connected, nothing was sent."""
        if not self.up():
            return False
        while self._unacked and self._unacked[0].is_published():  # not everybody who publishes asks what is outstanding
            self._unacked.popleft()
        sent = self._client.publish(topic, payload, qos=1)
        if sent.rc == paho.MQTT_ERR_SUCCESS:
            self._unacked.append(sent)
        return sent.rc == paho.MQTT_ERR_SUCCESS

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _more: object) -> None:
        if reason.is_failure:
            log.warning("broker refused the connection", reason=str(reason), next="check the user and password in the broker's address")
            return
        self.connections += 1
        if self._topics:
            client.subscribe(self._topics)

    def _heard(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        try:
            self.arrived.put_nowait(Arrived(message.topic, bytes(message.payload), message.retain))
            self._full = False
        except queue.Full:
            self.left += 1
            if not self._full:
                self._full = True
                log.warning("inbox full: messages are left to be sent again until there is room", topic=message.topic)


def _at_once(_client: object, _data: object, connection: Any) -> None:
    """Small publications do not wait for each other: what a window lets through goes out when it may."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _address(url: str) -> tuple[str, int, str | None, str | None, bool]:
    parts = urlsplit(url)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise BrokerUnavailable("A broker's address looks like mqtt://127.0.0.1:1883 or mqtts://user:password@broker.example:8883.")
    tls = parts.scheme == "mqtts"
    if not tls and not loopback(parts.hostname):
        raise BrokerUnavailable(f"{parts.hostname} is another machine: use mqtts:// so that nobody on the way can read along.")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return parts.hostname, parts.port or (8883 if tls else 1883), user, password, tls


def loopback(host: str) -> bool:
    """Whether the host (name or address) is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
