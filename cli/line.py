"""The parts of the line, opened together in one folder: what `demo`, `replay` and the long-running verbs compose."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from tempfile import NamedTemporaryFile
from threading import Event
from typing import TYPE_CHECKING
from uuid import uuid4

import typer

from cli.options import SITE
from cli.stored import SQLITE, opened
from ingest.catalog import Catalog
from ingest.ingester import Ingester
from ingest.link import BrokerUnavailable, Link
from ingest.receiver import Receiver, topics
from ingest.store import Store

if TYPE_CHECKING:  # the chart brings sqlalchemy and the rules, for which nothing that only takes in readings should wait
    from pydantic import BaseModel

    from alerts.chart import Chart
    from alerts.post import Post
    from alerts.watch import Watch
    from detectors.rule import Rule

SECRET_BYTES = 32
PATIENCE = 10.0
"""s to wait for a broker that was just started or named."""


def wall() -> int:
    """µs UTC: the one place below which nobody asks what time it is."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class Books:
    """What readings are kept in."""

    store: Store
    catalog: Catalog
    ingester: Ingester


@dataclass(frozen=True, slots=True)
class Clinic(Books):
    """Everything behind the broker."""

    chart: "Chart"

    def watch(self) -> "Watch":
        from alerts.watch import Watch  # brings scipy, for which neither ingest nor serve should wait

        return Watch(self.chart, self.store, self.catalog, default_rules())


def default_rules() -> Mapping[str, tuple["Rule", "BaseModel"]]:
    from config.plugins import rules

    return {name: (rule, rule.params()) for name, rule in rules().items()}


@contextmanager
def books(
    folder: Path, now: Callable[[], int] = wall, store: str = SQLITE, *, past: bool = False, unset: Callable[[], bool] = lambda: False
) -> Iterator[Books]:
    """Store and catalog in `folder`; `store` may be the address of one elsewhere. `past`, `unset`: see `Ingester`.

    Raises `StoreUnavailable`.
    """
    with ExitStack() as stack:
        kept = opened(folder, store)
        stack.callback(kept.close)
        catalog = Catalog(folder / "catalog.db")
        stack.callback(catalog.close)
        yield Books(kept, catalog, Ingester(kept, catalog, now, past, unset))


@contextmanager
def books_of(folder: Path, store: str = SQLITE) -> Iterator[Books]:
    """Of a site that is there already."""
    if not (folder / "catalog.db").exists():
        raise typer.BadParameter(f"{folder} holds no readings. Is the folder's name as you meant it? keepup ingest begins one.")
    if store == SQLITE and not (folder / "store").exists():  # a new, empty one would make it seem that all is lost
        raise typer.BadParameter(f"{folder} keeps its readings elsewhere. Name the InfluxDB with --store, as keepup ingest has it.")
    with books(folder, store=store) as kept:
        yield kept


@contextmanager
def clinic(
    folder: Path,
    now: Callable[[], int] = wall,
    store: str = SQLITE,
    *,
    chart: str | None = None,
    site: str = SITE,
    channels: Sequence[str] | Callable[[str], Sequence[str]] = ("mqtt",),
    answers: bool = True,
    past: bool = False,
) -> Iterator[Clinic]:
    """Store, catalog and chart in `folder`; `chart` is the URL of one elsewhere. Raises `StoreUnavailable`, `ChartUnavailable`."""
    from alerts.chart import Chart

    with books(folder, now, store, past=past) as kept:
        opened = Chart(chart or chart_in(folder), site=site, channels=channels, answers=answers)
        try:
            yield Clinic(kept.store, kept.catalog, kept.ingester, opened)
        finally:
            opened.close()


def chart_in(folder: Path) -> str:
    """The chart's URL where none is given."""
    return f"sqlite:///{folder / 'chart.db'}"


@contextmanager
def chart_of(folder: Path, chart: str | None = None, *, new: bool = False) -> Iterator["Chart"]:
    """Of a site that is there already, or (`new`) begins here; `chart` is the URL of one elsewhere. Raises `ChartUnavailable`."""
    from alerts.chart import Chart

    if chart is None and new:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif chart is None and not (folder / "chart.db").exists():
        raise typer.BadParameter(f"{folder} holds no site. Is the folder's name as you meant it? keepup patient add begins one.")
    opened = Chart(chart or chart_in(folder))
    try:
        yield opened
    finally:
        opened.close()


def site_secret(folder: Path) -> bytes:
    """Signs the links of the site in `folder`: `watch` makes them, `serve` reads them. Made at the first asking, whoever asks first."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "secret"
    if not kept.exists():
        with NamedTemporaryFile(dir=folder, prefix=".secret-") as new:  # readable by its owner alone
            new.write(token_bytes(SECRET_BYTES))
            new.flush()
            os.fsync(new.fileno())
            with suppress(FileExistsError):
                os.link(new.name, kept)  # whole or not at all, and never over another one's
    secret = kept.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise typer.BadParameter(
            f"{kept} holds {len(secret)} bytes, not {SECRET_BYTES}. Put it back from a backup, or remove it: "
            "a new one is made, and links that were sent before open nothing."
        )
    return secret


def warn_of_a_new_site(folder: Path) -> None:
    """For verbs that are of use only where a site already is: a mistyped folder would look like a clinic without patients."""
    if not (folder / "chart.db").exists():
        typer.echo(f"{folder} held no site: a new, empty one is begun there. Is the folder's name as you meant it?", err=True)


@contextmanager
def linked(url: str, name: str, subscribed: list[str], ca: str | None = None, stop: Callable[[], bool] = lambda: False) -> Iterator[Link]:
    """Raises `BrokerUnavailable` when the broker does not answer at first; later the link comes back by itself. `stop`: wait no longer."""
    link = Link(url, name, subscribed, ca)
    link.start()
    try:
        end = time.monotonic() + PATIENCE
        while not link.up() and not stop():
            if time.monotonic() > end:
                raise BrokerUnavailable("The broker does not answer. Check its address, and that it is running; user and password too.")
            time.sleep(0.02)
        yield link
    finally:
        link.stop()


@contextmanager
def receiving(
    behind: Books, url: str, site: str = SITE, ca: str | None = None, stop: Callable[[], bool] = lambda: False
) -> Iterator[Receiver]:
    """Ingests what the broker brings, in the background, for as long as the context lasts."""
    # a name of its own: of two connections of one name a broker keeps the newer
    with linked(url, f"keepup-ingest-{site}-{uuid4().hex[:8]}", topics(site), ca, stop) as link:
        receiver = Receiver(behind.ingester, link)
        receiver.start()
        try:
            yield receiver
        finally:
            receiver.stop()


@contextmanager
def listening(
    chart: "Chart", url: str, site: str = SITE, ended: Callable[[], None] = lambda: None, ca: str | None = None
) -> Iterator["Post"]:
    """Takes reports that the broker brings, in the background; raises what ended it, if a defect did. The broker may come later."""
    from alerts.post import Post, topic

    link = Link(url, f"keepup-post-{site}-{uuid4().hex[:8]}", [topic(site)], ca)
    post = Post(chart.reports, link, wall, ended)
    link.start()
    post.start()
    try:
        yield post
    finally:
        post.stop()
        link.stop()
    if post.failure:
        raise post.failure


def until_told() -> Event:
    """Set once this process is asked to end (SIGTERM, or Ctrl-C)."""
    told = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    return told
