"""What is too old is forgotten, by a clock that is not believed more than the gateways' are."""

import structlog

from cli.line import Books
from ingest.batch import DAY
from ingest.store import StoreUnavailable

log = structlog.get_logger()
FAR = 2 * DAY
"""µs by which gateways may be silent before a clock that goes on is worth a word."""


def tidy(behind: Books, now: int) -> None:
    """Forget what is too old, once a day. A store that cannot now is asked again the day after: nothing but room is lost by that.

    One look at a clock that is ahead would empty the store: no more is forgotten than a day after the newest time any gateway told of.
    """
    try:
        told = behind.catalog.gateways.told_to()
        if told is None or not behind.catalog.due(upto := min(now, told + DAY)):
            return
        if now > told + FAR:
            log.warning(
                "this machine's clock is far ahead of all gateways",
                days=(now - told) // DAY,
                next="see which is right, and set it; no more is forgotten than by what gateways tell",
            )
        _forget(behind, upto)
    except StoreUnavailable as error:
        log.warning("what is too old stays", reason=str(error), next="it is tried again within a day")


def _forget(behind: Books, now: int) -> None:
    """The catalog first, so that nothing is made from what is about to go; where a disk has no room for its word, the store makes some."""
    try:
        behind.catalog.trim(now)
    except StoreUnavailable:
        behind.store.trim(now)
        behind.catalog.trim(now)
    else:
        behind.store.trim(now)
