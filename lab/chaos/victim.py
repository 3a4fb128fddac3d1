"""A process that is killed without a word, and started again."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from shutil import which

FAREWELL = 5.0
"""s for one that is asked to end."""


@dataclass(slots=True)
class Victim:
    """What it says goes to `log`. It ends with this process: `bound` sees to that, and the stdin of a verb of ours, a pipe."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    due: float | None = 0.0
    """When it is to be started, s by the clock of the storm; `None`: it has been."""
    fell: int = 0
    """How often it ended by itself: a disk that takes no more, a broker that does not answer."""
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        self.hush()
        self.due = None
        with self.log.open("ab") as said:
            self._process = subprocess.Popen(  # noqa: S603 — our own
                bound(self.command),
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                env=dict(self.env) or None,
                start_new_session=True,  # Ctrl-C is for the storm, which ends the others
            )

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def hush(self) -> None:
        """The end of its stdin."""
        if self._process and self._process.stdin:
            self._process.stdin.close()

    def ended(self) -> int | None:
        """Its exit code; `None` while it lives."""
        return self._process.poll() if self._process else None

    def end(self, number: int = signal.SIGTERM) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.hush()


def bound(command: Sequence[str]) -> list[str]:
    """The same as a process that Linux kills once the thread that started it is gone, if by -9. It must not change its user after."""
    return [*_binding(), *command]


@cache
def _binding() -> tuple[str, ...]:
    binding = (which("setpriv") or "true", "--pdeathsig", "KILL")
    asked = subprocess.run([*binding, "true"], capture_output=True, check=False)  # noqa: S603 — of util-linux
    return binding if binding[0] != "true" and asked.returncode == 0 else ()
