"""Hears all bands of a gateway and commits what they say: readings, the time their links were alive, and the gaps between."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from ingest.batch import MICROS, Batch, Span, Stream
from ingest.frames import Malformed, cut
from ingest.presence import Presence
from ingest.radio import Radio, RadioError
from ingest.session import Band, Listening, Pace, Session
from ingest.timekeeping import ClockBehind, Timekeeper

PATIENCE = 60 * MICROS
"""How far the clock may lie behind what is recorded and simply be waited for: a time server's ordinary correction."""

Appetite = Callable[[str, int], Set[Stream]]
"""(band, now µs UTC) → streams to hear of it from now on; asked at each connection and each commit."""


class Sink(Protocol):
    """What the collector commits to: the spool."""

    def commit(self, batches: Sequence[Batch], spans: Sequence[Span], cursors: Mapping[tuple[str, Stream], int]) -> None: ...

    def cursor(self, dev: str, stream: Stream) -> int | None: ...

    def heard_to(self, dev: str) -> int | None: ...

    def charge(self, dev: str) -> tuple[int, float] | None: ...


@dataclass(slots=True)
class Tally:
    """What became of every value the bands handed over: heard = accepted + repeats + malformed + what waits for the next commit."""

    heard: int = 0
    accepted: int = 0
    repeats: int = 0
    malformed: int = 0


