"""What a rule sees of one patient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from detectors.localtime import midnight
from detectors.outcome import Judged
from detectors.plan.occurrence import Revision, Zones
from detectors.report import Report
from detectors.sleep import labelled
from ingest.batch import MINUTE, Span
from ingest.bout import Bout
from ingest.minute import Minutes, laid, merged


@dataclass(frozen=True, slots=True)
class Told:
    """What was planned and what people said, as far as it touches a history."""

    zones: Zones = ()
    """Where the patient's wall clock was; none: `zone` throughout."""
    plans: Sequence[Revision] = ()
    """Ascending in `since`."""
    reports: Sequence[Report] = ()
    """Everything said by `now` that may still matter, ascending in `at`: people need not be complete to be believed."""
    asked: Mapping[str, int] = field(default_factory=dict)
    """Occurrence id → when the question about it reached the patient, µs UTC. Not among them: nobody was asked."""
    earlier: Sequence[Judged] = ()
    """Planned sessions judged before `start`, as the chart has them, ascending in start."""


NOTHING_TOLD = Told()
Readings = Sequence[tuple[int, float]]
"""Time µs UTC, percent; ascending."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Days of one patient, beginning at a local midnight, gap-free, up to `end`."""

    patient: str
    zone: ZoneInfo
    start: int
    """A local midnight, µs UTC."""
    end: int
    """What is judged ends here, µs UTC; never after what is complete."""
    minutes: Minutes
    """Every minute of [start, end), worn and asleep filled in as far as they can be told from what came before `end`."""
    bouts: Sequence[Bout] = ()
    gaps: Sequence[Span] = ()
    """Spans with a cause that touch [start, end)."""
    complete_to: int | None = None
    """Everything before is stored or a gap, µs UTC; `None`: nothing is known yet."""
    last_heard: int | None = None
    """Newest time at which any of the patient's bands was heard, µs UTC; may lie before `start`; `None`: never."""
    since: int | None = None
    """When the patient's first band was handed over, µs UTC."""
    bare: Sequence[tuple[int, int | None]] = ()
    """Spans after that, µs UTC, in which the patient had no band; ascending, the last may have no end."""
    told: Told = NOTHING_TOLD
    battery: Sequence[Readings] = ()
    """Readings of [start, end), each band's by themselves."""


def history(
    patient: str,
    zone: ZoneInfo,
    minutes: Minutes,
    end: int,
    *,
    beside: Sequence[Minutes] = (),
    days: int = 1,
    bouts: Sequence[Bout] = (),
    gaps: Sequence[Span] = (),
    complete_to: int | None = None,
    last_heard: int | None = None,
    since: int | None = None,
    bare: Sequence[tuple[int, int | None]] = (),
    told: Told = NOTHING_TOLD,
    battery: Sequence[Readings] = (),
) -> History:
    """The local day of `end` (µs UTC, cut to the minute) up to `end`, led in by the `days` local days before it.

    `minutes`: evidence, holes allowed, may reach beyond both ends; what lies outside changes nothing. `beside`: that of other bands;
    whether one is worn is told from it alone. Bouts and gaps that do not touch the history are left out, so that what was not yet known
    at `end` cannot leak in.
    """
    end -= end % MINUTE
    start = midnight(end - 1, zone, -days)
    return History(
        patient,
        zone,
        start,
        end,
        merged([labelled(laid(band, start, end), zone) for band in (minutes, *beside)]),
        tuple(bout for bout in bouts if bout.start < end and bout.end > start),
        tuple(gap for gap in gaps if gap.cause is not None and gap.t0 < end and gap.t1 > start),
        complete_to,
        last_heard,
        since,
        bare,
        replace(told, earlier=tuple(one for one in told.earlier if one.start < start)),
        tuple(tuple(reading for reading in band if start <= reading[0] < end) for band in battery),
    )
