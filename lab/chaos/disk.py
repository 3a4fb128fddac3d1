"""A small disk for the spool, and something that fills it. Only where a file system may be mounted, which takes root."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import which

SIZE = 24 << 20
"""Bytes: room for what a storm leaves waiting, and no more."""
BLOCK = bytes(1 << 16)


class Disk:
    """`full` fills it to the last block; `heal` makes room again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        self.filled = 0

    def full(self) -> None:
        with suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while ballast.write(BLOCK):
                pass
        self.filled += 1

    def heal(self) -> None:
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk | None]:
    """`None` where none can be had; then the spool is to lie in `folder` all the same."""
    folder.mkdir(parents=True)
    mount = which("mount")
    if not (mount and which("umount") and _done(mount, "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "keepup-chaos", str(folder))):
        yield None
        return
    try:
        yield Disk(folder)
    finally:
        unmounted(folder)


def unmounted(folder: Path) -> None:
    """Does nothing where none is mounted there."""
    if unmount := which("umount"):
        _done(unmount, "-l", str(folder))


def _done(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 — our own
