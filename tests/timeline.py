"""Minutes and histories drawn as a line of characters, so that a test shows what it is about."""

from dataclasses import replace
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from detectors.history import History
from detectors.localtime import midnight
from ingest.batch import MICROS, MINUTE
from ingest.minute import Minutes, unknown

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = midnight(1_790_000_000 * MICROS, BERLIN)
"""Monday 21 September 2026, 00:00 in Berlin."""

MARKS: dict[str, dict[str, float]] = {
    "_": {"coverage": 1, "still": 1, "moving": 0, "walking": 0, "steps": 0, "spread": 3, "hr": 62, "worn": 1, "asleep": 0, "angle": -30},
    "m": {"coverage": 1, "still": 0, "moving": 0.6, "walking": 0, "steps": 9, "spread": 90, "hr": 75, "worn": 1, "asleep": 0, "angle": -10},
    "W": {
        "coverage": 1,
        "still": 0,
        "moving": 1,
        "walking": 1,
        "steps": 105,
        "spread": 250,
        "hr": 95,
        "worn": 1,
        "asleep": 0,
        "angle": -70,
    },
    "z": {"coverage": 1, "still": 1, "moving": 0, "walking": 0, "steps": 0, "spread": 3, "hr": 52, "worn": 1, "asleep": 1, "angle": 10},
    "o": {"coverage": 1, "still": 1, "moving": 0, "walking": 0, "steps": 0, "spread": 1, "worn": 0, "angle": 0},
    "?": {"coverage": 1, "still": 1, "moving": 0, "walking": 0, "steps": 0, "spread": 1, "angle": 0},
    " ": {},
}
"""_ still, awake; m stirring; W walking; z asleep; o not worn; ? nobody knows whether worn; a blank: nothing heard."""


def drawn(line: str, each: int = 1, start: int = MIDNIGHT) -> Minutes:
    """Minutes from `start` on, `each` of them to a character."""
    out = unknown(start, start + len(line) * each * MINUTE)
    at = 0
    for mark, same in groupby(line):
        n = len(list(same)) * each
        for name, value in MARKS[mark].items():
            out[name][at : at + n] = value
        at += n
    return out


def blank(minutes: Minutes, *names: str) -> Minutes:
    """The same minutes with these columns unknown."""
    out = minutes.copy()
    for name in names:
        out[name] = np.nan
    return out


def seen(minutes: Minutes, **known: Any) -> History:
    """A history that holds just these minutes, from their first on."""
    start, end = int(minutes["t"][0]), int(minutes["t"][-1]) + MINUTE
    heard = minutes["t"][minutes["coverage"] > 0]
    last = int(heard[-1]) + MINUTE if len(heard) else None
    return replace(History("virtual-p", BERLIN, start, end, minutes, complete_to=end, last_heard=last, since=start), **known)
