"""Why something cannot be stored: in words for whoever looks at it, and in one word for whoever counts."""

import os
import sqlite3
from pathlib import Path

import structlog

from ingest.batch import DAY, Batch, Quality
from ingest.forms import Refused
from ingest.store import Rejected, StoreUnavailable, kept

log = structlog.get_logger()
AHEAD = DAY
"""µs by which readings may be later than the ingester's clock: no two clocks agree, and a time zone taken for another is less than that."""


class Ahead(Refused):
    """Readings from the future."""


class Outlived(Refused):
    """Readings so old that a store would forget them at once."""


KINDS: dict[type[Exception], str] = {Ahead: "future", Outlived: "old", Refused: "unreadable", Rejected: "rejected"}
"""The first that fits counts; what is none of these is a defect."""


def timely(batch: Batch, now: int) -> Batch:
    """The batch. Raises `Ahead`, `Outlived`."""
    if batch.end > now + AHEAD:
        raise Ahead(f"it ends {_days(batch.end - now)} in the future: {_whose(batch)} clock is wrong; set it")
    if batch.t0 < now - kept(batch.stream):
        raise Outlived(f"it begins {_days(now - batch.t0)} ago, and {batch.stream} is kept for {_days(kept(batch.stream))}")
    return batch


def hold(error: Exception) -> None:
    """Raises `StoreUnavailable` where that is what the error is, or it is this machine's and passes: then nothing that was read is to
    blame."""
    if isinstance(error, StoreUnavailable):
        raise error
    name = type(error).__name__
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "can't start new thread" in str(error)):
        raise StoreUnavailable(f"This machine has no memory left for it ({name}). Free some, or give it more.") from error
    if isinstance(error, ImportError):
        raise StoreUnavailable("A part of KeepUp cannot be loaded. If it is being updated, start it again after that.") from error
    if isinstance(error, (OSError, sqlite3.OperationalError)):
        number = getattr(error, "errno", None)
        what = f"{name}: {os.strerror(number)}" if number else name  # not its text, which may tell of a patient
        raise StoreUnavailable(f"This machine cannot do it now ({what}). See to its disk and its limits; it is tried again.") from error


def kind(error: Exception) -> str:
    """One of `ingest.tally.KINDS`."""
    return next((name for cause, name in KINDS.items() if isinstance(error, cause)), "defect")


def reason(error: Exception) -> str:
    """Of a defect its name and not its text, which may tell of a patient; where it is goes to the log."""
    if kind(error) != "defect":
        return str(error)
    name, trace = type(error).__name__, error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    log.error("a defect: what it struck is set aside", defect=name, where=where, next="report it; then keepup ingest dead retry")
    return f"a defect of this KeepUp ({name})"


def _whose(batch: Batch) -> str:
    if batch.clock is None:
        return "the gateway's or the band's"
    return "the band's" if batch.clock.quality == Quality.SYNCED else "the gateway's"


def _days(span: int) -> str:
    return f"{span / DAY:,.0f} days"
