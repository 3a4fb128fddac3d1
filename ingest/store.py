"""Where readings are kept: one protocol, one file in `ingest/stores` each."""

from collections.abc import Sequence
from typing import Protocol

from ingest.batch import DAY, Batch, Stream
from ingest.bout import Bout
from ingest.minute import Minutes
from ingest.tile import Tiles

RAW = frozenset({Stream.ACC, Stream.GYR})
RAW_KEPT, TILES_KEPT, REST_KEPT = 30 * DAY, 60 * DAY, 730 * DAY
"""How long is kept, in µs (design): batches of `RAW`, by far the most bytes and of no use once minutes and bouts are made and judged
again (14 days late at most); tiles, from which minutes can be made again; and all the rest, minutes, bouts, slow readings and gaps, which
cover a year's follow-up and the year before it."""
DEAD_KEPT = 365 * DAY
"""What was set aside: time enough for a KeepUp that can read it to come; it holds readings of people and may not be kept for ever."""


def kept(stream: Stream) -> int:
    """µs that a store keeps readings of a stream."""
    return RAW_KEPT if stream in RAW else REST_KEPT


class StoreUnavailable(Exception):
    """The store cannot take or give anything now (locked, disk full, read-only, down): hold and try again; nothing was half done."""


class Rejected(Exception):
    """The store will never take what it was given, whoever asks; nothing of it was written. The message says why.

    Whoever gave several things gives them again in halves until the culprit is alone.
    """


class Store(Protocol):
    """All times are µs UTC, ranges are [start, end). Every method may raise `StoreUnavailable`, and those that write `Rejected`.

    Writing is idempotent: a batch on (dev, stream, t0), a tile on (dev, t, part), a minute on (dev, t), a bout on (dev, kind, start).
    """

    def write(self, batches: Sequence[Batch], tiles: dict[str, Tiles], arrived: int) -> None:
        """Keep batches and the tiles of each band; when this returns all of it survives a power cut. `arrived`: µs UTC, first wins."""

    def batches(self, dev: str, stream: Stream, start: int, end: int, arrived_by: int | None = None) -> list[Batch]:
        """Batches that overlap the range, ascending in t0; with `arrived_by` only those that had arrived before it."""

    def before(self, dev: str, stream: Stream, start: int) -> Batch | None:
        """The newest batch that begins before `start`: a counter needs what it said last."""

    def tiles(self, dev: str, start: int, end: int, arrived_by: int | None = None) -> Tiles:
        """Tiles (parts not merged) with t in the range, ascending in (t, part)."""

    def write_minutes(self, dev: str, minutes: Minutes) -> None:
        """Keep minutes, replacing those of the same t."""

    def minutes(self, dev: str, start: int, end: int) -> Minutes:
        """Minutes with t in the range, ascending; a minute never computed is absent."""

    def write_bouts(self, dev: str, start: int, end: int, bouts: Sequence[Bout]) -> None:
        """Replace the bouts of the band that begin in the range by these."""

    def bouts(self, dev: str, start: int, end: int) -> list[Bout]:
        """Bouts that overlap the range, ascending in start."""

    def readings(self) -> dict[str, int]:
        """How many readings (samples, each stream's counted) are held per band, counted from what is held."""

    def daily(self, start: int, end: int) -> dict[tuple[str, int], int]:
        """(band, UTC day's number since 1970) → readings held of batches that begin on that day, for the days that begin in the range."""

    def trim(self, now: int) -> None:
        """Drop what is older than `RAW_KEPT`, `TILES_KEPT`, `REST_KEPT`; `Catalog.trim` goes before."""

    def close(self) -> None: ...
