"""Gateways and what stands behind the broker, so that books can be drawn up of what happened."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.ledger import read
from cli.line import Books
from ingest.batch import DAY, HOUR, Batch, Span
from ingest.catalog import Catalog
from ingest.ingester import Ingester
from ingest.ledger import Ledger
from ingest.spool import Spool
from ingest.stores.sqlite import SqliteStore
from ingest.wire import Message, Parcel, pack, seal, unpack
from tests.batches import NOON, changed, plain

TODAY = NOON // DAY
MIDNIGHT = (TODAY + 1) * DAY
END = MIDNIGHT + DAY


@dataclass
class Site:
    """Gateways and what stands behind the broker; the broker is whoever calls `carry`."""

    behind: Books
    spools: Mapping[str, Spool]
    poisoned: dict[tuple[str, int], bool] = field(default_factory=dict)
    """(gateway, row) whose first body is poison when it arrives → whether it still tells of whom and when it is."""
    sent: set[tuple[str, int]] = field(default_factory=set)
    """(gateway, row) that may have arrived as it was."""

    def accept(self, gateway: str, *batches: Batch, upto: int) -> None:
        dev = batches[0].dev if batches else "d1"
        spool = self.spools[gateway]
        spool.commit(batches, [Span(dev, max(spool.heard_to(dev) or NOON, NOON), upto)] if upto > (spool.heard_to(dev) or NOON) else [], {})

    def messages(self, gateway: str) -> list[bytes]:
        spool = self.spools[gateway]
        out = []
        for row in spool.oldest(0, 1000):
            self.sent.add((gateway, row.seq))
            parcel = unpack(row.parcel)
            if (dated := self.poisoned.get((gateway, row.seq))) is not None and parcel.bodies:
                (n, body), *rest = parcel.bodies
                parcel = Parcel([(n, changed(body, {"x": -1.0}) if dated else UNDATED), *rest], parcel.spans)
            claims = {row.dev: spool.claim(row.dev) or 0}
            out.append(seal(Message(spool.id, spool.next_turn(), claims, [(row.seq, pack(parcel))])))
        return out

    def carry(self, gateway: str, messages: Sequence[bytes], *, answered: bool = True) -> None:
        for _, ack in self.behind.ingester.take([(f"keepup/1/home/{gateway}", message) for message in messages]):
            if answered:
                self.spools[gateway].trim(ack.stored, [seq for seq, _ in ack.dead])

    def status(self, gateway: str) -> None:
        spool = self.spools[gateway]
        books: dict[str, list[tuple[int, int]]] = {}
        for (dev, day), n in spool.books().items():
            books.setdefault(dev, []).append((day, n))
        self.carry(gateway, [seal(Message(spool.id, spool.next_turn(), spool.claims(), books=books))])

    def settle(self, gateway: str) -> None:
        self.carry(gateway, self.messages(gateway))
        self.status(gateway)

    def books(self) -> Ledger:
        return read(self.behind, TODAY - 400, TODAY + 400)


@contextmanager
def site(store: type[SqliteStore] = SqliteStore, gateways: Sequence[str] = ("g1",)) -> Iterator[Site]:
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        kept, catalog = store(folder / "store"), Catalog(folder / "catalog.db")
        spools = {gateway: Spool(folder / f"{gateway}.db") for gateway in gateways}
        for close in (kept.close, catalog.close, *(spool.close for spool in spools.values())):
            stack.callback(close)
        yield Site(Books(kept, catalog, Ingester(kept, catalog, lambda: END)), spools)


def hour(n: int, dev: str = "d1", readings: int = 3, gateway: int = 0) -> Batch:
    """Readings from the n-th hour after noon; what two gateways hear of one moment they stamp apart."""
    return plain(t0=NOON + n * HOUR + gateway, n=readings, dev=dev)


UNDATED = b"\xff\x00"
