"""Whether this machine's clock can be believed where it calls readings those of a time to come."""

from ingest.batch import DAY, HOUR
from ingest.store import StoreUnavailable


class Doubted(StoreUnavailable):
    """What seems to be of the future may be of now: it is not answered, and whoever sent it sends it again."""


def doubt(now: int, reached: int, unset: bool) -> str | None:
    """Why `now` may lie behind; `None`: nothing says so. `reached`: as `Catalog.reached`. `unset`: nobody has set the clock yet."""
    if now < reached:
        return f"This machine's clock is {_long(reached - now)} behind what it stored before. Set it; {_MEANWHILE}"
    if unset:
        return f"No time server has set this machine's clock since it started, and it may be behind. See that one does; {_MEANWHILE}"
    return None


def _long(span: int) -> str:
    return f"{span / DAY:,.1f} days" if span >= DAY else f"{span / HOUR:,.1f} hours"


_MEANWHILE = "until then gateways keep what is of later."
