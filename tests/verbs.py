"""The verbs as a person starts them: real processes, by way of the front door."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LONG = 30.0  # s, a limit, not a wait
IN_TIME = 5.0
"""s within which a verb that runs for good ends once it is told to."""
NOBODY = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}
"""A machine without Bluetooth, wherever the tests run."""


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + LONG
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


@dataclass
class Verb:
    """One that was started; its words go to files, so that no full pipe can stop it."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def said(self) -> str:
        """On stderr, in one line: where a box wraps a sentence is the terminal's affair."""
        return " ".join((self.folder / "err").read_text().replace("│", " ").split())

    def ended(self) -> int:
        """Its exit code, once it ends by itself."""
        return self.process.wait(LONG)

    def stopped(self, within: float = IN_TIME) -> int:
        """Its exit code after SIGTERM; raises `TimeoutExpired` where it takes longer, in s."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)


@contextmanager
def started(folder: Path, *args: str | Path, stdin: str = "", script: str | None = None, **env: str) -> Iterator[Verb]:
    """`keepup args`, or a Python `script` in its place. `folder` is for what it says."""
    folder.mkdir(parents=True)
    (folder / "in").write_text(stdin)
    ours = {key: value for key, value in os.environ.items() if not key.startswith("KEEPUP_")} | NOBODY | env
    what = ["-c", script] if script else ["-m", "cli.main"]
    command = [sys.executable, "-I", *what, *map(str, args)]
    with (folder / "in").open() as asked, (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen(command, stdin=asked, stdout=out, stderr=err, env=ours, cwd=folder)
    try:
        yield Verb(process, folder)
    finally:
        process.kill()
        process.wait()


def ended(folder: Path, *args: str | Path, stdin: str = "", **env: str) -> tuple[int, Verb]:
    """(exit code, what it said) of a verb that ends by itself."""
    with started(folder, *args, stdin=stdin, **env) as verb:
        return verb.ended(), verb
