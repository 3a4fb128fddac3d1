"""What is to be said of a plan file, and where in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Level = Literal["error", "warn", "info"]
Path = tuple[str | int, ...]
"""Keys as they are written and places in lists, from the top: ("phases", 0, "sessions", 1, "when", "at")."""


class Flaw(NamedTuple):
    """Said of a part of a plan, whatever line it stands on."""

    code: str
    level: Level
    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class Remark:
    code: str
    """Y: no YAML; S: no plan; R: the rules of `detectors.plan.lint`."""
    level: Level
    where: str
    """For people, e.g. "phases[1].sessions[0] core A.when.at"; empty for the whole file."""
    line: int
    """From 1."""
    message: str


@dataclass(frozen=True, slots=True)
class Source:
    """A plan file taken apart: what it says, and on which line it says so."""

    data: Any
    """Mappings, lists and, of every scalar, its text; `None` where nothing was written."""
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Of the part, or of the nearest around it that was written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def where(self, path: Path) -> str:
        """The path, with the name of the innermost part that has one."""
        here, steps, named = self.data, list[str](), None
        for step in path:
            steps.append(f"[{step}]" if isinstance(step, int) else f".{step}")
            here = _inside(here, step)
            name = _inside(here, "name") if isinstance(step, int) else None
            if isinstance(name, str) and name.isprintable():
                named = (len(steps), name)
        if named:
            steps[named[0] - 1] += f" {named[1][:40]}"
        return "".join(steps).removeprefix(".")

    def remark(self, flaw: Flaw) -> Remark:
        return Remark(flaw.code, flaw.level, self.where(flaw.path), self.line(flaw.path), flaw.message)


def _inside(data: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return data.get(step) if isinstance(data, Mapping) else None
    return data[step] if isinstance(data, Sequence) and step < len(data) else None
