"""Failures that people can mend, in their words: what, which one, and what to do next."""

import errno
from dataclasses import dataclass

CODES = {
    "ingest.format.Unreadable": 2,
    "ingest.store.StoreUnavailable": 1,
    "ingest.spoolfile.SpoolUnavailable": 1,
    "ingest.link.BrokerUnavailable": 1,
    "ingest.timekeeping.ClockBehind": 1,
    "cli.processes.EndedEarly": 1,
    "ingest.radio.RadioError": 1,
    "alerts.database.ChartUnavailable": 1,
    "alerts.channel.DeliveryError": 1,
}
"""Exceptions whose message says what to do next → exit code. By name: to import them here would load every room."""

NEXT = {
    errno.EADDRINUSE: "Another program listens there: choose another port, or stop that one.",
    errno.EACCES: "You may not do that here: choose another folder or port, or ask for the right to use this one.",
    errno.EPERM: "You may not do that here: choose another folder, or ask for the right to use this one.",
    errno.EROFS: "The disk is read-only: choose another folder, or mount it for writing.",
    errno.ENOSPC: "The disk is full: make room, or choose another folder, and start again.",
    errno.ENOENT: "Check the name.",
    errno.ECONNREFUSED: "Nothing listens there: check the address, and that the other side is running.",
}
"""Of the system's own errors."""


@dataclass(frozen=True, slots=True)
class Told:
    words: str
    code: int


def told(error: BaseException) -> Told | None:
    """What to say of a failure, and the exit code; `None` where it is none that a person can mend, but a defect."""
    for kind in type(error).__mro__:
        code = CODES.get(f"{kind.__module__}.{kind.__qualname__}")
        if code is not None:
            return Told(" ".join(filter(None, [str(error), getattr(error, "hint", "")])), code)
    if isinstance(error, OSError) and error.errno is not None and error.errno != errno.EPIPE:
        which = f"{error.filename}: " if error.filename else ""
        return Told(f"{which}{error.strerror}. {NEXT.get(error.errno, '')}".strip(), 1)
    return None
