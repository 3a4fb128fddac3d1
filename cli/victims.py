"""A line for a storm to pass over, in a folder of its own: broker, ingester and, where readings are kept elsewhere, their server."""

import os
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from enum import StrEnum
from getpass import getuser
from pathlib import Path
from shutil import which

import httpx
import typer

from cli.line import wall
from cli.stored import SQLITE, TOKEN_FILE
from cli.tether import TETHER
from config import plugins
from ingest.broker import free_port
from ingest.store import Store, StoreUnavailable
from lab.chaos.storm import Site
from lab.chaos.victim import Victim

MODULE = (sys.executable, "-I", "-m")
ORG = "chaos"
PATIENCE = 30.0
"""s a server of readings may take to be ready."""


class Kept(StrEnum):
    """Where readings are kept: in the folder, in the protocol double of InfluxDB 2, in an InfluxDB 2 of the storm's own."""

    SQLITE = "sqlite"
    DOUBLE = "double"
    INFLUX = "influx"


class Broker(StrEnum):
    """Embedded: one process with the ingester. Mosquitto runs without persistence. Both forget everything."""

    EMBEDDED = "embedded"
    MOSQUITTO = "mosquitto"


def site(folder: Path, broker: Broker, kept: Kept = Kept.SQLITE, module: Sequence[str] = MODULE) -> Site:
    """None of it runs yet but a server of readings. `module`: how one of ours is run. Raises `BadParameter`, `StoreUnavailable`."""
    port, line = free_port(), folder / "site"
    own = broker is Broker.EMBEDDED
    brokers = [] if own else [Victim("broker", _mosquitto(folder, port), folder / "broker.log")]
    servers, address, store = _kept(folder, line, kept, module)
    where = ["--port", str(port)] if own else ["--broker", f"mqtt://127.0.0.1:{port}"]
    command = [*module, "cli.main", "ingest", str(line), "--store", address, *where]
    ingester = Victim("ingester", command, folder / "ingester.log", _environment() | {TOKEN_FILE: str(folder / "token")})
    return Site(folder, port, [*servers, *brokers, ingester], store, line / "catalog.db", wall, python=module)


def _kept(folder: Path, line: Path, kept: Kept, module: Sequence[str]) -> tuple[list[Victim], str, Callable[[], Store]]:
    """The server if it takes one, what `--store` is told, and what opens it."""
    if kept is Kept.SQLITE:
        return [], SQLITE, lambda: plugins.store(SQLITE)(line / "store")
    port, token = free_port(), secrets.token_urlsafe(24)
    address = f"http://127.0.0.1:{port}/{ORG}"
    (folder / "token").write_text(token)
    command = _influxd(folder, port) if kept is Kept.INFLUX else _double(folder, port, token, module)
    server = Victim("store", command, folder / "store.log")
    server.start()
    try:
        _prepare(address, token, server)
    except BaseException:
        server.end()
        raise
    return [server], address, lambda: plugins.store("influx")(address, token)


def _double(folder: Path, port: int, token: str, module: Sequence[str]) -> list[str]:
    return [*module, "lab.influxdb.server", "--port", str(port), "--file", str(folder / "double.db"), "--token", token, "--org", ORG]


def _influxd(folder: Path, port: int) -> list[str]:
    program = which("influxd")
    if program is None:
        raise typer.BadParameter("influxd is not on PATH. Put InfluxDB 2's server there, or take --store double, which answers as it does.")
    paths = [f"--bolt-path={folder}/bolt", f"--sqlite-path={folder}/sqlite", f"--engine-path={folder}/engine"]
    return [program, *paths, f"--http-bind-address=127.0.0.1:{port}", "--reporting-disabled", "--log-level=error"]


def _prepare(address: str, token: str, server: Victim) -> None:
    """Its first organisation and its buckets, once it answers. Raises `StoreUnavailable`."""
    from ingest.buckets import kept, prepare  # bring a client for which no storm over SQLite should wait
    from ingest.influx import Server, place

    at = place(address)
    end = time.monotonic() + PATIENCE
    while not _answers(at.url):
        if not server.alive or time.monotonic() > end:
            raise StoreUnavailable(f"{server.command[0]} did not start. What it said is in {server.log}.")
        time.sleep(0.05)
    if httpx.get(f"{at.url}/api/v2/setup").json()["allowed"]:
        first = {"username": "operator", "password": secrets.token_urlsafe(24), "org": ORG, "bucket": "first", "token": token}
        httpx.post(f"{at.url}/api/v2/setup", json=first, timeout=PATIENCE).raise_for_status()
    with closing(Server(at.url, at.org, token)) as told:
        prepare(told, at.org, kept(at))


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=1).is_success
    except httpx.HTTPError:
        return False


def _environment() -> dict[str, str]:
    """Of a verb that ends with this process, and minds no setting of its user's."""
    return {key: value for key, value in os.environ.items() if not key.startswith("KEEPUP_")} | {TETHER: "1"}


def _mosquitto(folder: Path, port: int) -> list[str]:
    found = which("mosquitto") or which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise typer.BadParameter("Mosquitto is not installed. Install it (Debian: apt-get install mosquitto), or take --broker embedded.")
    told = folder / "mosquitto.conf"
    # one that changes its user would outlive a storm that is killed
    told.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser {getuser()}\n")
    return [found, "-c", str(told)]
