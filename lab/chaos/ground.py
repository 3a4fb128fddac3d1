"""The folder a storm passes over. What a storm that was itself killed has left there, the next one clears away."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir, mkdtemp

from lab.chaos.disk import unmounted

PREFIX = "keepup-chaos-"
HELD = "held"
"""A file that is locked while the storm lasts, and gone after it: left unlocked, its storm was killed."""
GATEWAY = "gateway"
"""Where a small disk may be mounted."""


@contextmanager
def ground() -> Iterator[Path]:
    """A new folder; whether it stays is for whoever asked for it."""
    _clear()
    folder = Path(mkdtemp(prefix=PREFIX))
    with (folder / f".{HELD}").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (folder / f".{HELD}").rename(folder / HELD)  # locked from the first moment it can be seen
        try:
            yield folder
        finally:
            (folder / HELD).unlink(missing_ok=True)


def _clear() -> None:
    for folder in Path(gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else's, or it is just going
            if _ours(folder) and _abandoned(folder / HELD):
                unmounted(folder / GATEWAY)
                rmtree(folder, ignore_errors=True)


def _ours(folder: Path) -> bool:
    """Anybody may make a folder, or a link, of such a name where temporary ones are."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _abandoned(held: Path) -> bool:
    with held.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
