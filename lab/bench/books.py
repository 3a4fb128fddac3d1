"""The books at the end of a job, by `keepup ledger` itself."""

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lab.bench.job import Figure, Unmeasured
from lab.chaos.storm import Site
from lab.chaos.victim import Victim

TRIES, AGAIN = 5, 1.0
"""Looks at the books, and s from one to the next: the gateway's last word may be under way."""


@dataclass(frozen=True, slots=True)
class Books:
    """Readings of all bands and days together."""

    balanced: bool
    accepted: int
    stored: int
    dead: int
    over: bool = True
    """Whether the gateway says that all it had is stored."""

    @property
    def whole(self) -> bool:
        """Nothing is under way any more, and whatever was accepted is stored."""
        return self.over and self.balanced and self.accepted == self.stored > 0 and not self.dead

    def figures(self) -> Sequence[Figure]:
        lost = self.accepted - self.stored
        return [
            Figure("accepted", self.accepted, "readings"),
            Figure("stored", self.stored, "readings"),
            Figure(f"books, which {'' if self.balanced else 'do NOT '}balance: accepted, not stored", lost, "readings", "0"),
        ]


def books(site: Site, *, over: bool) -> Books:
    """`over`: see `Books`. Raises `Unmeasured`."""
    ingester = next(one for one in site.others if one.name == "ingester")
    for _ in range(TRIES if over else 1):
        found = replace(summed(_asked(ingester)), over=over)
        if found.whole:
            break
        time.sleep(AGAIN)
    return found


def summed(told: str) -> Books:
    """`told`: what `keepup ledger --json` says."""
    ledger = json.loads(told)
    accepted, stored, dead = (sum(row[name] or 0 for row in ledger["rows"]) for name in ("accepted", "stored", "dead"))
    return Books(ledger["balanced"], accepted, stored, dead)


def _asked(ingester: Victim) -> str:
    """Of the site whose ingester it is."""
    command = list(ingester.command)
    verb, store = command.index("ingest"), command.index("--store")
    ledger = [*command[:verb], "ledger", command[verb + 1], *command[store : store + 2], "--json"]
    pipe = subprocess.PIPE
    # its stdin stays open: with the end of that, what is told to end with its parent ends
    with subprocess.Popen(ledger, stdin=pipe, stdout=pipe, text=True, env=dict(ingester.env)) as process:  # noqa: S603 — our own
        told = process.stdout.read() if process.stdout else ""
    if not told:
        raise Unmeasured("keepup ledger could not be asked; what went wrong is said above. Try again.")
    return told
