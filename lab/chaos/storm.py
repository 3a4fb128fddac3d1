"""The storm: kills every process of a line at random instants, spoils its network and its disk, then lets it settle and has it judged."""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from ingest.catalog import Catalog
from ingest.store import Store, StoreUnavailable
from lab.chaos.collector import Orders, devs
from lab.chaos.disk import Disk, small_disk
from lab.chaos.ground import GATEWAY
from lab.chaos.proxy import Proxy
from lab.chaos.reader import Account, Claimed
from lab.chaos.verdict import Tally, Verdict, summed, verdict
from lab.chaos.victim import Victim

TICK = 0.03  # s
BETWEEN = (0.1, 1.1)
"""s from one blow to the next."""
DOWN = (0.0, 0.6)
"""s until what was killed is started again."""
FULL = (0.3, 1.5)
"""s for which the disk is full."""
KILL, NETWORK = 0.72, 0.95
"""Of the blows: up to the first kills, up to the second on the network; the rest on the disk, or where none is small the network."""
TREE = "tree"
"""All processes at one instant."""
SETTLED = 120.0
"""s that settling may take."""


@dataclass(frozen=True, slots=True)
class Site:
    """A line that stands ready; only its collector is the storm's own."""

    folder: Path
    port: int
    """Where its broker listens."""
    others: Sequence[Victim]
    """Broker, ingester, store server, as far as they are processes of their own; in the order in which they are started."""
    store: Callable[[], Store]
    """Opens it, for the reading at the end."""
    catalog: Path
    now: Callable[[], int]
    """µs UTC."""
    site: str = "home"
    python: Sequence[str] = (sys.executable, "-I", "-m")
    """How a module of ours is run."""


def rage(
    site: Site, seconds: float, seed: int, bands: int, *, disk: bool = True, moved: Callable[[float], None] = lambda _: None
) -> Verdict:
    """`moved`: told s since it began. The schedule follows from the seed; what it meets depends on the machine as well.

    Raises `StoreUnavailable`, `SpoolUnavailable` where the books cannot be read at the end.
    """
    with ExitStack() as stack:
        small = stack.enter_context(small_disk(site.folder / GATEWAY)) if disk else None
        return asyncio.run(Storm(site, seed, bands, small, moved).lived(seconds))


class Storm:
    def __init__(self, site: Site, seed: int, bands: int, disk: Disk | None, moved: Callable[[float], None]) -> None:
        self.site, self.seed, self.bands, self.disk, self.moved = site, seed, bands, disk, moved
        self.dice = Random(seed)  # noqa: S311 — a storm that can be had again
        self.proxy = Proxy(site.port, Random(seed + 1))  # noqa: S311 — as above
        self.claims: list[Claimed] = []
        self._emptied = self._began = 0.0

    async def lived(self, seconds: float) -> Verdict:
        await self.proxy.open()
        self.collector = self._collector()
        self.victims = [*self.site.others, self.collector]
        self.kills = dict.fromkeys([*(victim.name for victim in self.victims), TREE], 0)
        began = self.site.now()
        try:
            await self._stand()
            await self._rage(seconds)
            healed = self.site.now()
            settled = await self._settle()
            return verdict(self._tally(settled), self._books(began, healed))
        finally:
            await self.proxy.close()
            for victim in reversed(self.victims):
                victim.end()

    def _collector(self) -> Victim:
        orders = Orders(
            seed=self.seed,
            bands=self.bands,
            ahead=self.site.now() - time.monotonic_ns() // 1000,
            broker=f"mqtt://127.0.0.1:{self.proxy.port}",
            prefix=f"keepup/1/{self.site.site}/chaos",
            spool=self.spool,
            journal=self.journal,
        )
        command = [*self.site.python, "lab.chaos.collector", orders.model_dump_json()]
        return Victim("collector", command, self.site.folder / "collector.log")

    @property
    def spool(self) -> Path:
        return self.site.folder / GATEWAY / "spool.db"

    @property
    def journal(self) -> Path:
        return self.site.folder / "journal"

    async def _stand(self) -> None:
        """Until the line is up: what was stored of a band is told. A storm over nothing would show nothing."""
        end = time.monotonic() + SETTLED
        while not self.claims and time.monotonic() < end:
            self._raise_the_dead(time.monotonic())
            self._ask()
            await asyncio.sleep(TICK)

    async def _rage(self, seconds: float) -> None:
        self._began = blow = look = time.monotonic()
        while (at := time.monotonic()) < self._began + seconds:
            self._raise_the_dead(at)
            if at >= blow:
                self._strike(at)
                blow = at + self.dice.uniform(*BETWEEN)
            if at >= look:
                self._ask()
                look = at + self.dice.uniform(*BETWEEN) / 4
            if self.disk and at >= self._emptied:
                self.disk.heal()
            self.moved(at - self._began)
            await asyncio.sleep(TICK)

    def _raise_the_dead(self, at: float) -> None:
        for victim in self.victims:
            if victim.alive:
                continue
            if victim.due is None:  # nobody killed it
                victim.fell += 1
                victim.due = at + self.dice.uniform(*DOWN)
            elif at >= victim.due:
                victim.start()

    def _strike(self, at: float) -> None:
        how = self.dice.random()
        if how < KILL:
            self._kill(at)
        elif how < NETWORK or self.disk is None:
            self.proxy.act(self.dice.choice(list(self.proxy.acts)))
        else:
            self.disk.full()
            self._emptied = at + self.dice.uniform(*FULL)

    def _kill(self, at: float) -> None:
        alive = [victim for victim in self.victims if victim.alive]
        if not alive:
            return
        # the tree as often as one in six of the others
        what = self.dice.choice([*(alive * 2), None]) if len(alive) == len(self.victims) else self.dice.choice(alive)
        for victim in [what] if what else alive:
            victim.kill()
            victim.due = at + self.dice.uniform(*DOWN)
        self.kills[what.name if what else TREE] += 1

    def _ask(self) -> None:
        """How far one of the bands is complete."""
        dev = self.dice.choice(devs(self.bands))
        if not self.site.catalog.exists():
            return
        try:
            with closing(Catalog(self.site.catalog)) as catalog:
                upto = catalog.complete_to(dev)
        except StoreUnavailable:  # its ingester was killed before it had made it
            return
        if upto is not None:
            self.claims.append(Claimed(self.site.now(), dev, upto))

    async def _settle(self) -> float | None:
        """Everything is well again. s until nothing waits."""
        self.proxy.heal()
        if self.disk:
            self.disk.heal()
        began = time.monotonic()
        while (at := time.monotonic()) < began + SETTLED:
            if self.collector.ended() == 0:
                return round(at - began, 1)
            self._raise_the_dead(at)
            if self.collector.alive:
                self.collector.hush()
            self.moved(at - self._began)
            await asyncio.sleep(TICK)
        return None

    def _tally(self, settled: float | None) -> Tally:
        disk = f"filled {self.disk.filled} times" if self.disk else "not tried: a small file system takes root to mount"
        return Tally(self.kills, {v.name: v.fell for v in self.victims}, self.proxy.did, disk, settled)

    def _books(self, began: int, healed: int) -> Account:
        for victim in self.victims:
            if victim.name in ("collector", "ingester"):
                victim.end()
        return summed(self.site.store, self.site.catalog, self.spool, self.journal, self.claims, (began, healed))
