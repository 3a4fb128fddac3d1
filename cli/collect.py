"""The gateway: what bands say, into the spool and on to the broker, until told to stop."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from random import SystemRandom
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
import typer

from cli.options import BANDS, SITE, a_broker, a_ca, a_site, name, zone
from cli.timeserver import synchronised
from config.plugins import drivers
from ingest.budget import BUDGET, SOON
from ingest.collect import Collector
from ingest.link import Link
from ingest.radio import Radio, RadioError
from ingest.radios.bleak import BleakRadio
from ingest.radios.recorder import Recorder
from ingest.sender import Sender
from ingest.session import Band, Pace
from ingest.spool import Spool
from ingest.spoolfile import SpoolUnavailable
from ingest.timekeeping import ClockBehind, System, Timekeeper

log = structlog.get_logger()
DRIVER = "infinitime"
LOOK = 1.0
"""s between two looks at how it goes."""
FORETELL = 3600.0
"""s between two forecasts of how long the spool lasts."""
MB = 1 << 20


def heard(text: str) -> Band:
    """dev,address[,driver[,zone]]"""
    dev, address, driver, wearer = [*text.split(","), "", "", ""][:4]
    known = drivers()
    if not address or text.count(",") > 3:
        raise typer.BadParameter(
            f"{text!r} is no band. Give its id, its address, and where they differ driver and zone: b-1,AA:BB:CC:DD:EE:FF"
        )
    if (driver or DRIVER) not in known:
        raise typer.BadParameter(f"there is no driver {driver!r}; there are: {', '.join(known)}.")
    return Band(name(dev), address.upper(), known[driver or DRIVER], zone(wearer) if wearer else ZoneInfo("UTC"))


def collect(
    spool: Annotated[Path, typer.Argument(help="File in which readings wait until they are stored.", dir_okay=False)],
    band: Annotated[
        list[Band],
        typer.Option(
            envvar=BANDS,
            parser=heard,
            metavar="DEV,ADDRESS[,DRIVER[,ZONE]]",
            help="A band to be heard, its id first; zone: its wearer's, which its clock is set to. May be repeated; "
            "in the environment blanks stand between them.",
        ),
    ],
    broker: a_broker = None,
    ca: a_ca = None,
    gateway: Annotated[str, typer.Option(parser=name, metavar="NAME", help="Name of this gateway in MQTT topics.")] = "gateway",
    site: a_site = SITE,
    adapter: Annotated[str | None, typer.Option(help="Bluetooth adapter, e.g. hci1; else the first that is switched on.")] = None,
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write down every byte, to be played back.")] = None,
    commit: Annotated[
        float, typer.Option(min=0.1, max=600, metavar="S", help="Seconds between commits: what a power cut costs. 10 spares an SD card.")
    ] = 1.0,
    budget: Annotated[int, typer.Option(min=16, metavar="MB", help="Room the spool may take on the disk.")] = BUDGET // MB,
) -> None:
    """Hear the bands, keep what they say, and send it until it is stored.

    The broker may be away for as long as the budget and the disk have room; then raw motion makes way first, the oldest first, and gaps
    say so. While the disk is full what is heard waits in memory. Without --broker all is kept in the spool for another time.

    Example: keepup collect spool.db --broker mqtt://127.0.0.1:1883 --band b-1,AA:BB:CC:DD:EE:FF,infinitime,Europe/Berlin
    """
    with ExitStack() as stack:
        kept = Spool(spool, budget * MB, opened=_system()[0])
        stack.callback(kept.close)
        kept.hear_only({one.dev for one in band})
        sender = sending(stack, kept, broker, ca, f"keepup/1/{site}/{gateway}") if broker else None
        go_on(kept, _system, lambda: _collect(band, kept, sender, adapter, record, Pace(commit=commit)))


def _collect(bands: list[Band], spool: Spool, sender: Sender | None, adapter: str | None, record: Path | None, pace: Pace) -> None:
    timekeeper = Timekeeper(_steady, _system, max((at for one in bands if (at := spool.heard_to(one.dev)) is not None), default=None))
    asyncio.run(_hear(bands, spool, sender, BleakRadio(adapter, timekeeper.now), timekeeper, record, pace))


def go_on(spool: Spool, system: System, collecting: Callable[[], None]) -> None:
    """Collects until that ends; anew where the clock turns out to have been days ahead, if it is a time server that says so. Raises
    `ClockBehind` where nobody vouches for the clock."""
    while True:
        try:
            turned_back(spool, *system())
            return collecting()
        except ClockBehind:
            if not turned_back(spool, *system()):
                raise


def turned_back(spool: Spool, now: int, synced: bool | None) -> bool:
    bands = spool.turn_back(now) if synced else []
    if bands:
        reason = "the clock was days ahead until a time server set it: what was heard by it cannot be placed, and the time is a gap"
        log.error(reason, bands=len(bands), next="nothing now; see to it that the gateway's clock keeps the time while it is off")
    return bool(bands)


def _steady() -> int:
    return time.monotonic_ns() // 1000


def _system() -> tuple[int, bool | None]:
    return time.time_ns() // 1000, synchronised()


def sending(stack: ExitStack, spool: Spool, broker: str, ca: str | None, prefix: str) -> Sender:
    """Begins at once; a broker that does not answer is waited for. Raises `BrokerUnavailable` for an address that is none."""
    link = Link(broker, f"{prefix}-{spool.id}".replace("/", "-"), [f"{prefix}/ack"], ca)
    sender = Sender(spool, link, prefix)
    for part in (link, sender):
        part.start()
        stack.callback(part.stop)
    return sender


async def _hear(
    bands: list[Band],
    spool: Spool,
    sender: Sender | None,
    adapter: BleakRadio,
    timekeeper: Timekeeper,
    record: Path | None,
    pace: Pace,
) -> None:
    radio: Radio = adapter
    with ExitStack() as stack:
        if record:
            radio = recorder = Recorder(adapter, record)
            stack.callback(recorder.close)
        collector = Collector(radio, bands, spool, dice=SystemRandom(), timekeeper=timekeeper, pace=pace)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, collector.stop)
        try:
            await radio.scan(0)  # what is wrong from the beginning ends it; what goes wrong later is waited out
            await attend(collector, sender, spool)
        finally:
            with suppress(RadioError):
                await adapter.close()


async def attend(collector: Collector, sender: Sender | None, spool: Spool) -> None:
    """Until told to stop. Raises what ended collecting or sending. Damage to the spool keeps some rows from being sent; it ends neither."""
    job, trouble, due = asyncio.create_task(collector.run()), None, 0.0
    while not job.done():
        await asyncio.wait([job], timeout=LOOK)
        if collector.trouble and collector.trouble is not trouble:
            log.warning("the radio is disturbed", reason=str(collector.trouble), next=collector.trouble.hint)
        trouble = collector.trouble
        if sender and sender.failure and not isinstance(sender.failure, SpoolUnavailable):
            collector.stop()
        if time.monotonic() >= due:
            due = time.monotonic() + FORETELL
            remind(spool, sender)
    await job
    if sender and sender.failure:
        raise sender.failure


def remind(spool: Spool, sender: Sender | None) -> None:
    """How the spool is, again and again: of damage nobody may have read the first time."""
    damage = sender.failure if sender else None
    try:
        foretell(spool)
    except SpoolUnavailable as error:
        damage = error
    if damage:
        log.error("the spool is damaged: bands are still heard, but some of what they said cannot be sent", reason=str(damage))


def foretell(spool: Spool) -> None:
    """Says for how long the spool lasts should nothing leave it any more, while there is still time to act."""
    left = spool.days_left()
    told = {"waiting": spool.waiting(), "days_left": None if left is None else round(left, 1)}
    if left is not None and left < SOON:
        log.warning("the spool would be full soon", **told, next="bring the line back, free some of the disk, or give a larger --budget")
    else:
        log.info("the spool has room", **told)
