"""Courses of `tests.killing`, one after the other, before receivers that live on: how they went, and every promise they broke."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alerts.chart import Chart
from tests.killing import Clock
from tests.passes import furnished
from tests.verdict import faults
from tests.witness import Letter, Witness, witnessing

MEMORY = Path("/dev/shm")  # noqa: S108 — a folder of its own is made there, for what a kill breaks is the same on a disk and takes longer
ROOT = Path(__file__).resolve().parents[1]


class Ordeal:
    """Courses one after the other, each with a chart of its own; what became of them, and every promise they broke."""

    def __init__(self, witness: Witness, killer: subprocess.Popen[str], chart: Callable[[], str]) -> None:
        self._witness, self._killer, self._chart = witness, killer, chart
        self.kills = self.points = self.missed = self.letters = self.repeats = self.unknown = 0
        self.faults: list[str] = []
        self.url = ""

    def course(self, kills: int, seed: int | None = None, *, moody: bool = False) -> list[str]:
        """Gives the promises that this one broke. `moody`: one in three tries at a receiver fails."""
        self.url = self._chart()
        self._witness.letters, self._witness.moody = [], moody
        assert self._killer.stdin is not None
        assert self._killer.stdout is not None
        print(json.dumps({"url": self.url, "kills": kills, "seed": seed}), file=self._killer.stdin, flush=True)
        went = json.loads(self._killer.stdout.readline())
        self.kills += went["kills"]
        self.points, self.missed = went["points"], went["missed"]
        self._count(self.url, self.witnessed)
        broken = faults(self.url, self.witnessed, calm=not moody)
        self.faults += broken
        return broken

    @property
    def witnessed(self) -> list[Letter]:
        return self._witness.letters

    def _count(self, url: str, letters: list[Letter]) -> None:
        self.letters += len(letters)
        self.repeats += len(letters) - len({letter.id for letter in letters})
        chart = Chart(url)
        self.unknown += chart.counts(0).unknown
        chart.close()

    def __str__(self) -> str:
        """For whoever reads the test's output."""
        return (
            f"{self.kills} kills at {self.points} crash points, {self.missed} missed; {self.letters} letters, "
            f"{self.repeats} repeats by id, {self.unknown} unknown; {len(self.faults)} promises broken"
        )


@contextmanager
def ordeal(chart: Callable[[Path], Callable[[], str]], mutant: str = "") -> Iterator[Ordeal]:
    """`chart` gives what gives the chart of each course; `mutant`: one of `tests.killing.MUTANTS`."""
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=where) as made, _before(Path(made), chart(Path(made)), mutant) as lived:
        yield lived


@contextmanager
def _before(folder: Path, chart: Callable[[], str], mutant: str) -> Iterator[Ordeal]:
    with witnessing(Clock(folder / "clock")) as (witness, ports):
        command = [sys.executable, "-m", "tests.killing", str(folder / "clock"), json.dumps(ports), mutant]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killer:
            yield Ordeal(witness, killer, chart)


def sqlite(folder: Path) -> Callable[[], str]:
    """Gives a chart as it is before the first day, always at the same place."""
    furnished(f"sqlite:///{folder}/blank.db")

    def fresh() -> str:
        for old in folder.glob("chart.db*"):
            old.unlink()
        shutil.copy(folder / "blank.db", folder / "chart.db")
        return f"sqlite:///{folder}/chart.db"

    return fresh
