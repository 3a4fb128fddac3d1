"""InfluxDB 2 for tests: the protocol double, in a thread or as a process that can be killed; and a real server where there is one."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from uuid import uuid4

import pytest
from influxdb_client import InfluxDBClient  # type: ignore[attr-defined] # the library exports it by a star

from ingest.buckets import kept, prepare
from ingest.influx import Server, place
from lab.influxdb.server import Double

TOKEN = "an-operators-token"  # noqa: S105 — of a server that lives as long as a test
ORG = "clinic"
NOON = 1_793_707_200_000_000
"""µs: 3 November 2026, 12:00 UTC."""
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Influx:
    """A server and an operator's token."""

    url: str
    org: str
    token: str

    def site(self) -> str:
        """The address of a new store: buckets of its own, which forget nothing, for the tests' times are not today's."""
        address = f"{self.url}/{self.org}/t-{uuid4().hex[:12]}"
        with closing(self.server()) as server:
            prepare(server, self.org, dict.fromkeys(kept(place(address)), 0))
        return address

    def server(self, token: str | None = None) -> Server:
        return Server(self.url, self.org, self.token if token is None else token)


@contextmanager
def double(folder: Path, port: int = 0, now: Callable[[], int] | None = None, *, onboarded: bool = True) -> Iterator[tuple[Influx, Double]]:
    """The protocol double, in this process."""
    with Double(port, folder / "double.db", now) as server:
        if onboarded:
            server.api.accounts.onboard(ORG, TOKEN)
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield Influx(server.url, ORG, TOKEN), server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


@contextmanager
def client(url: str, token: str = TOKEN) -> Iterator[InfluxDBClient]:
    """The official client."""
    with InfluxDBClient(url, token, org=ORG, timeout=5_000) as found:
        yield found


@contextmanager
def double_process(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """The protocol double as a process of its own, on the same file each time; for those who kill it."""
    words = ["--port", str(port), "--file", str(folder / "double.db"), "--token", TOKEN, "--org", ORG]
    with subprocess.Popen([sys.executable, "-I", "-m", "lab.influxdb.server", *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), "the double did not start"
            yield process
        finally:
            process.kill()


@contextmanager
def real() -> Iterator[Influx]:
    """The server that KEEPUP_TEST_INFLUX_URL names, or one of this test's own; skips the test where there is neither."""
    url = os.environ.get("KEEPUP_TEST_INFLUX_URL")
    program = shutil.which("influxd")
    if url:
        yield Influx(url.rstrip("/"), os.environ["KEEPUP_TEST_INFLUX_ORG"], os.environ["KEEPUP_TEST_INFLUX_TOKEN"])
    elif program:
        with TemporaryDirectory(prefix="keepup-influx-") as folder, _influxd(program, Path(folder)) as influx:
            yield influx
    else:
        pytest.skip("NOT RUN ON A REAL INFLUXDB 2: set KEEPUP_TEST_INFLUX_URL, _TOKEN and _ORG, or put influxd on PATH")


@contextmanager
def _influxd(program: str, folder: Path) -> Iterator[Influx]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    paths = [f"--bolt-path={folder}/bolt", f"--sqlite-path={folder}/sqlite", f"--engine-path={folder}/engine"]
    command = [program, *paths, f"--http-bind-address={url.removeprefix('http://')}", "--reporting-disabled", "--log-level=error"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait(f"{url}/health", process)
        first = {"username": "operator", "password": uuid4().hex, "org": ORG, "bucket": "first", "token": TOKEN}
        asked = urllib.request.Request(f"{url}/api/v2/setup", json.dumps(first).encode(), {"Content-Type": "application/json"})  # noqa: S310 — ours
        urllib.request.urlopen(asked, timeout=PATIENCE).close()  # noqa: S310
        yield Influx(url, ORG, TOKEN)
    finally:
        process.send_signal(signal.SIGINT)  # the only one after which it closes its files
        process.wait(PATIENCE)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310 — ours
            return
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, "influxd ended"
            assert time.monotonic() < end, "influxd does not answer"
            time.sleep(0.05)
