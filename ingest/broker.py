"""The embedded broker: amqtt on a thread of its own, on loopback, forgetting everything at a restart (which the line allows for)."""

import asyncio
import logging
import socket
from contextlib import suppress
from threading import Thread

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.errors import BrokerError

from ingest.link import BrokerUnavailable

FAREWELL = 2.0
"""s for the broker to end by itself."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class EmbeddedBroker:
    """Started on construction. Raises `BrokerUnavailable` when the port is taken.

    The sockets are ours and not amqtt's, which waits for ever for clients that reconnect while it ends.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.url = f"mqtt://{host}:{port}"
        try:
            self._listener = socket.create_server((host, port))
        except OSError as error:
            raise BrokerUnavailable(
                f"Port {port} on {host} is taken by another program. Stop that program or choose another port."
            ) from error
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._clients: set[asyncio.StreamWriter] = set()
        self._thread = Thread(target=self._run, name="broker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
        broker = Broker({"listeners": {"default": {"type": "external"}}, "plugins": plugins}, loop=self._loop)
        await broker.start()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._clients.add(writer)
            try:
                await broker.external_connected(StreamReaderAdapter(reader), StreamWriterAdapter(writer), "default")
            finally:
                self._clients.discard(writer)
                writer.close()

        server = await asyncio.start_server(connected, sock=self._listener)
        await self._over.wait()
        server.close()
        for writer in self._clients:
            writer.transport.abort()
        with suppress(BrokerError, TimeoutError):
            await asyncio.wait_for(broker.shutdown(), FAREWELL)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
