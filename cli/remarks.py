"""Remarks on a plan file, for people at a terminal."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from detectors.plan.remark import Level, Remark

LOOK: dict[Level, tuple[str, str, str]] = {
    "error": ("✗", "error", "bold red"),
    "warn": ("!", "warning", "yellow"),
    "info": ("i", "advice", "cyan"),
}
"""Glyph, word, style: the colour says nothing that the word does not."""


def shown(file: Path, found: Sequence[Remark]) -> None:
    """By level, the gravest first, then by line; last a sentence that sums it up."""
    say = Console(highlight=False, markup=False, emoji=False)
    say.print(Text(str(file), style="bold"))
    for level, (glyph, word, style) in LOOK.items():
        for one in (remark for remark in found if remark.level == level):
            head = Text.assemble(("  " + glyph + " ", style), (word, style), f"  line {one.line}  ", (one.code, "bold"))
            head.append(f"  {one.where}" if one.where else "", "dim")
            say.print(head)
            say.print(Padding(Text(one.message), (0, 0, 0, 4)))
    say.print(_summed(found))


def _summed(found: Sequence[Remark]) -> Text:
    counts = Counter(one.level for one in found)
    told = ", ".join(_counted(counts[level], LOOK[level][1]) for level in LOOK if counts[level])
    if counts["error"]:
        last = " Mend the errors; the rules are looked at once the file is a plan." if _no_plan(found) else " Mend the errors first."
        return Text(f"  {told}.{last}", "bold red")
    return Text(f"  ✓ {'This plan is good.' if not told else f'This plan can be used. {told[0].upper()}{told[1:]}.'}", "green")


def _counted(count: int, word: str) -> str:
    if word == "advice":
        return f"{count} piece{'' if count == 1 else 's'} of advice"
    return f"{count} {word}{'' if count == 1 else 's'}"


def _no_plan(found: Sequence[Remark]) -> bool:
    return any(one.code[0] in "YS" and one.level == "error" for one in found)
