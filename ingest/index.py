"""One SQLite file that several threads of a process read and write, and other processes beside it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from ingest.sqlite import connect, transaction, why
from ingest.store import StoreUnavailable


class Index:
    """Every method raises `StoreUnavailable`."""

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self._writes, self._reads = Lock(), Lock()
        try:
            self._db = connect(path, schema)
            self.reader = connect(path, "")
            """Of its own, so that no reader waits for a commit to reach the disk."""
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailable(why(path, error)) from error

    def all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a question."""
        try:
            with self._reads:
                return self.reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(why(self.path, error)) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, all or nothing."""
        try:
            with self._writes, transaction(self._db):
                yield self._db
        except sqlite3.Error as error:
            raise StoreUnavailable(why(self.path, error)) from error

    def close(self) -> None:
        self._db.close()
        self.reader.close()
