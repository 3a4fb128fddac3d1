"""Virtual time: the ordinary `asyncio.sleep` at any speed, and the same at every run."""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, TypeVar

from ingest.batch import MICROS

Speed = float | Literal["max"]
HELD_POLL = 0.02
"""Seconds that a held clock listens to the outside before it looks whether it is still held."""

T = TypeVar("T")
Events = list[tuple[selectors.SelectorKey, int]]


class Clock:
    """A clock that begins at `start` (µs UTC) and runs at `speed` times real time, or jumps from timer to timer ("max").

    `present` is what a real clock shows (µs UTC) when this one is made. Real time goes on meanwhile; once virtual time has caught up with
    it, it stays with it: history until now, then live. `None`: it never does. Raises `ValueError` for a speed that is not above 0.
    """

    def __init__(self, start: int, speed: Speed = "max", present: int | None = None) -> None:
        if speed != "max" and not speed > 0:
            raise ValueError(f'the speed is {speed!r}: give "max" or a number above 0')
        self._made = self._mark = time.monotonic_ns()
        self._at = start
        self._speed: Speed = speed
        self._present = present
        self._live = False
        self._holds = 0

    def now(self) -> int:
        """µs UTC; never goes back."""
        at = self._at if self._speed == "max" else self._at + int((time.monotonic_ns() - self._mark) * self._speed) // 1000
        if self._present is None or at < self._real(self._present):
            return at
        self._at, self._mark, self._speed = self._present, self._made, 1.0
        self._present, self._live = None, True
        return self.now()

    @property
    def live(self) -> bool:
        """Has virtual time caught up with real time?"""
        self.now()
        return self._live

    @property
    def speed(self) -> Speed:
        """As given, and 1.0 once live."""
        self.now()
        return self._speed

    @property
    def behind(self) -> int | None:
        """µs that virtual time has yet to catch up with real time; `None` where it never will."""
        now = self.now()
        return 0 if self._live else None if self._present is None else self._real(self._present) - now

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, a clock at "max" stands still: for what takes real time, such as an answer from a socket. Threads that the loop
        waits for (`asyncio.to_thread`) hold it by themselves, so one that itself waits for virtual time to pass would wait for ever."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1

    def wait(self, seconds: float, listen: Callable[[float], Events]) -> Events:
        """Let so many virtual seconds pass, or fewer where `listen` (which takes real seconds) hears something first."""
        self.now()
        if self._speed != "max":
            return listen(seconds / self._speed)
        heard = listen(HELD_POLL if self._holds else 0)
        if not heard and not self._holds:
            self._jump(round(seconds * MICROS))
        return heard

    def _jump(self, micros: int) -> None:
        self._at += micros
        if self._present is not None:
            self._at = min(self._at, self._real(self._present))

    def _real(self, present: int) -> int:
        return present + (time.monotonic_ns() - self._made) // 1000


class _Selector(selectors.BaseSelector):
    """Watches the same files as a real selector, but it is the clock that lets time pass."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._inner = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> Events:
        if timeout is None or timeout <= 0:
            return self._inner.select(timeout)
        return self._clock.wait(timeout, self._inner.select)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._inner.get_map()

    def close(self) -> None:
        self._inner.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` is the clock's, in seconds since the clock's start."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.now()
        super().__init__(_Selector(clock))
        # The clock counts whole microseconds: a timer due within one is due.
        self._clock_resolution = 1 / MICROS

    def time(self) -> float:
        return (self._clock.now() - self._start) / MICROS

    def run_in_executor(self, executor: Executor | None, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override] # typeshed types it with TypeVarTuple, 3.11 and 3.13 differ
        hold = self._clock.held()
        hold.__enter__()
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(lambda _: hold.__exit__(None, None, None))
        return future

    async def shutdown_default_executor(self, *limit: Any, **limits: Any) -> None:
        with self._clock.held():
            await super().shutdown_default_executor(*limit, **limits)


def run(main: Coroutine[Any, Any, T], clock: Clock) -> T:
    """`asyncio.run` under the clock."""
    with asyncio.Runner(loop_factory=partial(VirtualLoop, clock)) as runner:
        return runner.run(main)
