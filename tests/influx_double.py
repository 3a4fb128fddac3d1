"""The protocol double of InfluxDB 2 in a thread of this test, and as a process that can be killed."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from influxdb_client import InfluxDBClient  # type: ignore[attr-defined] # the library exports it by a star

from ingest.broker import free_port
from lab.influxdb.server import Double

TOKEN, ORG = "operators-token", "clinic"
NOON = 1_793_707_200_000_000
"""µs: 3 November 2026, 12:00 UTC."""


@contextmanager
def doubled(folder: Path, now: Callable[[], int] | None = None, *, onboarded: bool = True) -> Iterator[Double]:
    server = Double(0, folder / "double.db", now)
    if onboarded:
        server.api.accounts.onboard(ORG, TOKEN)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def client(url: str, token: str = TOKEN) -> Iterator[InfluxDBClient]:
    with InfluxDBClient(url, token, org=ORG, timeout=5_000) as found:
        yield found


@contextmanager
def process(folder: Path, port: int | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The double as a process that listens, and its URL; killed with the context."""
    command = [sys.executable, "-I", "-m", "lab.influxdb.server", "--port", str(port or free_port())]
    command += ["--file", str(folder / "double.db"), "--token", TOKEN, "--org", ORG]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            yield running, json.loads(running.stdout.readline())["url"]
        finally:
            running.kill()
