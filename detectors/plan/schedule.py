"""When a plan's sessions are to happen: worked out whenever it is asked, kept nowhere."""

from collections.abc import Iterable, Sequence
from datetime import date

from detectors.plan.fixed import fixed
from detectors.plan.occurrence import Occurrence, Revision, Zones
from detectors.plan.plan import Fixed
from detectors.plan.quota import quota
from detectors.plan.term import Term, terms
from ingest.batch import DAY, HOUR, MICROS

ANSWER = 24 * HOUR
"""After the grace end, in which the patient may answer; then silence is taken for what was seen (research note `domain` §1.2)."""
WAITED = 48 * HOUR
"""After the grace end, in which late data are waited for; then what is not known is unknown (research note `domain` §1.2)."""

SLACK = 3
"""Days. A local date and the UTC date differ by one at most, and who crosses the date line may have a day shifted by 26 hours."""
REACH = 36 * DAY
"""An occurrence and one of an earlier revision with its id begin no farther apart: the longest window opens 31 days early."""
_EPOCH = date(1970, 1, 1).toordinal()


def occurrences(revisions: Sequence[Revision], zones: Zones, start: int, end: int) -> list[Occurrence]:
    """Those whose window begins in [start, end) (µs UTC), ascending in start and id.

    `revisions` ascend in `since`: what begins before the first is not planned. `zones`: where the patient's clock is; none: the
    plan's own zone. The occurrences of a range are those of its pieces, and a later revision changes none that began before it.
    """
    held = [term for term in terms(revisions, zones) if term.since < end and term.until > start - REACH]
    if not held or start >= end:
        return []
    first, last = _days(held, start, end)
    found = [one for day in range(first, last + 1) for one in fixed(date.fromordinal(day), held)]
    # ordinal 1 is a Monday
    found += [one for week in range(first - (first - 1) % 7, last + 1, 7) for one in quota(date.fromordinal(week), held)]
    return sorted((one for one in found if start <= one.start < end), key=lambda one: (one.start, one.id))


def turns(planned: Iterable[Occurrence]) -> list[int]:
    """The instants (µs UTC, ascending) at which what is made of these may change though nothing new is known."""
    return sorted({turn for one in planned for turn in (one.end, one.shown, one.grace, one.grace + ANSWER, one.grace + WAITED)})


def _days(held: Sequence[Term], start: int, end: int) -> tuple[int, int]:
    """First and last day (proleptic ordinals) on which something may be planned whose window begins in [start, end)."""
    phases = [phase for term in held for phase in term.plan.phases]
    early = max((one.window.early for phase in phases for one in phase.sessions if isinstance(one.when, Fixed)), default=0)
    first, last = min(phase.start for phase in phases), max(phase.end for phase in phases)
    return (
        max(first.toordinal(), start // DAY + _EPOCH - SLACK),
        min(last.toordinal(), (end + early * MICROS) // DAY + _EPOCH + SLACK),
    )
