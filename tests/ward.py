"""An ingester before a store that is hard to please, and messages for it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.batch import DAY, MINUTE, Batch, Span
from ingest.body import encode
from ingest.catalog import Catalog
from ingest.ingester import Ingester
from ingest.store import Rejected, StoreUnavailable
from ingest.stores.sqlite import SqliteStore
from ingest.tile import Tiles
from ingest.wire import Message, Parcel, pack, seal
from tests.batches import NOON, plain

BAD, STRANGE = 666, 667


class Picky(SqliteStore):
    """Will never take a batch whose first value is `BAD`, has a defect that `STRANGE` brings out, and is out of order when told so."""

    writes = 0
    fails_at = 0

    def write(self, batches: Sequence[Batch], tiles: dict[str, Tiles], arrived: int) -> None:
        self.writes += 1
        if self.writes == self.fails_at:
            raise StoreUnavailable("out of order")
        firsts = {int(batch.values[0, 0]) for batch in batches}
        if STRANGE in firsts:
            raise ZeroDivisionError("Ann Example was born on 1 April")
        if BAD in firsts:
            raise Rejected("a field has another type")
        super().write(batches, tiles, arrived)


@dataclass
class Ward:
    """A store, its catalog, and an ingester whose clock a test may set."""

    store: Picky
    catalog: Catalog
    now: int = NOON
    past: bool = False
    unset: bool = False
    ingester: Ingester = field(init=False)

    def __post_init__(self) -> None:
        self.ingester = Ingester(self.store, self.catalog, lambda: self.now, self.past, lambda: self.unset)

    def take(self, *messages: tuple[str, bytes]) -> tuple[Counter[tuple[str, int]], dict[tuple[str, int], str]]:
        """What was answered: (spool, row) → how often as stored, and (spool, row) → the reason why it is dead."""
        stored: Counter[tuple[str, int]] = Counter()
        dead: dict[tuple[str, int], str] = {}
        for _, ack in self.ingester.take(messages):
            stored.update((ack.spool, seq) for a, b in ack.stored for seq in range(a, b + 1))
            dead |= {(ack.spool, seq): why for seq, why in ack.dead}
        return stored, dead

    def payloads(self) -> set[bytes]:
        return {one.payload for one in self.catalog.dead()}


def told(seq: int, *bodies: bytes, n: int = 3, spool: str = "s", spans: Sequence[Span] = (), claim: int | None = None) -> tuple[str, bytes]:
    parcel = pack(Parcel([(n, body) for body in bodies], spans))
    return f"keepup/1/home/{spool}", seal(Message(spool, seq, {} if claim is None else {"d1": claim}, [(seq, parcel)]))


def at(minute: int, value: int = 70) -> bytes:
    """Three minutes, one of a time of its own for each number."""
    return encode(plain(t0=NOON - DAY + minute * 3 * MINUTE, value=value))
