"""The store for more than one machine: InfluxDB 2, laid out as `ingest.flux` says."""

import json
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from threading import RLock
from typing import get_args, get_type_hints

import numpy as np
import zstandard

from ingest import flux
from ingest.batch import CELL, DAY, HOUR, MICROS, Batch, Stream
from ingest.body import decode
from ingest.bout import Bout
from ingest.deflate import inflated
from ingest.influx import PATIENCE, Server, place
from ingest.lineprotocol import batch_line, bout_line, hour_line, minute_lines, no_bout_line, reading_lines, tag, tile_lines
from ingest.minute import MINUTE_DTYPE, Minutes, joined
from ingest.store import RAW, RAW_KEPT, REST_KEPT, TILES_KEPT, Rejected
from ingest.tile import TILE_DTYPE, Tiles

KINDS: Sequence[str] = get_args(get_type_hints(Bout)["kind"])
LONGEST = DAY
"""No bout is longer: what may reach into a range is looked for this far before it."""
NEAR = 10 * MICROS
"""What begins no further apart is asked after in one query. No commit is longer; behind an outage the newest comes with the oldest, and
what is between them is not to be fetched."""
NAMED = 50
"""Bands named in one query; with more, every band's rows are read and the others' passed over."""

Key = tuple[str, str, int]
"""(measurement, band, time of the point, µs UTC)."""


