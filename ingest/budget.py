"""How much a spool may take of the disk: what makes way when it is used up, and for how many days it still lasts."""

import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from ingest.batch import DAY, Span
from ingest.forms import Refused
from ingest.spooled import count, insert, used
from ingest.thinning import SLOW, TOLD, WHOLE, thinned, told
from ingest.wire import Parcel, pack, unpack

BUDGET = 2 << 30
"""Bytes of a spool's file: 20 bands with motion at 50 Hz around the clock for more than three days, for some hours a day for weeks."""
SOON = 3.0
"""Days left below which it is time to say so: a weekend may pass before somebody can see to it."""
CHUNK, CHUNK_BYTES, CHUNK_SHARE = 256, 1 << 20, 32
"""Rows looked at in one step, and bytes of theirs, and which part of a small budget: many at once, so that whole pages of the file become
free, but not many more than must."""
GROWN = 20_000
"""Bytes of a row of spans from which on no more are joined to it."""
Counts = Counter[tuple[str, int]]
"""(band, UTC day) → readings."""


class Budget:
    """Raw motion goes first, oldest first, then other readings, each leaving a gap under its own row's number. When gaps alone are too
    much, those of a band are joined in a row of a new number: an answer to the old ones then says nothing of what they did not hold."""

    def __init__(self, limit: int = BUDGET) -> None:
        self.limit = limit
        self._swept = dict.fromkeys((WHOLE, SLOW, TOLD), 0)

    def make_room(self, db: sqlite3.Connection, need: int, out: Collection[int]) -> Counts:
        """In the caller's transaction. `out`: rows that may be stored already though no answer came; they go last. What was thinned."""
        gone: Counts = Counter()
        if used(db) + need > self.limit:
            for step in self._steps(db, out, gone):
                while used(db) + need > self.limit and step():
                    pass
            count(db, "thinned", gone)
        return gone

    def look_again(self) -> None:
        """The transaction came to nothing: look again from the beginning."""
        self._swept = dict.fromkeys(self._swept, 0)

    def _steps(self, db: sqlite3.Connection, out: Collection[int], gone: Counts) -> Sequence[Callable[[], bool]]:
        def sweep(heavy: int, spared: Collection[int]) -> Callable[[], bool]:
            return lambda: self._sweep(db, heavy, spared, gone)

        def again() -> bool:
            self.look_again()
            return False

        first = [sweep(WHOLE, out), sweep(SLOW, out), lambda: self._fold(db)]
        return [*first, again, sweep(WHOLE, ()), sweep(SLOW, ()), lambda: self._fold(db)] if out else first

    def _sweep(self, db: sqlite3.Connection, heavy: int, spared: Collection[int], gone: Counts) -> bool:
        """The oldest rows of this weight become lighter. False: there are none."""
        sql = "select seq, dev, t0, t1, day, readings, crc, parcel from row where weight = ? and seq > ? order by seq limit ?"
        rows, size = [], 0
        for row in db.execute(sql, (heavy, self._swept[heavy], CHUNK)):
            rows.append(row)
            size += len(row[-1])
            if size > min(CHUNK_BYTES, self.limit // CHUNK_SHARE):
                break
        if not rows:
            return False
        self._swept[heavy] = rows[-1][0]
        lighter = [light for row in rows if row[0] not in spared for light in _lightened(row, heavy, gone)]
        db.executemany("delete from row where seq = ?", [(seq,) for seq, *_ in lighter])  # all before any comes back: that frees pages
        db.executemany("insert into row(seq, dev, t0, t1, day, readings, weight, crc, parcel) values (?, ?, ?, ?, ?, ?, ?, ?, ?)", lighter)
        return True

    def _fold(self, db: sqlite3.Connection) -> bool:
        """The oldest rows of spans alone become one for each band. False: there are none."""
        sql = "select seq, dev, crc, parcel from row where weight = ? and seq > ? and length(parcel) < ? order by seq limit ?"
        rows = db.execute(sql, (TOLD, self._swept[TOLD], GROWN, CHUNK)).fetchall()
        if len(rows) < 2:
            return False
        self._swept[TOLD] = rows[-1][0]
        spans: dict[str, list[Span]] = {}
        held = [(seq, dev, parcel) for seq, dev, parcel in ((s, d, _read(c, p)) for s, d, c, p in rows) if parcel and not parcel.bodies]
        for _, dev, parcel in held:
            spans.setdefault(dev, []).extend(parcel.spans)
        alone = {dev for dev in spans if sum(d == dev for _, d, _ in held) < 2}
        db.executemany("delete from row where seq = ?", [(seq,) for seq, dev, _ in held if dev not in alone])
        for dev, mine in spans.items():
            if dev not in alone:
                one = told(mine)
                t0, t1 = min(s.t0 for s in one), max(s.t1 for s in one)
                insert(db, [(dev, t0, t1, t0 // DAY, 0, TOLD, pack(Parcel([], one)))])
        return True


def forecast(room: int, paces: Sequence[int]) -> float | None:
    """Days until the room (bytes) is used up if nothing leaves; `paces`: bytes of each hour, oldest first; `None`: too early to say.

    The mean of the last 24 hours that were recorded, without the newest, which is not over, and the first, which may have begun late.
    """
    whole = paces[1:-1][-24:] or paces[:-1]
    return max(room, 0) / (sum(whole) / len(whole)) / 24 if sum(whole) else None


def _lightened(row: tuple[int, str, int, int, int, int, int, bytes], heavy: int, gone: Counts) -> list[tuple[object, ...]]:
    seq, dev, t0, t1, day, readings, crc, packed = row
    parcel = _read(crc, packed)
    if parcel is None:  # its turn comes when it is sent
        return []
    left, lost = thinned(parcel, dev, raw_only=heavy == WHOLE)
    gone[dev, day] += lost
    small = pack(left)
    light = SLOW if left.bodies and heavy == WHOLE else TOLD
    return [(seq, dev, t0, t1, day, readings - lost, light, zlib.crc32(small), small)]


def _read(crc: int, packed: bytes) -> Parcel | None:
    if zlib.crc32(packed) != crc:
        return None
    try:
        return unpack(packed)
    except Refused:
        return None
