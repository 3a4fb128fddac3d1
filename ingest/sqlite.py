"""SQLite files opened for keeps: WAL, every commit flushed to the disk, and errors in plain words."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def connect(path: Path, schema: str, page_size: int = 4096) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any thread (the caller serialises). Raises `sqlite3.Error`, `OSError`.

    A file whose mode forbids writing is refused even to root, who could write it all the same.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and not path.stat().st_mode & 0o222:
        raise PermissionError(f"{path.name} is read-only")
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        db.execute(f"pragma page_size = {int(page_size)}")
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        db.executescript(schema)
        os.chmod(path, 0o600)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    db.execute("begin immediate")
    try:
        yield
        db.execute("commit")
    except BaseException:
        if db.in_transaction:  # on a full disk SQLite may have rolled back by itself
            db.execute("rollback")
        raise


def full(error: BaseException) -> bool:
    """Whether it is the disk that has no room."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def why(path: Path, error: BaseException) -> str:
    """What a person can do about it."""
    text = str(error)
    if "disk is full" in text or "No space left" in text:
        return f"{path} cannot be written: the disk is full. Free some space and start again; what was committed is kept."
    if "readonly" in text or "read-only" in text or isinstance(error, PermissionError):
        return f"{path} cannot be written: it is read-only. Make the file and its folder writable for this user, or name another place."
    if "locked" in text:
        return f"{path} is in use by another program. Stop that program, or wait until it is done."
    if "not a database" in text or "malformed" in text:
        return f"{path} is damaged or not a KeepUp file. Move it aside and restore a copy; do not delete it."
    return f"{path} cannot be used: {text}. Check that the folder exists and may be written."
