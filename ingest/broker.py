"""The embedded broker: amqtt on a thread of its own, on loopback, forgetting everything at a restart (which the line allows for)."""

import asyncio
import gc
import logging
import socket
from contextlib import suppress
from threading import Event, Thread

from amqtt.broker import Broker
from amqtt.errors import BrokerError

from ingest.link import BrokerUnavailable

FAREWELL = 2.0
"""s for clients to go before they are cut off."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class EmbeddedBroker:
    """Started on construction. Raises `BrokerUnavailable` when the port is taken."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.url = f"mqtt://{host}:{port}"
        self._ready = Event()
        self._failure: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._done: asyncio.Event | None = None
        self._thread = Thread(target=self._run, args=(host, port), name="broker", daemon=True)
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)
        logging.getLogger("transitions").setLevel(logging.ERROR)
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise BrokerUnavailable(
                f"Port {port} on {host} is taken by another program. Stop that program or choose another port."
            ) from self._failure

    def stop(self) -> None:
        if self._done and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._done.set)
            self._thread.join()

    def _run(self, host: str, port: int) -> None:
        self._loop.run_until_complete(self._serve(host, port))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _serve(self, host: str, port: int) -> None:
        self._done = asyncio.Event()
        listener = {"type": "tcp", "bind": f"{host}:{port}", "max_connections": 500}
        plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
        try:
            broker = Broker({"listeners": {"default": listener}, "plugins": plugins}, loop=self._loop)
            await broker.start()
        except (BrokerError, OSError) as error:
            self._failure = error
            return
        finally:
            self._ready.set()
        await self._done.wait()
        with suppress(BrokerError, TimeoutError):
            await asyncio.wait_for(broker.shutdown(), FAREWELL)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:  # a client that reconnects meanwhile keeps amqtt waiting for ever
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        gc.collect()  # amqtt drops some connections without closing them
        await asyncio.sleep(0)
