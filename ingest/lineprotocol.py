"""Values → lines of InfluxDB's line protocol, ready-made bytes: fifteen times faster than a client's point objects.

Times are whole µs. What the protocol cannot carry is `Rejected`, before anything is sent.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from ingest.batch import Batch, Stream
from ingest.body import encode
from ingest.bout import Bout
from ingest.deflate import deflated
from ingest.minute import MINUTE_DTYPE, Minutes
from ingest.store import Rejected
from ingest.tile import Tiles

LONGEST = 65_536
"""Bytes a text may have in a field (InfluxDB 2.7 documentation, line protocol)."""
PLAIN = frozenset({Stream.HR, Stream.STEPS, Stream.BATTERY})
"""Streams that dashboards show as they are."""
_COLUMNS = [name for name in MINUTE_DTYPE.names or () if name != "t"]


def batch_line(batch: Batch, arrived: int) -> bytes:
    text = b64encode(deflated(encode(batch)))
    if len(text) > LONGEST:
        raise Rejected(
            f"{batch.n} {batch.stream} readings in one batch take {len(text)} bytes, and InfluxDB holds {LONGEST} in a field. "
            "Have the band's driver send shorter batches."
        )
    said = (str(batch.stream).encode(), tag(batch.dev), text, batch.n, batch.end, arrived, batch.t0)
    return b'%b,dev=%b body="%b",n=%di,t1=%di,arrived=%di %d' % said


def tile_lines(dev: str, tiles: Tiles, arrived: list[int]) -> Iterator[bytes]:
    """`arrived` of each tile."""
    of = tag(dev)
    for tile, at in zip(tiles, arrived, strict=True):
        yield b'tile,dev=%b body="%b",arrived=%di %d' % (of, b64encode(tile.tobytes()), at, tile["t"] + tile["part"])


def reading_lines(batch: Batch) -> Iterator[bytes]:
    """The samples of a plain stream, one by one; a heart rate of 0 is no reading."""
    if batch.stream not in PLAIN:
        return
    name, of = str(batch.stream).encode(), tag(batch.dev)
    for at, value in zip(batch.times.tolist(), batch.values[:, 0].tolist(), strict=True):
        if value or batch.stream is not Stream.HR:
            yield b"reading,dev=%b %b=%b %d" % (of, name, repr(value * float(batch.scale)).encode(), at)


def hour_line(dev: str, hour: int, packed: bytes) -> bytes:
    """`hour`: its start, µs UTC."""
    return b'hour,dev=%b body="%b" %d' % (tag(dev), b64encode(packed), hour)


def minute_lines(dev: str, minutes: Minutes) -> Iterator[bytes]:
    """What is known of each minute, column by column."""
    of = tag(dev)
    for row in minutes:
        known = [f"{name}={float(row[name])!r}" for name in _COLUMNS if np.isfinite(row[name])]
        if known:
            yield b"minute,dev=%b %b %d" % (of, ",".join(known).encode(), row["t"])


def bout_line(bout: Bout) -> bytes:
    text = json.dumps(asdict(bout)).replace("\\", "\\\\").replace('"', '\\"').encode()
    if len(text) > LONGEST:
        raise Rejected(f"A bout's evidence takes {len(text)} bytes, and InfluxDB holds {LONGEST} in a field. Say it shorter.")
    return b'bout,dev=%b %b="%b" %d' % (tag(bout.dev), bout.kind.encode(), text, bout.start)


def no_bout_line(dev: str, kind: str, start: int) -> bytes:
    """Takes a bout back by an empty text: in one request with what replaces it, where a deletion would be a second one."""
    return b'bout,dev=%b %b="" %d' % (tag(dev), kind.encode(), start)


def tag(dev: str) -> bytes:
    if not dev or not dev.isprintable() or "\\" in dev:
        raise Rejected(f"{dev[:64]!r} cannot be a band's name in InfluxDB. Enrol the band under a name of letters, digits and -.")
    return dev.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ").encode()
