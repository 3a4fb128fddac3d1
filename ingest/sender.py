"""From the spool to the broker: own window, live and backlog interleaved, sent again until an ingester answers."""

import time
from collections.abc import Iterator, Sequence
from threading import Event, Thread

import structlog

from ingest.forms import Refused
from ingest.link import Link
from ingest.spool import Spool
from ingest.spooled import books as by_band
from ingest.spoolfile import Row, SpoolFull, SpoolUnavailable
from ingest.wire import Message, seal, unseal_ack

log = structlog.get_logger()
WINDOW = 20
"""Publications without a PUBACK at most."""
ROWS, BYTES = 50, 60_000
"""In one publication at most: what a commit has heard of many bands, or some of a backlog, goes together. A single row may be larger."""
AHEAD, PUBLISHED = 2_000, 500
"""Rows and publications sent and not yet answered for, at most; but for a few rows that are fresh: an ingester that is slow with a backlog,
or has lost some of it, keeps no alert waiting. Brokers keep a thousand publications for one that is slow."""
HURRY, PATIENCE = 2.0, 30.0
"""s without its answer after which a row is sent again: soon after a connection, when the ingester may not have been there yet to hear
it, then twice as long each time, up to the second. Each row has its own clock, for answers to others say nothing of one that is lost.
While nothing at all is answered, only so many are sent again as fit the window: to ask, not to press."""
STATUS_EVERY = 30.0
"""s between status messages when nothing changes."""
ALL_BOOKS_EVERY = 600.0
"""s after which the books of all days are told again: nobody answers a status, and one may have met no ingester. They are told at once
where rows went astray, as what was told meanwhile did too. Two months of 200 bands are 150 kB, less than a hundredth of their data."""
PORTION = 2_000
"""Days of bands in one status message at most: some 30 kB."""
RETRY = 1.0
"""s between attempts while the spool's disk is full."""
LIVE_PER_BACKLOG = 4


