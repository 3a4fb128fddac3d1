"""What a process costs, by Linux's own books."""

import os
from pathlib import Path

from lab.bench.job import Unmeasured

MB = 1_000_000


def cpu(pid: int) -> float:
    """s of processor time that a process and its threads have used so far, in both its own code and the system's."""
    fields = _book(pid, "stat").rpartition(")")[2].split()  # after the name, which may hold anything
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """MB of memory it holds now."""
    pages = int(_book(pid, "statm").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


def _book(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except FileNotFoundError as error:
        raise Unmeasured("What a process costs is read from /proc, and there it is not: run this on Linux.") from error