@dataclass(slots=True)
class _Place:
    """All that is known of one band between commits."""

    band: Band
    presence: Presence
    horizon: int
    listenings: list[Listening] = field(default_factory=list)
    lacked: list[Set[str]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    session: Session | None = None
    trouble: RadioError | None = None


def everything(_dev: str, _now: int) -> Set[Stream]:
    return frozenset(Stream)


class Collector:
    """One radio, its bands, one spool. `dice` jitters the waits; seeded, a run under virtual time repeats itself.

    `timekeeper`: the one that gives the radio its times; `None`: they are above doubt.
    """

    def __init__(
        self,
        radio: Radio,
        bands: Sequence[Band],
        sink: Sink,
        *,
        dice: Random,
        appetite: Appetite = everything,
        pace: Pace | None = None,
        timekeeper: Timekeeper | None = None,
    ) -> None:
        self._radio, self._sink, self._dice, self._appetite, self._timekeeper = radio, sink, dice, appetite, timekeeper
        self._pace = pace or Pace()
        self._places = {band.dev: self._place(band) for band in bands}
        self._connecting = asyncio.Lock()
        self._missing = asyncio.Event()
        self._stopping = asyncio.Event()
        self.tally = Tally()
        self.malformed: deque[Malformed] = deque(maxlen=100)
        """The newest frames set aside."""
        self.trouble: RadioError | None = None
        """Why the last scan failed; `None` while scans succeed."""

    def _place(self, band: Band) -> _Place:
        presence = Presence(band.dev, self._sink.heard_to(band.dev), self._radio.now(), band.driver.history, self._sink.charge(band.dev))
        return _Place(band, presence, presence.to)

    def horizon(self, dev: str) -> int:
        """Up to this time (µs UTC) the band is committed: its link was alive, or a gap is recorded."""
        return self._places[dev].horizon

    def linked(self, dev: str) -> bool:
        return self._places[dev].presence.linked

    def troubles(self) -> dict[str, RadioError]:
        """Why bands that are not linked are not."""
        return {dev: place.trouble for dev, place in self._places.items() if place.trouble and not place.presence.linked}

    def stop(self) -> None:
        """Let `run` disconnect every band, commit what is left, and return."""
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop`, or until it is cancelled. Raises `ClockBehind`, and whatever the sink raises."""
        await self._wait_for_clock()
        jobs = [asyncio.create_task(job) for job in (self._listen(), self._commit_often(), *map(self._keep, self._places.values()))]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([stopping, *jobs], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for job in (stopping, *jobs):
                job.cancel()
            ends = await asyncio.gather(*jobs, return_exceptions=True)
            failures = [end for end in ends if isinstance(end, Exception)]
            if not failures:
                self._commit(closing=True)
        if failures:
            raise failures[0]

    async def _wait_for_clock(self) -> None:
        behind = max((place.horizon for place in self._places.values()), default=0) - self._radio.now()
        if behind > PATIENCE:
            raise ClockBehind(
                f"The clock is {behind // MICROS} s behind the newest reading in the spool. Wait until the clock is set "
                "(`timedatectl` shows it), then start again; nothing is lost."
            )
        await asyncio.sleep(max(behind, 0) / MICROS)

    async def _listen(self) -> None:
        """The one scan all bands share; it rests while every band is linked."""
        failures = 0
        while True:
            self._missing.clear()
            if all(place.session for place in self._places.values()):
                await self._missing.wait()
            try:
                heard = {sighting.address for sighting in await self._radio.scan(self._pace.scan)}
                self.trouble, failures = None, 0
            except RadioError as error:
                self.trouble, failures, heard = error, failures + 1, set()
                await self._pause(failures)
            for place in self._places.values():
                self._tell(place, place.band.address in heard)

    def _tell(self, place: _Place, heard: bool) -> None:
        if place.session is None:
            place.presence.listened(self._radio.now(), heard or self.trouble is not None)
            if heard:
                place.heard.set()

    async def _keep(self, place: _Place) -> None:
        """One connection to a band after the other, for ever."""
        failures = 0
        while True:
            place.heard.clear()
            await place.heard.wait()
            began = self._radio.now()
            place.session = self._session(place)
            try:
                await place.session.run(self._connecting)
            except RadioError as error:
                place.trouble = error
            finally:
                place.session = None
                self._missing.set()
            failures = 1 if place.presence.proven - began >= self._pace.healthy * MICROS else failures + 1
            await self._pause(failures)

    def _session(self, place: _Place) -> Session:
        wanted = self._appetite(place.band.dev, self._radio.now())
        return Session(place.band, self._radio, self._pace, place.presence, place.listenings, place.lacked, wanted)

    async def _pause(self, failures: int) -> None:
        await asyncio.sleep(min(self._pace.longest_wait, 2.0 ** (failures - 1)) * self._dice.uniform(0.5, 1.0))

    async def _commit_often(self) -> None:
        while True:
            await asyncio.sleep(self._pace.commit)
            self._commit()
            for dev, place in self._places.items():
                if place.session:
                    place.session.want(self._appetite(dev, self._radio.now()))

    def _commit(self, closing: bool = False) -> None:
        now = self._radio.now()
        batches: list[Batch] = []
        spans: list[Span] = []
        cursors: dict[tuple[str, Stream], int] = {}
        for place in self._places.values():
            batches += self._drain(place, cursors)
            spans += place.presence.take(now, closing)
        spans += self._look()
        if batches or spans:
            self._sink.commit(batches, spans, cursors)
        self.tally.accepted += sum(batch.n for batch in batches)
        for place in self._places.values():
            place.horizon = place.presence.to

    def _look(self) -> list[Span]:
        """What the system's clock now says of the times given, for every band."""
        spans: list[Span] = []
        wrongs, leap = self._timekeeper.look() if self._timekeeper else ([], None)
        for place in self._places.values():
            if leap:
                spans += place.presence.leapt(leap.before, leap.ran, leap.after)
            for wrong in wrongs:
                spans += place.presence.doubted(wrong.t0, wrong.t1, wrong.off, wrong.grows)
            if leap and place.session:
                place.session.set_clock()
        return spans

    def _drain(self, place: _Place, cursors: dict[tuple[str, Stream], int]) -> list[Batch]:
        dev, batches = place.band.dev, []
        clock = self._timekeeper.clock if self._timekeeper else None
        place.presence.answered(max((at for listening in place.listenings for at, _ in listening.frames[-1:]), default=0))
        for listening in place.listenings:
            key = (dev, listening.feed.stream)
            after = cursors[key] if key in cursors else self._sink.cursor(*key)
            held_to = place.presence.proven if listening.end is None else listening.end
            made = cut(dev, place.band.driver, listening.feed, listening.frames, after, held_to, clock)
            self._count(len(listening.frames), made.repeats, made.aside)
            listening.became(made)
            batches += made.batches
            if made.batches:
                cursors[key] = int(made.batches[-1].times[-1])
                self._mind_battery(place, made.batches)
        place.presence.unread = any(listening.unread for listening in place.listenings)
        place.listenings[:] = [listening for listening in place.listenings if listening.end is None]
        return batches

    def _mind_battery(self, place: _Place, batches: Sequence[Batch]) -> None:
        if batches[0].stream is Stream.BATTERY:
            for batch in batches:
                for at, percent in zip(batch.times.tolist(), batch.values[:, 0].tolist(), strict=True):
                    place.presence.charged(at, percent * batch.scale)

    def _count(self, heard: int, repeats: int, aside: Sequence[Malformed]) -> None:
        self.tally.heard += heard
        self.tally.repeats += repeats
        self.tally.malformed += len(aside)
        self.malformed.extend(aside)
