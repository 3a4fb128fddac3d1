"""The verbs of a site as processes below this one: started again when they end, ended with this one however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Lock, Thread

from cli.tether import TETHER

WAITS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""s before a verb that ended is started again; the last repeats."""
HEALTHY = 60.0
"""s a verb runs before its next end counts as the first."""
FAREWELL = 4.0
"""s all of them together may take to end once told to."""
LAST = 0.4
"""s for what is killed to be gone, and for the last words to be read."""
BACKLOG = 1000
"""Lines that wait for a terminal that does not take them; what comes beyond is lost, so that no verb waits for it."""
_LINES: "Queue[str]" = Queue(BACKLOG)


@dataclass(frozen=True, slots=True)
class Part:
    """One verb of the tree."""

    name: str
    args: Sequence[str]
    """Verb and what follows it; no secret, for other users of the machine see it."""
    env: Mapping[str, str]


def say(name: str, text: str) -> None:
    """Never waits and never fails: stderr may be stopped, or gone."""
    with suppress(Full):
        _LINES.put_nowait(f"{name:<8} | {text}\n")


def _speak() -> None:
    while True:
        line = _LINES.get()
        with suppress(OSError, ValueError):  # nobody listens any more, and there is nobody else to tell
            sys.stderr.write(line)
            sys.stderr.flush()
        _LINES.task_done()


class Tree:
    """One thread a verb. A verb's stdin is a pipe whose other end is here: when that goes, by kill -9 too, the verb ends itself."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._over = Event()
        self._branches = [_Branch(part, self._over) for part in parts]

    @property
    def names(self) -> list[str]:
        return [branch.name for branch in self._branches]

    def start(self) -> None:
        Thread(target=_speak, name="voice", daemon=True).start()
        for branch in self._branches:
            branch.start()

    def stop(self) -> None:
        """All end; those that do not in `FAREWELL` s are killed."""
        self._over.set()
        for branch in self._branches:
            branch.send(signal.SIGTERM)
        end = time.monotonic() + FAREWELL
        for branch in self._branches:
            branch.join(max(0.0, end - time.monotonic()))
        for branch in self._branches:
            branch.send(signal.SIGKILL)
            branch.join(LAST)
        end = time.monotonic() + LAST
        while not _LINES.empty() and time.monotonic() < end:
            time.sleep(0.01)


class _Branch(Thread):
    def __init__(self, part: Part, over: Event) -> None:
        super().__init__(name=part.name, daemon=True)
        self._part, self._over = part, over
        self._process: subprocess.Popen[str] | None = None
        self._lock = Lock()

    def send(self, number: int) -> None:
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(number)

    def run(self) -> None:
        failures = 0
        while not self._over.is_set():
            began = time.monotonic()
            how = self._lived()
            if self._over.is_set():
                return
            failures = 1 if time.monotonic() - began > HEALTHY else failures + 1
            wait = WAITS[min(failures, len(WAITS)) - 1]
            say(self._part.name, f"ended ({how}); it is started again in {wait:.0f} s")
            self._over.wait(wait)

    def _lived(self) -> str:
        """From its start to its end; gives how it ended."""
        try:
            process = self._begun()
        except OSError as error:  # the machine is short of processes or memory: that may pass
            return f"could not be started: {error.strerror}"
        return "not started" if process is None else _how(self._heard(process))

    def _begun(self) -> subprocess.Popen[str] | None:
        """`None`: no more; asked under the lock, so that none begins after all were told to end."""
        with self._lock:
            if self._over.is_set():
                return None
            self._process = subprocess.Popen(  # noqa: S603 — our own
                [sys.executable, "-I", "-m", "cli.main", *self._part.args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env={**os.environ, **self._part.env, TETHER: "1", "PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # Ctrl-C is said to all of a terminal's processes, and these are for us to end
            )
            return self._process

    def _heard(self, process: subprocess.Popen[str]) -> int:
        with process:
            for line in process.stdout or ():
                say(self._part.name, line.rstrip())
        return process.wait()


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"exit code {code}"
