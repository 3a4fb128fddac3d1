"""From the broker to the ingester and back: the shell around `Ingester.take`."""

import queue
from contextlib import suppress
from threading import Event, Thread

import structlog

from ingest.ingester import Ingester
from ingest.link import Arrived, Link
from ingest.store import StoreUnavailable
from ingest.wire import seal_ack

log = structlog.get_logger()
AT_ONCE = 64
"""Messages in one commit at most."""
HOLD = (0.5, 1.0, 2.0, 5.0, 10.0)
"""s between attempts while the store is unavailable; the last repeats."""


def topics(site: str) -> list[str]:
    """What a receiver's link subscribes to."""
    return [f"keepup/1/{site}/+/data", f"keepup/1/{site}/+/status"]


class Receiver:
    """One thread. While the store is unavailable it holds what it has and acks nothing."""

    def __init__(self, ingester: Ingester, link: Link) -> None:
        self._ingester, self._link = ingester, link
        self._stop = Event()
        self._thread = Thread(target=self._run, name="receiver", daemon=True)
        self.failure: StoreUnavailable | None = None
        """What ended it; its cause is the defect that did."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                messages = self._handful()
                if messages:
                    self._take(messages)
        except Exception as error:  # noqa: BLE001 — whoever waits for this thread must hear of its end, whatever it was
            kind = type(error).__name__  # not its text, which may tell of a patient
            failure = StoreUnavailable(f"Storing stopped on a defect ({kind}). What was not answered is sent again: start it again.")
            failure.__cause__ = error
            self.failure = failure
            log.error("storing stopped", reason=str(failure))

    def _handful(self) -> list[Arrived]:
        found: list[Arrived] = []
        with suppress(queue.Empty):
            found.append(self._link.arrived.get(timeout=0.2))
            while len(found) < AT_ONCE:
                found.append(self._link.arrived.get_nowait())
        return found

    def _take(self, messages: list[Arrived]) -> None:
        held = 0
        while not self._stop.is_set():
            try:
                acks = self._ingester.take([(m.topic.rsplit("/", 1)[0], m.payload) for m in messages])
            except StoreUnavailable as error:
                log.warning("holding", reason=str(error))
                self._stop.wait(HOLD[min(held, len(HOLD) - 1)])
                held += 1
                continue
            for prefix, ack in acks:
                self._link.publish(f"{prefix}/ack", seal_ack(ack))
            return