class Sender:
    """One thread between a spool and a broker. PUBACK is pacing; only an ingester's ack trims the spool."""

    def __init__(self, spool: Spool, link: Link, prefix: str, rows: int = ROWS) -> None:
        """`prefix`: "keepup/1/{site}/{gateway}"; the link must be subscribed to `prefix` + "/ack". `rows`: in one publication at most; by
        one at a time the same rows make the same messages, whenever they leave."""
        self._spool, self._link, self._prefix, self._rows = spool, link, prefix, rows
        self._sent: dict[int, float] = {}
        self._behind = self._front = 0
        self._turns = 0
        self._due: set[tuple[str, int]] = set()
        self._booked = -ALL_BOOKS_EVERY
        self._answered = self._told = self._asked = 0.0
        self._patience = PATIENCE
        self._astray = False
        self._commits = 0
        self._connection = 0
        self._stop = Event()
        self._thread = Thread(target=self._run, name="sender", daemon=True)
        self.failure: Exception | None = None
        """What ended it; of a damaged spool, what keeps it from some rows while it sends all others."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._stop.wait(self._step())
        except Exception as error:  # noqa: BLE001 — whoever waits for this thread must hear of its end, whatever it was
            self.failure = error
            log.error("sending stopped", reason=str(error) if isinstance(error, SpoolUnavailable) else type(error).__name__)

    def _step(self) -> float:
        """Returns how long there is nothing to do, s."""
        try:
            return 0.0 if self.turn(time.monotonic()) else 0.02
        except SpoolFull:  # it says so itself; what could not be trimmed is answered for again
            return RETRY
        except SpoolUnavailable as error:
            if not self.failure:
                log.error("some of the spool cannot be sent", reason=str(error))
            self.failure = error
            return RETRY

    def turn(self, clock: float) -> bool:
        """Hears what was answered and sends what is due; `clock`: s, monotonic. False: there was nothing to do.

        Raises `SpoolUnavailable`.
        """
        return self._answers(clock) | self._round(clock)

    def _round(self, clock: float) -> bool:
        if not self._link.up():
            return False
        if self._link.connections != self._connection:
            self._patience, self._connection = HURRY, self._link.connections
            self._send_again(list(self._sent))
            self._behind, self._answered, self._booked = 0, clock, clock - ALL_BOOKS_EVERY
        elif late := [seq for seq, at in self._sent.items() if clock - at > self._patience]:
            self._ask_again(late, clock)
        rows = self._next()
        for together in _messages(rows, self._rows):
            claims = {dev: claim for dev in {row.dev for row in together} if (claim := self._spool.claim(dev)) is not None}
            message = Message(self._spool.id, self._spool.next_turn(), claims, [(row.seq, row.parcel) for row in together])
            if not self._link.publish(f"{self._prefix}/data", seal(message)):
                return False
            self._sent |= dict.fromkeys((row.seq for row in together), clock)
            self._front = max(self._front, *(row.seq for row in together))
        return self._status(clock) or bool(rows)

    def _ask_again(self, late: Sequence[int], clock: float) -> None:
        if self._answered > min(self._sent[seq] for seq in late):
            self._send_again(late)
        elif clock - self._asked > self._patience:
            self._asked = clock
            self._send_again(sorted(late)[-WINDOW:])
        else:
            return
        self._patience, self._astray = min(2 * self._patience, PATIENCE), True

    def _send_again(self, rows: Sequence[int]) -> None:
        for seq in rows:
            del self._sent[seq]
        self._behind = min([self._behind, *(seq - 1 for seq in rows)])

    def _next(self) -> list[Row]:
        pace, ahead = self._rows * (WINDOW - self._link.outstanding), min(AHEAD, PUBLISHED * self._rows) - len(self._sent)
        if pace <= 0 or ahead <= -ROWS:
            return []
        if ahead <= 0:
            return self._spool.oldest(self._front, min(pace, ahead + ROWS))
        room = min(pace, ahead)
        self._turns += 1
        if self._turns % (LIVE_PER_BACKLOG + 1):
            return self._spool.newest(room, self._sent)
        rows = self._spool.oldest(self._behind, room)
        self._behind = rows[-1].seq if rows else self._behind
        return [row for row in rows if row.seq not in self._sent]

    def _status(self, clock: float) -> bool:
        """Every so often, and at once when all is answered: then the claims are worth most. So too when a while held nothing to send."""
        commits = self._spool.commits
        drained = not self._sent and (self._told < self._answered or self._commits < commits)
        if not (drained or clock - self._told > STATUS_EVERY):
            return False
        whole = clock - self._booked >= ALL_BOOKS_EVERY
        self._due |= self._spool.touched()
        books = self._spool.books(None if whole else self._due)
        told = sorted(books)
        for first in range(0, max(len(told), 1), PORTION):
            portion = by_band([(*key, books[key]) for key in told[first : first + PORTION]])
            message = Message(self._spool.id, self._spool.next_turn(), self._spool.claims(), books=portion)
            if not self._link.publish(f"{self._prefix}/status", seal(message)):
                return False
        self._due.clear()
        self._booked = clock if whole else self._booked
        self._commits, self._told = commits, clock
        return True

    def _answers(self, clock: float) -> bool:
        heard = False
        while not self._link.arrived.empty():
            heard = True
            try:
                ack = unseal_ack(self._link.arrived.get().payload)
            except Refused as reason:
                log.warning("an answer that cannot be read was ignored", reason=str(reason))
                continue
            if ack.spool == self._spool.id and ack.life in (None, self._spool.life):
                dead = [seq for seq, _ in ack.dead]
                self._spool.trim(ack.stored, dead)
                answered = [seq for seq in self._sent if seq in dead or any(a <= seq <= b for a, b in ack.stored)]
                self._heard_of([self._sent.pop(seq) for seq in answered])
                self._answered, self._patience = clock, PATIENCE
                if self._astray:
                    self._astray, self._booked = False, clock - ALL_BOOKS_EVERY
        return heard

    def _heard_of(self, sent: Sequence[float]) -> None:
        """Where rows that were to ask are answered, somebody is there again: what went out before them is not waited for any longer."""
        if self._asked and any(at >= self._asked for at in sent):
            self._send_again([seq for seq, at in self._sent.items() if at < self._asked])
            self._asked = 0.0


def _messages(rows: Sequence[Row], most: int) -> Iterator[list[Row]]:
    together: list[Row] = []
    size = 0
    for row in rows:
        if together and (len(together) == most or size + len(row.parcel) > BYTES):
            yield together
            together, size = [], 0
        together.append(row)
        size += len(row.parcel)
    if together:
        yield together