class InfluxStore:
    """`ingest.store.Store` in the buckets at `address`; several processes may hold it open, one of them writes minutes and bouts.

    Nobody is called before the first question is put. What was written is there for whoever asks next.
    """

    def __init__(self, address: str, token: str, patience: float = PATIENCE) -> None:
        self._at = place(address)
        self._server = Server(self._at.url, self._at.org, token, patience)
        self._turn = RLock()

    def write(self, batches: Sequence[Batch], tiles: dict[str, Tiles], arrived: int) -> None:
        for dev in {*tiles, *(batch.dev for batch in batches)}:
            tag(dev)  # before it is asked after: a question that cannot be put would be held for ever
        given = {_key(batch): batch for batch in reversed(batches)}
        first = self._arrived({key for key in given if key[0] in RAW}, self._at.raw)
        first |= self._arrived({key for key in given if key[0] not in RAW}, self._at.rest)
        new = {key: batch for key, batch in given.items() if key not in first}
        raw = [batch_line(batch, arrived) for (stream, _, _), batch in new.items() if stream in RAW]
        rest = [batch_line(batch, arrived) for (stream, _, _), batch in new.items() if stream not in RAW]
        plain = [line for batch in new.values() for line in reading_lines(batch)]
        cells = self._cells(tiles, {key: first.get(key, arrived) for key in given}, arrived)
        # Raw readings first: their bucket forgets soonest, and what it will not take must leave nothing behind.
        self._server.write(self._at.raw, raw)
        self._server.write(self._at.tiles, cells)
        # Plain readings before their batches: a batch that is there is not written again, and nor would they be.
        self._server.write(self._at.rest, plain + rest)

    def batches(self, dev: str, stream: Stream, start: int, end: int, arrived_by: int | None = None) -> list[Batch]:
        # no batch is longer than an hour, so none that began earlier can reach into the range
        bodies = self._bodies(self._holding(stream), stream, dev, start - HOUR - MICROS + 1, end, arrived_by)
        return [batch for batch in map(decode, map(inflated, bodies)) if batch.end > start]

    def before(self, dev: str, stream: Stream, start: int) -> Batch | None:
        if start <= flux.BEGINNING:
            return None
        asked = flux.newest(self._holding(stream), stream, dev, "body", min(start, flux.END))
        found = [decode(inflated(b64decode(row["_value"]))) for row in self._server.rows(asked)]
        return found[0] if found else None

    def tiles(self, dev: str, start: int, end: int, arrived_by: int | None = None) -> Tiles:
        found = np.frombuffer(b"".join(self._bodies(self._at.tiles, "tile", dev, start, end + CELL, arrived_by)), TILE_DTYPE)
        return found[(found["t"] >= start) & (found["t"] < end)]

    def write_minutes(self, dev: str, minutes: Minutes) -> None:
        tag(dev)
        hours = {int(hour) * HOUR: minutes[minutes["t"] // HOUR == hour] for hour in np.unique(minutes["t"] // HOUR)}
        with self._turn:
            for first, last in _together(sorted(hours), HOUR):
                known = self._column(self._at.rest, "hour", dev, "body", first, last + HOUR)
                old = {at: _unpacked(b64decode(body)) for at, body in known}
                lines = [line for hour in range(first, last + 1, HOUR) for line in self._hour(dev, hour, old.get(hour), hours[hour])]
                self._server.write(self._at.rest, lines)

    def _hour(self, dev: str, hour: int, old: Minutes | None, new: Minutes) -> Iterator[bytes]:
        whole = new
        if old is not None:
            whole = np.sort(np.concatenate([old[~np.isin(old["t"], new["t"])], new]), order="t")
            if _forgets(old, whole):
                # a field once written stays until it is deleted, and dashboards would show as known what is not
                self._server.delete(self._at.rest, hour, hour + HOUR, flux.whose("minute", dev))
        yield from minute_lines(dev, whole)
        yield hour_line(dev, hour, zstandard.compress(whole.tobytes()))

    def minutes(self, dev: str, start: int, end: int) -> Minutes:
        found = [_unpacked(b64decode(body)) for _, body in self._column(self._at.rest, "hour", dev, "body", start // HOUR * HOUR, end)]
        out = joined(found)
        return out[slice(*np.searchsorted(out["t"], (start, end)))]

    def write_bouts(self, dev: str, start: int, end: int, bouts: Sequence[Bout]) -> None:
        tag(dev)
        if any(bout.end - bout.start > LONGEST for bout in bouts):
            raise Rejected("A bout is longer than a day. Nobody walks or exercises for a day: look at what the band sent.")
        with self._turn:
            new = {(bout.kind, bout.start) for bout in bouts}
            old = [(kind, at) for kind in KINDS for at, text in self._column(self._at.rest, "bout", dev, kind, start, end) if text]
            gone = [no_bout_line(dev, kind, at) for kind, at in old if (kind, at) not in new]
            self._server.write(self._at.rest, [*map(bout_line, bouts), *gone])

    def bouts(self, dev: str, start: int, end: int) -> list[Bout]:
        texts = [text for kind in KINDS for _, text in self._column(self._at.rest, "bout", dev, kind, start - LONGEST, end) if text]
        found = [Bout(**json.loads(text)) for text in texts]
        return sorted((bout for bout in found if bout.end > start), key=lambda bout: (bout.start, bout.kind))

    def readings(self) -> dict[str, int]:
        out: dict[str, int] = {}
        for bucket in (self._at.raw, self._at.rest):
            for row in self._server.rows(flux.held(bucket)):
                out[row["dev"]] = out.get(row["dev"], 0) + int(row["_value"])
        return out

    def daily(self, start: int, end: int) -> dict[tuple[str, int], int]:
        first, last = max(-(-start // DAY) * DAY, flux.BEGINNING), min(-(-end // DAY) * DAY, flux.END)
        out: dict[tuple[str, int], int] = {}
        for bucket in (self._at.raw, self._at.rest) if first < last else ():
            for row in self._server.rows(flux.held_by_day(bucket, first, last)):
                key = row["dev"], flux.instant(row["_time"]) // DAY
                out[key] = out.get(key, 0) + int(row["_value"])
        return out

    def trim(self, now: int) -> None:
        """The buckets forget by themselves, by the server's clock; this forgets by `now`."""
        for bucket, kept in ((self._at.raw, RAW_KEPT), (self._at.tiles, TILES_KEPT), (self._at.rest, REST_KEPT)):
            if now > kept:
                self._server.delete(bucket, flux.BEGINNING, now - kept)

    def close(self) -> None:
        self._server.close()

    def _holding(self, stream: Stream) -> str:
        return self._at.raw if stream in RAW else self._at.rest

    def _cells(self, tiles: dict[str, Tiles], known: dict[Key, int], arrived: int) -> list[bytes]:
        """Lines of the tiles, each as old as its batch; one that comes without its batch is asked after."""
        at = {dev: [int(t["t"] + t["part"]) for t in found] for dev, found in tiles.items()}
        alone = {("tile", dev, t) for dev, times in at.items() for t in times if (Stream.ACC, dev, t) not in known}
        known = known | self._arrived(alone, self._at.tiles)
        out: list[bytes] = []
        for dev, times in at.items():
            since = [known.get((Stream.ACC, dev, t), known.get(("tile", dev, t), arrived)) for t in times]
            out += tile_lines(dev, tiles[dev], since)
        return out

    def _arrived(self, keys: set[Key], bucket: str) -> dict[Key, int]:
        """When those of `keys` that are held arrived."""
        out: dict[Key, int] = {}
        for first, last in _together(sorted({at for _, _, at in keys}), NEAR):
            devs = sorted({dev for _, dev, at in keys if first <= at <= last})
            for row in self._server.rows(flux.arrivals(bucket, devs if len(devs) <= NAMED else (), first, last + 1)):
                key = row["_measurement"], row["dev"], flux.instant(row["_time"])
                if key in keys:
                    out[key] = int(row["_value"])
        return out

    def _bodies(self, bucket: str, measurement: str, dev: str, start: int, end: int, arrived_by: int | None) -> Iterator[bytes]:
        if arrived_by is None:
            yield from (b64decode(body) for _, body in self._column(bucket, measurement, dev, "body", start, end))
            return
        by = {at for at, arrived in self._column(bucket, measurement, dev, "arrived", start, end) if int(arrived) < arrived_by}
        yield from (b64decode(body) for at, body in self._column(bucket, measurement, dev, "body", start, end) if at in by)

    def _column(self, bucket: str, measurement: str, dev: str, field: str, start: int, end: int) -> Iterator[tuple[int, str]]:
        """(time, value) ascending, [start, end)."""
        start, end = max(start, flux.BEGINNING), min(end, flux.END)
        if start < end:
            for row in self._server.rows(flux.column(bucket, measurement, dev, field, start, end)):
                yield flux.instant(row["_time"]), row["_value"]


def _key(batch: Batch) -> Key:
    return batch.stream, batch.dev, batch.t0


def _together(times: Sequence[int], near: int) -> Iterable[tuple[int, int]]:
    """Ascending times → (first, last) of each run in which no two neighbours are further apart than `near`."""
    breaks = [i + 1 for i, (a, b) in enumerate(pairwise(times)) if b - a > near]
    return [(times[i], times[j - 1]) for i, j in pairwise([0, *breaks, len(times)])] if times else []


def _forgets(old: Minutes, new: Minutes) -> bool:
    """Whether something known before is unknown now."""
    now = new[np.searchsorted(new["t"], old["t"])]
    return any((np.isfinite(old[name]) & ~np.isfinite(now[name])).any() for name in MINUTE_DTYPE.names or ())


def _unpacked(body: bytes) -> Minutes:
    return np.frombuffer(zstandard.decompress(body), MINUTE_DTYPE)


OPEN = InfluxStore
