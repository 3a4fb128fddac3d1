"""Was the band on the wrist? Told from runs of minutes without a pulse, a step or a motion."""

import numpy as np

from detectors.runs import Bool, Index, bridged, duplicate, painted, runs, within
from ingest.minute import Minutes

MOTIONLESS = 13.0
"""mg: below it on two of three axes nothing but the sensor's own noise moves (van Hees 2011, 2013)."""
PROVISIONAL = 15
"""Minutes: a band that gave a pulse and now gives neither pulse nor motion is off (15 min steps of van Hees 2013; most real
non-wear lasts less than 60 min, Vert 2022)."""
DOUBTFUL = 30
"""Minutes of motionless acceleration after which wear is unknown where there is no pulse to miss (half of `CONFIRMED`; a design choice:
before anyone is told that they are still)."""
CONFIRMED = 60
"""Minutes of motionless acceleration after which a band is off, pulse or none (van Hees 2011)."""
NO_COUNTS = 90
"""Minutes without a step or any activity class after which a band that has neither pulse nor acceleration may as well lie on a table:
wear is unknown (Choi 2011 calls 90 min of zero counts non-wear; steps are coarser than counts, so we do not go that far)."""
NIGHT_QUIET = 240
"""Minutes: how long a sleeper may lie so before the last two apply, because sleepers are motionless too. Of 63 worn nightly runs of
90 min and more without a step in a consumer band's data, 7 reached 240 (measured; a design choice)."""
LATELY = 60
"""Minutes: a pulse within this time before a run says that the band would give one if it were worn (a design choice)."""
BUMP = 2
"""Minutes of motion that do not end a time off the wrist: someone moved the table (Choi 2011 allows 2 min)."""


def worn(minutes: Minutes, night: Bool | None = None) -> Minutes:
    """A copy with `worn` filled in: 1 worn, 0 not, NaN unknown. `minutes` has no holes; `night`: shape (n,), the patient's habitual night.

    A run is judged by all of it, so its first minutes are relabelled once it is long enough: call it again with more minutes.
    A minute without data is unknown; a minute with a pulse is worn; one with motion is worn unless it is a mere bump.
    """
    out = duplicate(minutes)
    heard, pulse, steps, still, spread = out["coverage"] > 0, np.isfinite(out["hr"]), out["steps"], out["still"], out["spread"]
    stirred = (steps > 0) | (still == 0) | (spread >= MOTIONLESS)
    label = np.where(heard & (pulse | stirred | (still == 1)), np.float32(1), np.float32(np.nan))
    starts, ends = runs(heard & ~pulse & ~stirred)
    long = ends - starts >= PROVISIONAL
    starts, ends = starts[long], ends[long]
    if len(starts):
        starts, ends = bridged(starts, ends, heard & ~pulse & ~(steps > 0), BUMP)
        off, unsure = _verdicts(starts, ends, pulse, np.isfinite(spread), night)
        label[painted(starts[unsure], ends[unsure], len(out))] = np.nan
        label[painted(starts[off], ends[off], len(out))] = 0
    out["worn"] = label
    return out


def _verdicts(starts: Index, ends: Index, pulse: Bool, felt: Bool, night: Bool | None) -> tuple[Bool, Bool]:
    """Which runs are off, and of which wear is unknown."""
    length = ends - starts
    lately = within(pulse, np.maximum(starts - LATELY, 0), starts) > 0
    by_motion = within(felt, starts, ends) * 2 >= length
    nightly = within(night, starts, ends) * 2 >= length if night is not None else np.zeros(len(starts), np.bool_)
    confirmed = length >= np.where(nightly, NIGHT_QUIET, CONFIRMED)
    doubtful = length >= np.where(nightly, NIGHT_QUIET, np.where(by_motion, DOUBTFUL, NO_COUNTS))
    off = lately | (by_motion & confirmed)
    return off, doubtful & ~off
