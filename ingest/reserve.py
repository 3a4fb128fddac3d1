"""Some room kept on the spool's disk for bad times: given back when the disk is full, so that rows can still be trimmed."""

import os
from pathlib import Path

from ingest.sqlite import full

RESERVE = 4 << 20
"""Bytes: four times what SQLite's journal holds between two checkpoints (256 pages of 4 KiB), for the file may have to grow by as much."""


class Reserve:
    """A file of that size beside the spool. Raises `OSError` for anything but a full disk."""

    def __init__(self, spool: Path, size: int = RESERVE) -> None:
        self.path = spool.with_name(spool.name + ".reserve")
        self._size = size

    @property
    def kept(self) -> bool:
        return self.path.exists() and self.path.stat().st_size >= self._size

    def keep(self) -> bool:
        """Takes the room, where there is twice as much of it. False: there is not."""
        if self.kept:
            return True
        if free(self.path.parent) < 2 * self._size:
            return False
        try:
            self._take()
        except OSError as error:
            self.release()
            if not full(error):
                raise
            return False
        return True

    def _take(self) -> None:
        file = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file, 0, self._size)
            else:
                os.write(file, bytes(self._size))
        finally:
            os.close(file)

    def release(self) -> bool:
        """Gives the room back. False: there was none to give."""
        there = self.path.exists()
        self.path.unlink(missing_ok=True)
        return there


def free(folder: Path) -> int:
    """Bytes this user may still write there."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
