"""Other processes of one site, started and ended with this one."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from ingest.broker import free_port
from lab.gateway import Orders

FAREWELL = 5.0
"""s a process may take to end by itself."""
PATIENCE = 30.0
"""s a process may take to be ready."""
AGAIN = 0.01
"""s until a signal that was lost comes again."""


class EndedEarly(Exception):
    """A process of the site ended by itself; what it said stands above."""


def end_alike() -> None:
    """Let SIGTERM and a closed terminal end this process as Ctrl-C does, so that what it opened is closed and its folder goes."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.default_int_handler)
    sys.unraisablehook = _once_more


def _once_more(lost: "sys.UnraisableHookArgs") -> None:
    """A signal that arrives while something is being forgotten can end nothing there, and would be lost: it comes again."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
    else:
        sys.__unraisablehook__(lost)


@contextmanager
def running(*command: str, ears: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A module of ours as a process; with `ears` its stdin and stdout are pipes. Ended with the context."""
    pipe = subprocess.PIPE if ears else None
    isolated = [sys.executable, "-I", "-m", *command]
    process = subprocess.Popen(  # noqa: S603 — our own
        isolated,
        stdin=pipe or subprocess.DEVNULL,
        stdout=pipe,
        text=True,
        start_new_session=True,  # Ctrl-C is said to all of a terminal's processes, and this one is for us to end
    )
    try:
        yield process
    except BaseException:
        process.terminate()
        raise
    finally:
        if process.stdin:
            process.stdin.close()
        else:
            process.terminate()
        try:
            process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


@contextmanager
def ingesting(folder: Path) -> Iterator[str]:
    """An ingester for a history that is made up, with an embedded broker; gives its URL once it listens. Raises `EndedEarly`."""
    port = free_port()
    with running("cli.main", "ingest", str(folder), "--port", str(port), "--past", "--quiet") as process:
        end = time.monotonic() + PATIENCE
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > end:
                raise EndedEarly("The ingester did not start. Try again; if it stays so, report what it said above.")
            time.sleep(0.05)
        yield f"mqtt://127.0.0.1:{port}"


@dataclass(slots=True)
class Gateway:
    """The process with the virtual bands, and what it has said so far."""

    process: subprocess.Popen[str]
    said: Queue[dict[str, Any]] = field(default_factory=Queue)
    done: dict[str, int] | None = None

    def release(self) -> None:
        """Let what was held back come; the bands' process will say done again."""
        self.done = None
        if self.process.stdin:
            self.process.stdin.write("release\n")
            self.process.stdin.flush()

    def check(self) -> None:
        """Raises `EndedEarly`."""
        if self.process.poll() is not None and not self.done and self.said.empty():
            raise EndedEarly("The virtual bands' process ended too early. Try again; if it stays so, report what it said above.")


@contextmanager
def virtual_gateway(orders: Orders) -> Iterator[Gateway]:
    with running("lab.gateway", orders.model_dump_json(), ears=True) as process:
        gateway = Gateway(process)
        listener = Thread(target=_hear, args=(gateway,), name="gateway", daemon=True)
        listener.start()
        yield gateway
    listener.join(FAREWELL)


def _hear(gateway: Gateway) -> None:
    for line in gateway.process.stdout or ():
        gateway.said.put(json.loads(line))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
