"""Trouble by plan: what the protocol double does to the next requests instead of, before or after the right thing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock


class Trouble(StrEnum):
    THROTTLED = "throttled"  # 429 with Retry-After: `seconds`
    UNAVAILABLE = "unavailable"  # 503
    FULL = "full"  # 500, no space left on device
    UNAUTHORIZED = "unauthorized"  # 401
    PARTIAL = "partial"  # 422: the first point of the write is dropped, the others are kept
    HANG = "hang"  # says nothing for `seconds`, does nothing, then hangs up
    SLOW = "slow"  # waits `seconds`, then does the right thing
    RESET = "reset"  # takes the whole request, does nothing, resets the connection
    RESET_AFTER = "reset-after"  # does the right thing and resets the connection instead of saying so


@dataclass(frozen=True, slots=True)
class Fault:
    """Befalls requests whose path begins with `path`: lets the first `after` of them pass, then troubles `times` of them (`None`: all)."""

    trouble: Trouble
    path: str = "/api/v2/write"
    times: int | None = 1
    after: int = 0
    seconds: float = 1


class Faults:
    """The plan of one server; one fault befalls a request, the first planned that fits. Any thread may call."""

    def __init__(self, *planned: Fault) -> None:
        self._lock = Lock()
        self._planned = list(planned)
        self._befell: Counter[str] = Counter()

    def plan(self, *faults: Fault) -> None:
        with self._lock:
            self._planned.extend(faults)

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    @property
    def planned(self) -> Sequence[Fault]:
        """What is still to come."""
        with self._lock:
            return tuple(self._planned)

    @property
    def befell(self) -> dict[str, int]:
        """How many requests each kind of trouble befell."""
        with self._lock:
            return dict(self._befell)

    def next(self, path: str) -> Fault | None:
        """What befalls a request that has now come for `path`."""
        with self._lock:
            for i, fault in enumerate(self._planned):
                if not path.startswith(fault.path):
                    continue
                if fault.after:
                    self._planned[i] = replace(fault, after=fault.after - 1)
                    return None
                left = None if fault.times is None else fault.times - 1
                self._planned[i : i + 1] = [] if left == 0 else [replace(fault, times=left)]
                self._befell[fault.trouble] += 1
                return fault
        return None
