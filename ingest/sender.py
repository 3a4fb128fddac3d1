"""From the spool to the broker: own window, live and backlog interleaved, sent again until an ingester answers."""

import time
from collections.abc import Sequence
from threading import Event, Thread

import structlog

from ingest.forms import Refused
from ingest.link import Link
from ingest.spool import Row, Spool
from ingest.spoolfile import SpoolUnavailable
from ingest.wire import Message, seal, unseal_ack

log = structlog.get_logger()
WINDOW = 20
"""Publications without a PUBACK at most."""
AHEAD = 500
"""Rows sent and not yet answered for at most."""
HURRY, PATIENCE = 2.0, 30.0
"""s without its answer after which a row is sent again: soon after a reconnection, when the ingester may not have been back yet to hear
it, then twice as long each time, up to the second. Each row has its own clock, for answers to others say nothing of one that is lost."""
STATUS_EVERY = 30.0
"""s between status messages when nothing changes."""
LIVE_PER_BACKLOG = 4


class Sender:
    """One thread between a spool and a broker. PUBACK is pacing; only an ingester's ack trims the spool."""

    def __init__(self, spool: Spool, link: Link, prefix: str) -> None:
        """`prefix`: "keepup/1/{site}/{gateway}"; the link must be subscribed to `prefix` + "/ack"."""
        self._spool, self._link, self._prefix = spool, link, prefix
        self._sent: dict[int, float] = {}
        self._behind = 0
        self._turns = 0
        self._answered = self._told = 0.0
        self._patience = PATIENCE
        self._commits = 0
        self._connection = 0
        self._stop = Event()
        self._thread = Thread(target=self._run, name="sender", daemon=True)
        self.failure: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                if not self.turn(time.monotonic()):
                    self._stop.wait(0.02)
        except Exception as error:  # noqa: BLE001 — whoever waits for this thread must hear of its end, whatever it was
            self.failure = error
            log.error("sending stopped", reason=str(error) if isinstance(error, SpoolUnavailable) else type(error).__name__)

    def turn(self, clock: float) -> bool:
        """Hears what was answered and sends what is due; `clock`: s, monotonic. False: there was nothing to do.

        Raises `SpoolUnavailable`.
        """
        return self._answers(clock) | self._round(clock)

    def _round(self, clock: float) -> bool:
        if not self._link.up():
            return False
        if self._link.connections != self._connection:
            self._patience = HURRY if self._connection else PATIENCE
            self._connection = self._link.connections
            self._send_again(list(self._sent))
            self._behind, self._answered = 0, clock
        elif late := [seq for seq, at in self._sent.items() if clock - at > self._patience]:
            self._patience = min(2 * self._patience, PATIENCE)
            self._send_again(late)
        rows = self._next()
        for row in rows:
            message = Message(self._spool.id, self._spool.next_turn(), self._claim(row.dev), row.seq, row.parcel)
            if not self._link.publish(f"{self._prefix}/data", seal(message)):
                return False
            self._sent[row.seq] = clock
        return self._status(clock) or bool(rows)

    def _send_again(self, rows: Sequence[int]) -> None:
        for seq in rows:
            del self._sent[seq]
        self._behind = min([self._behind, *(seq - 1 for seq in rows)])

    def _next(self) -> list[Row]:
        room = min(WINDOW - self._link.outstanding, AHEAD - len(self._sent))
        if room <= 0:
            return []
        self._turns += 1
        if self._turns % (LIVE_PER_BACKLOG + 1):
            return self._spool.newest(room, self._sent)
        rows = self._spool.oldest(self._behind, room)
        self._behind = rows[-1].seq if rows else self._behind
        return [row for row in rows if row.seq not in self._sent]

    def _claim(self, dev: str) -> dict[str, int]:
        claim = self._spool.claim(dev)
        return {} if claim is None else {dev: claim}

    def _status(self, clock: float) -> bool:
        """Every so often, and at once when all is answered: then the claims are worth most. So too when an hour held nothing to send."""
        commits = self._spool.commits
        drained = not self._sent and (self._told < self._answered or self._commits < commits)
        if not (drained or clock - self._told > STATUS_EVERY):
            return False
        message = Message(self._spool.id, self._spool.next_turn(), self._spool.claims())
        if not self._link.publish(f"{self._prefix}/status", seal(message)):
            return False
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
            if ack.spool == self._spool.id:
                dead = [seq for seq, _ in ack.dead]
                self._spool.trim(ack.stored, dead)
                answered = [seq for seq in self._sent if seq in dead or any(a <= seq <= b for a, b in ack.stored)]
                for seq in answered:
                    del self._sent[seq]
                self._answered, self._patience = clock, PATIENCE
        return heard
