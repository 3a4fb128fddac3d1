"""The processes of a job, started and ended with it."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lab.bench.job import Unmeasured
from lab.bench.publisher import Orders
from lab.chaos.storm import Site
from lab.chaos.victim import Victim, bound

PATIENCE = 30.0
"""s until an ingester listens."""


@contextmanager
def standing(site: Site, *names: str) -> Iterator[dict[str, Victim]]:
    """Those of `names`, or all: the broker, the ingester, and the store's server, where they are processes of their own."""
    try:
        for one in site.others:
            if not one.alive and (not names or one.name in names):
                one.start()
        yield {one.name: one for one in site.others}
    finally:
        for one in reversed(site.others):
            one.end(signal.SIGINT if one.name == "store" else signal.SIGTERM)  # InfluxDB's answer to SIGTERM is slow


def pids(processes: Mapping[str, Victim]) -> dict[str, int]:
    """Of those that live."""
    return {name: one.pid for name, one in processes.items() if one.pid and one.alive}


def until_it_listens(ingester: Victim) -> None:
    """It says so once it does. Raises `Unmeasured`."""
    end = time.monotonic() + PATIENCE
    while not (ingester.log.exists() and ingester.log.stat().st_size):
        if not ingester.alive or time.monotonic() > end:
            raise Unmeasured(f"The ingester did not listen within {PATIENCE:g} s. Try again.")
        time.sleep(0.02)


class Publisher:
    """The process of `lab.bench.publisher`; it stands ready."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.windows = int(self._next()["ready"])

    def publish(self, moved: Callable[[float], None]) -> float:
        """s it took until all was answered. `moved`: told how much is, 0 to 1. Raises `Unmeasured`."""
        if self._process.stdin:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        while "done" not in (said := self._next()):
            moved(said["answered"] / self.windows)
        return float(said["seconds"])

    def _next(self) -> Any:
        for line in self._process.stdout or ():
            return json.loads(line)
        raise Unmeasured("The line did not carry what was published; what went wrong is said above. Try again.")


@contextmanager
def publisher(site: Site, orders: Orders) -> Iterator[Publisher]:
    """Raises `Unmeasured`."""
    command = bound([*site.python, "lab.bench.publisher", orders.model_dump_json()])
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True) as process:  # noqa: S603 — our own
        try:
            yield Publisher(process)
        finally:
            process.terminate()
