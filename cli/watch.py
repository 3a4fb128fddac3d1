"""What changed → findings → alerts → messages, once a minute."""

import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event
from typing import Annotated
from urllib.parse import urlsplit

import structlog
import typer

from alerts.chart import Chart, ChartUnavailable
from alerts.deliver import Way, deliver
from alerts.links import Links
from alerts.watch import Watch
from cli.line import clinic, listening, site_secret, until_told, wall, warn_of_a_new_site
from cli.options import SITE, a_broker, a_ca, a_chart, a_folder, a_site
from cli.stored import SQLITE, a_store
from cli.ways import plain, written
from ingest.store import StoreUnavailable

log = structlog.get_logger()
EVERY = 60.0
"""s between two looks."""
PATIENCE = 4.0
"""s that what is under way may take to end once told to stop; then it is cut off, half of nothing being kept."""


class OutOfTime(Exception):
    """Told to stop, and what was under way took too long."""


def watch(
    folder: a_folder,
    broker: a_broker = None,
    ca: a_ca = None,
    chart: a_chart = None,
    site: a_site = SITE,
    store: a_store = SQLITE,
    channels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A keepup.toml, whose \\[channels] say who is reached how.", exists=True, dir_okay=False),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where a patient's phone finds the pages of keepup serve; without it nobody is asked anything."),
    ] = None,
) -> None:
    """Judge what changed, once a minute, and tell who is to be told. Hear what patients say by MQTT.

    Without --broker and --channels nobody is sent a message: alerts are on the therapist's pages only.

    Example: keepup watch clinic --broker mqtt://127.0.0.1:1883 --base https://keepup.example.org
    """
    address = None if base is None else _checked(base)
    told = _until_told_in_time()
    with suppress(OutOfTime), ExitStack() as stack:
        if chart is None:
            warn_of_a_new_site(folder)
        ways = written(stack, channels, broker, site, ca) if channels else plain(stack, broker, site, ca)
        behind = stack.enter_context(clinic(folder, store=store, chart=chart, site=site, channels=ways.reach, answers=address is not None))
        if broker:
            stack.enter_context(listening(behind.chart, broker, site, told.set, ca))
        typer.echo(f"Watching {folder}, once a minute", err=True)
        links = None if address is None else Links(site_secret(folder), address)
        live(behind.watch(), behind.chart, ways.open, wall, told, links)
    signal.setitimer(signal.ITIMER_REAL, 0)


def live(
    watch: Watch, chart: Chart, ways: Sequence[Way], now: Callable[[], int], stop: Event | None = None, links: Links | None = None
) -> None:
    """Until interrupted or told to stop. While a database is unavailable it waits and tries again."""
    stop = stop or Event()
    while not stop.is_set():
        try:
            watch.meet()
            watch.judge(now())
            for reason in sorted(set(watch.trouble.values())):
                log.warning("some patients could not be judged; the others were", count=len(watch.trouble), reason=reason)
            sent(chart, ways, links, now())
            chart.beat("watch", now())
        except (StoreUnavailable, ChartUnavailable) as error:
            log.warning("waiting", reason=str(error))
        stop.wait(EVERY)


def sent(chart: Chart, ways: Sequence[Way], links: Links | None, now: int) -> None:
    """One pass of delivery; what asks something says where to answer, if there is such a place."""
    if links is None:
        deliver(chart, ways, now)
    else:
        deliver(chart, ways, now, chart.links.addresses(links, now))


def _checked(base: str) -> str:
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise typer.BadParameter("that is no address of pages; write e.g. https://keepup.example.org", param_hint="--base")
    return base


def _until_told_in_time() -> Event:
    """As `until_told`, but the first judgement of a long backlog may not keep the process from ending."""
    told = until_told()

    def ask(*_: object) -> None:
        told.set()
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def cut_off(*_: object) -> None:
        raise OutOfTime

    signal.signal(signal.SIGALRM, cut_off)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    return told
