"""A recording as if it were heard just now: into a spool and on to the broker, until told to stop."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from cli.collect import sending
from cli.line import until_told, wall
from cli.options import SITE, a_broker, a_ca, a_file, a_format, a_site, a_speed, a_zone, name
from config.plugins import formats
from ingest.batch import HOUR, MICROS, MINUTE, Batch
from ingest.format import Asides, barren, chosen
from ingest.play import Recording, recorded
from ingest.play import play as played
from ingest.sender import Sender
from ingest.spool import Spool
from ingest.track import HALF_HOUR

LOOK = 1.0
"""s between two looks at how it goes."""
BEYOND = 10 * MINUTE
"""Told of the band after its last reading, so that its last minutes can be judged."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When what a recording holds is said. Times µs UTC."""

    start: int
    """Of its first reading."""
    began: int
    """When that is said."""
    speed: float | None
    """1 is real time, `None` waits for nothing."""

    def due(self, at: int) -> int:
        """Never before its own time: nothing comes from the future."""
        return max(at, self.began + (int((at - self.start) / self.speed) if self.speed else 0))


def play(
    file: a_file,
    spool: Annotated[Path, typer.Argument(help="File in which readings wait until they are stored.", dir_okay=False)],
    broker: a_broker = None,
    ca: a_ca = None,
    site: a_site = SITE,
    format: a_format = None,  # noqa: A002 — the option's name
    zone: a_zone = None,
    band: Annotated[str | None, typer.Option(metavar="ID", help="Which of the file's, where it holds several.")] = None,
    dev: Annotated[
        str | None, typer.Option(parser=name, metavar="DEV", help="What the band is called from here on; its own id else.")
    ] = None,
    moved: Annotated[
        int, typer.Option(metavar="US", help="By how many µs its times are moved; whole days, so that times of day stay.")
    ] = 0,
    began: Annotated[
        int | None, typer.Option(metavar="US", help="When playing began, µs since 1970 UTC, to go on from there; else now.")
    ] = None,
    speed: a_speed = None,
) -> None:
    """Play a recording into the line as a gateway would, and stay until it is stored. keepup up starts one for each of its recordings.

    It goes on where it stopped, however it was ended. What is due is said at once, the rest when its time comes; after its end the band is
    silent. Give --began and --moved again as they were: times, once told, are never told differently.

    Example: keepup play week.csv spool.db --broker mqtt://127.0.0.1:1883 --speed 60
    """
    recording = opened(file, format, zone, band, dev or "", moved)
    told = until_told()
    with ExitStack() as stack:
        kept = Spool(spool)
        stack.callback(kept.close)
        sender = sending(stack, kept, broker, ca, f"keepup/1/{site}/{_gateway(recording)}") if broker else None
        pace = Pace(recording.start, wall() if began is None else began, speed)
        _play(rest(recording, kept), kept, pace, lambda at: _waited(at, told.wait, sender))
        while not told.wait(LOOK):
            _check(sender)


def opened(file: Path, format_: str | None, zone: a_zone, band: str | None, dev: str, moved: int) -> Recording:
    """One band's, called `dev` where that is given, its times moved by so many µs. Raises `Unreadable`, `typer.BadParameter`."""
    asides = Asides()
    batches = list(chosen(file, format_, formats()).read(file, zone, asides))
    if not batches:
        raise barren(file, asides)
    there = sorted({batch.dev for batch in batches})
    if (band is None and len(there) > 1) or (band is not None and band not in there):
        raise typer.BadParameter(f"{file.name} holds the bands {', '.join(there[:5])}. Say which one: band.")
    mine = [_as(batch, dev or batch.dev, moved) for batch in batches if band in (None, batch.dev)]
    found = recorded(mine)
    if found is None:
        raise barren(file, asides)
    return found


def _as(batch: Batch, dev: str, moved: int) -> Batch:
    until = None if batch.until is None else batch.until + moved
    return replace(batch, dev=dev, t0=batch.t0 + moved, until=until)


def rest(recording: Recording, spool: Spool) -> Recording | None:
    """What the spool has not taken yet; slices are taken whole. `None`: it has all of it."""
    (dev,) = recording.first
    heard = spool.heard_to(dev)
    if heard is None:
        return recording
    left = [batch for batch in recording.batches if batch.t0 >= heard]
    taken = max((batch.end for batch in recording.batches if batch.t0 < heard), default=recording.start)
    return Recording(left, heard, recording.end, {dev: taken}) if left else None


def _play(recording: Recording | None, spool: Spool, pace: Pace, waited: Callable[[int], bool]) -> None:
    """`waited`: until a time (µs UTC); False: told to stop."""
    if recording is None:
        return
    slice_ = _slice(recording, pace)
    slices, at = played(recording, spool, BEYOND, slice_), recording.start
    while at < recording.end:
        upto = min((at // slice_ + 1) * slice_, recording.end)
        if not waited(pace.due(upto)) or next(slices, None) is None:
            return
        at = upto


def _slice(recording: Recording, pace: Pace) -> int:
    """µs; never shorter than a batch, or its end would be told before its time."""
    if pace.speed is None or pace.speed >= HOUR // MINUTE:
        return HOUR
    return MINUTE if max(batch.end - batch.t0 for batch in recording.batches) <= MINUTE else HALF_HOUR


def _waited(at: int, told: Callable[[float], bool], sender: Sender | None) -> bool:
    stop = told(0)
    while not stop and (left := (at - wall()) / MICROS) > 0:
        stop = told(min(left, LOOK))
        _check(sender)
    return not stop


def _check(sender: Sender | None) -> None:
    if sender and sender.failure:
        raise sender.failure


def _gateway(recording: Recording) -> str:
    (dev,) = recording.first
    return f"play-{dev}"
