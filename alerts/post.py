"""Reports that come in by MQTT, from whatever a clinic connects: a phone bridge, a button by the bed, a home hub."""

import json
import queue
from collections.abc import Callable
from threading import Event, Thread

import structlog

from alerts.database import ChartUnavailable
from alerts.reports import Reports
from detectors.report import Report
from ingest.link import Arrived, Link

log = structlog.get_logger()
HOLD = (0.5, 1.0, 2.0, 5.0, 10.0)
"""s between attempts while the chart is unavailable; the last repeats."""
_SOURCE = "mqtt"


def topic(site: str) -> str:
    """Where reports come in: JSON as `detectors.report` has it, QoS 1, not retained.

    One that is in the chart is answered at "…/report/ack" with {"id": …}: who says something and hears no answer says it again, under
    the same id.
    """
    return f"keepup/1/{site}/report"


class Post:
    """One thread. While the chart is unavailable it holds what it has.

    A retained report is refused: the broker would say it again at each connection.
    `now` gives µs UTC; `ended` is called should a defect end the thread, with the reason in `failure`.
    """

    def __init__(self, reports: Reports, link: Link, now: Callable[[], int], ended: Callable[[], None] = lambda: None) -> None:
        self._reports, self._link, self._now, self._ended = reports, link, now, ended
        self._stop = Event()
        self._thread = Thread(target=self._run, name="post", daemon=True)
        self.failure: ChartUnavailable | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    arrived = self._link.arrived.get(timeout=0.2)
                except queue.Empty:
                    continue
                self._hear(arrived)
        except Exception as error:  # noqa: BLE001 — whoever waits for this thread must hear of its end, whatever it was
            kind = type(error).__name__  # not its text, which may tell of a patient
            failure = ChartUnavailable(
                f"Hearing reports stopped on a defect ({kind}). Start it again: what was not answered is said again."
            )
            failure.__cause__ = error
            self.failure = failure
            log.error("hearing reports stopped", reason=str(failure))
            self._ended()

    def _hear(self, arrived: Arrived) -> None:
        if arrived.retained:
            log.warning("a retained report was refused", next="publish reports without the retain flag, and clear the one that is there")
        elif report := self._take(arrived.payload):
            self._link.publish(f"{arrived.topic}/ack", json.dumps({"id": report.id}).encode())

    def _take(self, payload: bytes) -> Report | None:
        held = 0
        while not self._stop.is_set():
            try:
                report = self._reports.take(payload, _SOURCE, self._now())
            except ChartUnavailable as error:
                log.warning("holding", reason=str(error))
                self._stop.wait(HOLD[min(held, len(HOLD) - 1)])
                held += 1
                continue
            if report is None:
                log.warning("a report was set aside", next="the chart has it with the reason")  # which may name somebody
            return report
        return None
