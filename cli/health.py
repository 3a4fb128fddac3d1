"""How an ingester is, for whoever watches over the machine: /healthz for a supervisor, /metrics for Prometheus."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from cli.line import wall
from cli.options import stamp
from ingest.batch import MICROS
from ingest.catalog import Catalog
from ingest.link import loopback
from ingest.receiver import Receiver
from ingest.store import StoreUnavailable
from ingest.tally import BOUNDS

HOST = "127.0.0.1"
SLOW = 5.0
"""s that somebody who asks may take to say what."""


@contextmanager
def health(receiver: Receiver, catalog: Catalog, port: int, host: str = HOST) -> Iterator[int]:
    """In the background, for as long as the context lasts; gives the port, for 0 a free one. Raises `OSError` where it is taken.

    `host`: name or address of this machine at which it listens, and by which it may be asked for.
    """
    registry = CollectorRegistry()
    registry.register(_Figures(receiver, catalog))
    pages: dict[str, Callable[[], tuple[int, str, bytes]]] = {"/healthz": partial(_well, receiver), "/metrics": partial(_counted, registry)}
    try:
        server = ThreadingHTTPServer((host, port), partial(_Asked, pages, host))
    except OSError as error:
        raise OSError(error.errno, os.strerror(error.errno or 0), f"{host}:{port}") from error
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Asked(BaseHTTPRequestHandler):
    timeout = SLOW
    server_version, sys_version = "KeepUp", ""

    def __init__(self, pages: dict[str, Callable[[], tuple[int, str, bytes]]], host: str, *args: Any) -> None:
        self._pages, self._host = pages, host
        super().__init__(*args)

    def do_GET(self) -> None:
        page = self._pages.get(self.path)
        # a page of another site whose name was made to mean this machine sends that name along
        ours = _ours(self.headers.get("Host", ""), self._host)
        code, kind, body = page() if page and ours else (404 if ours else 421, "text/plain", b"/healthz or /metrics\n")
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Who asks every few seconds is not worth a line."""


def _ours(name: str, host: str) -> bool:
    try:
        asked = urlsplit(f"//{name}").hostname or ""
        return loopback(asked) or asked == host.lower()
    except ValueError:
        return False


def _well(receiver: Receiver) -> tuple[int, str, bytes]:
    """200 where what comes is stored, else 503. `defect_since`: since when all of it is set aside for a defect of ours.
    `clock_since`: since when (by its own clock) some is not answered, for this machine's clock may be behind."""
    broker, held, tally = receiver.link.up(), receiver.held_since, receiver.ingester.tally
    store, stored, struck, doubted = held is None and receiver.failure is None, tally.stored_at, tally.struck_since, tally.doubted_since
    told = {
        "ok": broker and store and struck is None and doubted is None,
        "broker": broker,
        "store": store,
        "held_since": None if held is None else stamp(held),
        "defect_since": None if struck is None else stamp(struck),
        "clock_since": None if doubted is None else stamp(doubted),
        "last_stored": None if stored is None else stamp(stored),
    }
    return 200 if told["ok"] else 503, "application/json", json.dumps(told).encode() + b"\n"


def _counted(registry: CollectorRegistry) -> tuple[int, str, bytes]:
    return 200, CONTENT_TYPE_LATEST, generate_latest(registry)


class _Figures(Collector):
    """Read when they are asked for. A band's id is a pseudonym."""

    def __init__(self, receiver: Receiver, catalog: Catalog) -> None:
        self._receiver, self._catalog = receiver, catalog

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        receiver, tally = self._receiver, self._receiver.ingester.tally
        for name, about, count in (
            ("messages", "Messages with readings that were answered, repeats too.", tally.messages),
            ("batches", "Batches stored, repeats too.", tally.batches),
            ("readings", "Readings stored, repeats too.", tally.readings),
            ("inbox_left", "Messages that found no room in the inbox and are sent again.", receiver.link.left),
        ):
            yield CounterMetricFamily(f"keepup_{name}", about, count)
        dead = CounterMetricFamily("keepup_dead", "What was set aside, repeats too, by why.", labels=["kind"])
        for kind, count in tally.dead.items():
            dead.add_metric([kind], count)
        yield dead
        yield _commits(tally.commits, tally.seconds)
        yield GaugeMetricFamily("keepup_inbox_messages", "Messages that wait to be stored.", receiver.link.arrived.qsize())
        yield GaugeMetricFamily("keepup_broker_up", "1: connected to the broker.", receiver.link.up())
        yield GaugeMetricFamily("keepup_holding", "1: the store is unavailable, and nothing is answered.", receiver.held_since is not None)
        try:
            yield from self._kept()
        except StoreUnavailable:
            return  # what cannot be read now is left out: absent, not zero

    def _kept(self) -> list[Metric]:
        now, found = wall(), self._catalog.gateways.completeness()
        lag = GaugeMetricFamily(
            "keepup_complete_lag_seconds", "How long ago the time is up to which all of a band is known.", labels=["dev"]
        )
        for dev, upto in found.items():
            lag.add_metric([dev], (now - upto) / MICROS)
        return [lag, GaugeMetricFamily("keepup_dead_letters", "What is set aside now.", self._catalog.letters.count())]


def _commits(counts: list[int], seconds: float) -> Metric:
    buckets, below = [], 0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), list(counts), strict=True):
        below += count
        buckets.append((bound, float(below)))
    return HistogramMetricFamily("keepup_commit_seconds", "From messages that were read to store and catalog committed.", buckets, seconds)
