"""What changed → findings → alerts → messages, once a minute."""

from collections.abc import Callable, Sequence
from threading import Event

import structlog

from alerts.chart import Chart, ChartUnavailable
from alerts.deliver import Way, deliver
from alerts.watch import Watch
from ingest.store import StoreUnavailable

log = structlog.get_logger()
EVERY = 60.0
"""s between two looks."""


def live(watch: Watch, chart: Chart, ways: Sequence[Way], now: Callable[[], int], stop: Event | None = None) -> None:
    """Until interrupted or told to stop. While a database is unavailable it waits and tries again."""
    stop = stop or Event()
    while not stop.is_set():
        try:
            watch.meet()
            watch.judge(now())
            deliver(chart, ways, now())
        except (StoreUnavailable, ChartUnavailable) as error:
            log.warning("waiting", reason=str(error))
        stop.wait(EVERY)
