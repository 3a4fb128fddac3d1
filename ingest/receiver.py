"""From the broker to the ingester and back: the shell around `Ingester.take`."""

import queue
from contextlib import suppress
from threading import Event, Thread

import structlog

from ingest.batch import MICROS
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
    """One thread. While the store is unavailable it holds what it has and acks nothing: what comes meanwhile waits in the link's inbox,
    and what finds no room there its gateway keeps and sends again."""

    def __init__(self, ingester: Ingester, link: Link) -> None:
        self.ingester, self.link = ingester, link
        self._stop = Event()
        self._reasons: set[str] = set()
        """Said since it last stored something."""
        self.held_since: int | None = None
        """µs UTC; `None`: it holds nothing back."""
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
            found.append(self.link.arrived.get(timeout=0.2))
            while len(found) < AT_ONCE:
                found.append(self.link.arrived.get_nowait())
        return found

    def _take(self, messages: list[Arrived]) -> None:
        attempts = 0
        while not self._stop.is_set():
            try:
                acks = self.ingester.take([(m.topic.rsplit("/", 1)[0], m.payload) for m in messages])
            except StoreUnavailable as error:
                wait = HOLD[min(attempts, len(HOLD) - 1)]
                self._hold(str(error), wait)
                self._stop.wait(wait)
                attempts += 1
                continue
            self._go_on()
            for prefix, ack in acks:
                self.link.publish(f"{prefix}/ack", seal_ack(ack))
            return

    def _hold(self, reason: str, wait: float) -> None:
        if self.held_since is None:
            self.held_since = self.ingester.now()
        if reason not in self._reasons:
            self._reasons.add(reason)
            log.warning("holding", reason=reason, next_try_s=wait, then=f"every {HOLD[-1]:g} s at the latest; nothing is lost meanwhile")

    def _go_on(self) -> None:
        if self.held_since is not None:
            log.info("storing again", held_s=round((self.ingester.now() - self.held_since) / MICROS, 1))
            self.held_since = None
            self._reasons.clear()
