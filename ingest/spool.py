"""The gateway's outbox: what this commits is never lost, and leaves only when an ingester says that it is stored."""

import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection

import structlog

from ingest.ahead import turn_back
from ingest.batch import MINUTE, Batch, Span, Stream
from ingest.budget import BUDGET, Budget, forecast
from ingest.charge import kept
from ingest.reserve import RESERVE, free
from ingest.spooled import ROTTEN, Books, bites, books, count, forget, insert, needed, note_pace, packed, remember, set_aside, unused, used
from ingest.spoolfile import Row, SpoolFile, SpoolFull, SpoolUnavailable
from ingest.unwritten import HOLD, Commit, Unwritten
from ingest.wire import LIFE

log = structlog.get_logger()
BITE = 16
"""Rows trimmed at once on a full disk: what the reserve has room for in the journal."""
BOOKED = 60
"""Days whose books are told again and again: what may still be in the store's short keeping."""


class Spool:
    """One SQLite file, one process. The collector commits on its thread, the sender reads and trims on its own. Times are µs UTC.

    `budget`, `reserve`: bytes on the disk, of the file and of what is kept beside it for bad times; `hold`: bytes in memory of what is
    committed while the disk is full. `opened`: so that a file brought back from a copy begins a new life. Raises `SpoolUnavailable`.
    """

    def __init__(self, path: Path, budget: int = BUDGET, reserve: int = RESERVE, hold: int = HOLD, opened: int = 0) -> None:
        self._file, self._budget, self._unwritten = SpoolFile(path, reserve, opened), Budget(budget), Unwritten(hold)
        self._out: set[int] = set()
        self._touched: set[tuple[str, int]] = set()
        self._bytes = self._noted = self._gone = 0
        self.path, self.id, self.life = self._file.path, self._file.id, self._file.life
        self._turn = self.life << LIFE
        self.commits = 0
        """Since it was opened: the sender sees by it that there is something new to claim."""
        self._left: list[str] = []
        with suppress(SpoolFull), self._file.writing() as db:
            db.execute("insert or replace into meta values ('budget', ?)", (str(budget),))

    def hear_only(self, bands: Collection[str]) -> None:
        """Of other bands, once heard and gone to another gateway since, there is nothing to add: they are claimed as far as these are
        heard. While nobody says, of each as far as it was heard itself."""
        self._left = [dev for (dev,) in self._file.all("select dev from band") if dev not in bands]

    def commit(
        self,
        batches: Sequence[Batch],
        spans: Sequence[Span],
        cursors: Mapping[tuple[str, Stream], int],
        heard_to: Mapping[str, int] | None = None,
    ) -> None:
        """All of it, durably, or none: then, while the disk is full, it waits in memory and comes before the next.

        `cursors`: last committed sample of each stream. `heard_to`: bands of which all that there will ever be before a time is told,
        where no span says so (a recording). Raises `SpoolUnavailable`.
        """
        with self._file.at_once():
            left = dict.fromkeys(self._left, max((span.t1 for span in spans), default=0))
            self._unwritten.add(Commit(batches, spans, cursors, left | dict(heard_to or {})))
            self._catch_up()

    def _catch_up(self) -> None:
        while self._unwritten and self._file.has_room(self._unwritten.first.size):
            try:
                self._write(self._unwritten.first)
            except SpoolFull:
                break
            self._unwritten.pop()
            self.commits += 1
        if lost := self._unwritten.shed():
            log.error("no room on the disk nor in memory: readings were given up, gaps say which", readings=lost, next="free some space")

    def _write(self, commit: Commit) -> None:
        rows = packed(commit)
        accepted: Counter[tuple[str, int]] = Counter()
        for dev, _, _, day, readings, *_ in rows:
            accepted[dev, day] += readings
        try:
            with self._file.writing() as db:
                gone = self._budget.make_room(db, needed(rows), self._out)
                before = used(db)
                insert(db, rows)
                remember(db, commit)
                count(db, "accepted", accepted)
                self._note(db, max([s.t1 for s in commit.spans] + [b.end for b in commit.batches], default=0), used(db) - before)
        except SpoolUnavailable:
            self._budget.look_again()
            raise
        self._gone += gone.total()
        self._touched |= {key for key, n in (accepted | gone).items() if n}

    def _note(self, db: Connection, at: int, size: int) -> None:
        self._bytes += size
        if abs(at - self._noted) >= 5 * MINUTE:  # not at each commit: a page less to write for a forecast, and less to read in the log
            note_pace(db, at, self._bytes)
            self._bytes, self._noted = 0, at
            if self._gone:
                log.warning("the spool is full: readings were given up, gaps say which", readings=self._gone, next="bring the line back")
            self._gone = 0

    def cursor(self, dev: str, stream: Stream) -> int | None:
        """Time of the last committed sample of a stream."""
        with self._file.at_once():
            waits = self._unwritten.cursor(dev, stream)
            return waits if waits is not None else self._file.one("select at from cursor where dev = ? and stream = ?", dev, str(stream))

    def heard_to(self, dev: str) -> int | None:
        """Time up to which the band's link was alive or a gap is recorded, or it was another gateway's."""
        return self._file.one("select heard_to from band where dev = ?", dev)

    def charge(self, dev: str) -> tuple[int, float] | None:
        """When the band last told its battery, and how many percent."""
        with self._file.at_once():
            return kept(self._file.db, dev)

    def turn_back(self, now: int) -> list[str]:
        """See `ingest.ahead`."""
        with self._file.at_once(), self._file.writing() as db:
            return turn_back(db, now)

    def claim(self, dev: str) -> int | None:
        """Everything of the band before this is stored, or a recorded gap, as far as this spool knows."""
        # in one statement: a commit between two would let the claim run ahead of its row
        sql = "select (select min(t0) from row where dev = ?), (select heard_to from band where dev = ?)"
        return min((at for at in self._file.all(sql, dev, dev)[0] if at is not None), default=None)

    def claims(self) -> dict[str, int]:
        devs = [dev for (dev,) in self._file.all("select dev from band")]
        return {dev: claim for dev in devs if (claim := self.claim(dev)) is not None}

    def next_turn(self) -> int:
        self._turn += 1
        return self._turn

    def oldest(self, after: int, limit: int) -> list[Row]:
        """Rows behind `after`, oldest first, for the backlog; of a damaged file those before the damage, or `SpoolUnavailable`."""
        return self._rows("select seq, dev, crc, parcel from row where seq > ? order by seq limit ?", after, limit)

    def newest(self, limit: int, without: Collection[int]) -> list[Row]:
        """Newest rows first, for what is live; damage as in `oldest`."""
        with self._file.at_once():
            sql = "select seq from row order by seq desc limit ?"
            seqs = [s for (s,) in self._file.legible(sql, limit + len(without)) if s not in without][:limit]
            return self._rows(f"select seq, dev, crc, parcel from row where seq in ({','.join('?' * len(seqs))}) order by seq desc", *seqs)

    def trim(self, stored: Sequence[tuple[int, int]], dead: Sequence[int]) -> int:
        """Forget rows an ingester has answered for. Returns how many went. Raises `SpoolFull` where not even that can be written."""
        answered = [*stored, *((seq, seq) for seq in dead)]
        with self._file.at_once():
            try:
                return self._forget(answered)
            except SpoolUnavailable:  # of a full disk the reserve is given back now; of a damaged file not every row can leave
                return self._nibble(answered)

    def _nibble(self, answered: Sequence[tuple[int, int]]) -> int:
        gone, failed = 0, None
        for bite in bites(answered, BITE, self._file.one("select seq from sqlite_sequence where name = 'row'") or 0):
            try:
                gone += self._forget([bite])
            except SpoolFull:
                raise
            except SpoolUnavailable as error:
                failed = error
        if failed:
            raise failed
        return gone

    def _forget(self, answered: Sequence[tuple[int, int]]) -> int:
        with self._file.writing() as db:
            gone = forget(db, answered)
        self._out.difference_update(gone)
        return len(gone)

    @property
    def full(self) -> bool:
        """Whether the disk has no room, as far as is known: what is committed waits in memory."""
        return self._file.full

    def waiting(self) -> int:
        """Rows not yet answered for, and commits that are not yet rows."""
        return (self._file.one("select count(*) from row") or 0) + len(self._unwritten)

    def accepted(self) -> dict[str, int]:
        """Readings ever committed, per band."""
        return dict(self._file.all("select dev, sum(n) from accepted group by dev"))

    def accepted_by_day(self) -> Books:
        """Of them, by the UTC day on which their batch begins."""
        return books(self._file.all("select dev, day, n from accepted order by dev, day"))

    def thinned_by_day(self) -> Books:
        """Readings accepted, and lost since: given up when the budget was used up, or spoilt by the disk. Gaps say when."""
        return books(self._file.all("select dev, day, n from thinned order by dev, day"))

    def waiting_by_day(self) -> Books:
        """Readings in rows not yet answered for."""
        return books(self._file.all("select dev, day, sum(readings) from row group by dev, day having sum(readings) order by dev, day"))

    def books(self, of: Collection[tuple[str, int]] | None = None) -> dict[tuple[str, int], int]:
        """(band, UTC day) → readings accepted and not lost since, which are or will be at an ingester. `None`: of the newest days."""
        net = "select a.dev, a.day, a.n - coalesce(t.n, 0) from accepted a left join thinned t on t.dev = a.dev and t.day = a.day where "
        if of is None:
            rows = self._file.all(f"{net} a.day in (select distinct day from accepted where day > 0 order by day desc limit ?)", BOOKED)
        else:
            rows = [row for key in of for row in self._file.all(f"{net} a.dev = ? and a.day = ?", *key)]
        return {(dev, day): n for dev, day, n in rows}

    def touched(self) -> set[tuple[str, int]]:
        """(band, UTC day) whose books changed since this was last asked."""
        with self._file.at_once():
            changed, self._touched = self._touched, set()
            return changed

    def days_left(self) -> float | None:
        """Days until the budget or the disk is used up, if nothing leaves and hours go on as the last; `None`: too early to say."""
        paces = [n for (n,) in self._file.all("select bytes from pace order by hour")]
        with self._file.at_once():
            db = self._file.db
            return forecast(min(self._budget.limit - used(db), free(self.path.parent) + unused(db)), paces)

    def close(self) -> None:
        """Raises `SpoolFull` where commits never came to the disk."""
        with self._file.at_once():
            self._catch_up()
            left = len(self._unwritten)
            self._file.close()
        if left:
            raise SpoolFull(f"{self.path} could not take what was heard last: the disk is full. Free some space; the time is a gap.")

    def _rows(self, sql: str, *values: object) -> list[Row]:
        with self._file.at_once():  # from here on they count as out: thinning comes to them last
            found = self._file.legible(sql, *values)
            self._out.update(seq for seq, *_ in found)
            return [Row(seq, dev, parcel if zlib.crc32(parcel) == crc else self._set_aside(seq)) for seq, dev, crc, parcel in found]

    def _set_aside(self, seq: int) -> bytes:
        with self._file.writing() as db:
            key, gap = set_aside(db, seq)
        self._touched.add(key)
        log.error("a row was set aside", row=seq, reason=ROTTEN, next=f"copy {self.path.name} to another disk")
        return gap
