"""A gateway whose clock was days ahead when it booted, until a time server set it: no later time is right for as long as that spool goes on
from what is recorded. So it goes on from where it was before. All within the caller's transaction.
"""

import sqlite3
from collections.abc import Mapping

from ingest.batch import HOUR
from ingest.timekeeping import FARTHEST


def note(db: sqlite3.Connection, reached: Mapping[str, int]) -> None:
    """Where each band was before its times leapt by more than a day, if they do: the clock may be wrong by that. `reached`: where bands are
    about to get to, µs UTC."""
    leapt = [(_BEFORE + dev, at) for dev, at in db.execute("select dev, heard_to from band") if reached.get(dev, 0) - at > FARTHEST]
    db.executemany("insert or replace into meta values (?, ?)", leapt)


def turn_back(db: sqlite3.Connection, now: int) -> list[str]:
    """Bands that are recorded more than a day ahead of `now` go on from where they were before their times leapt, so that the time since
    is a gap. What was committed of a time to come leaves as it is: nobody believes it. Gives which bands."""
    ahead = [dev for (dev,) in db.execute("select dev from band where heard_to > ?", (now + FARTHEST,))]
    for dev in ahead:
        ((known,),) = db.execute("select min(cast(value as integer)) from meta where key = ?", (_BEFORE + dev,)).fetchall()
        before = min(now, now if known is None else known)
        db.execute("update band set heard_to = ? where dev = ?", (before, dev))
        db.execute("update cursor set at = min(at, ?) where dev = ?", (before, dev))
    db.execute("delete from pace where hour > ?", (now // HOUR,))
    return ahead


_BEFORE = "before "
"""In `meta`, with the band: µs UTC."""
