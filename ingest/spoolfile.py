"""The file of a spool: one process holds it, every write is whole, and a full disk is a state that passes."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any
from uuid import uuid4

import structlog

from ingest.batch import MINUTE
from ingest.reserve import Reserve
from ingest.spooled import SCHEMA, modernise, unused
from ingest.sqlite import connect, full, transaction, why

log = structlog.get_logger()
SELDOM, OFTEN = 256, 64
"""Pages of the journal after which they are moved to the file, and while the disk is full: never more than the reserve has room for, or
neither could grow and rows could no longer leave."""


class SpoolUnavailable(Exception):
    """The spool cannot be opened or written; the message says which file, why and what to do next."""


class SpoolFull(SpoolUnavailable):
    """The disk has no room at present; the same may be tried again later."""


@dataclass(frozen=True, slots=True)
class Row:
    seq: int
    dev: str
    parcel: bytes


class SpoolFile:
    """Safe from several threads. `reserve`: bytes kept beside the file, given back when the disk is full. Raises `SpoolUnavailable`."""

    def __init__(self, path: Path, reserve: int, opened: int) -> None:
        self.path = path = path.resolve()  # one file, one lock, whatever names lead to it
        self._reserve = Reserve(path, reserve)
        self._lock = RLock()
        self._held = alone(path)
        try:
            self.id, self.life = self._begun(opened // MINUTE)
            self.full = not self._reserve.keep()
            """Whether the disk has no room, as far as is known."""
        except (OSError, sqlite3.Error) as error:
            os.close(self._held)
            raise SpoolUnavailable(why(path, error)) from error
        if self.full:
            self._checkpoint(OFTEN)
            log.error("the disk is full or nearly so", spool=path.name, next="free some space: what is heard waits in memory until then")

    def _begun(self, opened: int) -> tuple[str, int]:
        try:
            return self._open(opened)
        except (OSError, sqlite3.Error) as error:
            if not (full(error) and self._reserve.release()):
                raise
            return self._open(opened)

    def _open(self, opened: int) -> tuple[str, int]:
        self.db = connect(self.path, SCHEMA)
        try:
            self.db.execute(f"pragma wal_autocheckpoint = {SELDOM}")
            with transaction(self.db):
                modernise(self.db)
                name, life = self._meta("id", uuid4().hex[:12]), max(int(self._meta("boot", "0")) + 1, opened)
                self.db.execute("update meta set value = ? where key = 'boot'", (str(life),))
        except BaseException:
            self.db.close()
            raise
        return name, life

    def _meta(self, key: str, default: str) -> str:
        self.db.execute("insert or ignore into meta values (?, ?)", (key, default))
        return str(self.db.execute("select value from meta where key = ?", (key,)).fetchone()[0])

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. Raises `SpoolFull`, and has then given back the reserve: a little can be written all the same."""
        try:
            with self._lock, transaction(self.db):
                yield self.db
        except sqlite3.Error as error:
            if full(error):
                self._fill()
                raise SpoolFull(why(self.path, error)) from error
            raise SpoolUnavailable(_what(self.path, error)) from error

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Nobody else reads or writes meanwhile."""
        with self._lock:
            yield

    def has_room(self, size: int) -> bool:
        """For so many bytes more: on the disk, or in the file, once rows have left it; the journal has what the reserve gave back."""
        with self._lock:
            if self.full and self._reserve.keep():
                self.full = False
                self._checkpoint(SELDOM)
                log.info("the disk has room again", spool=self.path.name)
            return not self.full or unused(self.db) > 2 * size + (64 << 10)

    def all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self.db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise SpoolUnavailable(_what(self.path, error)) from error

    def legible(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """As `all`, but of a damaged file what comes before the damage, unless that is nothing."""
        rows = []
        try:
            with self._lock:
                for row in self.db.execute(sql, values):
                    rows.append(row)  # noqa: PERF402 — what was read so far is kept where the next cannot be
        except sqlite3.Error as error:
            if not rows:
                raise SpoolUnavailable(_what(self.path, error)) from error
        return rows

    def one(self, sql: str, *values: object) -> int | None:
        rows = self.all(sql, *values)
        return rows[0][0] if rows else None

    def close(self) -> None:
        self.db.close()
        os.close(self._held)

    def _fill(self) -> None:
        if not self.full:
            log.error("the disk is full", spool=self.path.name, next="free some space: what is heard waits in memory until then")
        self.full = True
        self._reserve.release()
        self._checkpoint(OFTEN)

    def _checkpoint(self, pages: int) -> None:
        """The journal begins anew in the room it has, which it does not give back, and does so again after so many pages."""
        self.db.execute(f"pragma wal_autocheckpoint = {pages}")
        try:
            self.db.execute("pragma wal_checkpoint(restart)").fetchall()
        except sqlite3.Error as error:
            if not full(error):
                raise SpoolUnavailable(why(self.path, error)) from error


def _what(path: Path, error: sqlite3.Error) -> str:
    if "malformed" in str(error):
        return f"{path} is damaged. Stop the collector, then save what can be read: keepup doctor spool {path} --into NEW"
    return why(path, error)


def alone(path: Path) -> int:
    """Keeps every other process off this spool while the returned descriptor is open. Raises `SpoolUnavailable`."""
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.sync()  # SQLite sees to the file's own folder, and to none above it
        held = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SpoolUnavailable(why(path, error)) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise SpoolUnavailable(f"Another collector is using {path}. Stop it first, or give this one a spool of its own.") from error
    return held
