"""The gateway: what bands say, into the spool and on to the broker, until told to stop."""

import asyncio
import signal
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from random import SystemRandom
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
import typer

from cli.options import SITE, a_broker, a_ca, a_site, name, zone
from cli.timeserver import synchronised
from config.plugins import drivers
from ingest.collect import Collector
from ingest.link import Link
from ingest.radio import Radio, RadioError
from ingest.radios.bleak import BleakRadio
from ingest.radios.recorder import Recorder
from ingest.sender import Sender
from ingest.session import Band
from ingest.spool import Spool
from ingest.timekeeping import Timekeeper

log = structlog.get_logger()
DRIVER = "infinitime"
LOOK = 1.0
"""s between two looks at how it goes."""


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
            parser=heard,
            metavar="DEV,ADDRESS[,DRIVER[,ZONE]]",
            help="A band to be heard, its id first; zone: its wearer's, which its clock is set to. May be repeated.",
        ),
    ],
    broker: a_broker = None,
    ca: a_ca = None,
    gateway: Annotated[str, typer.Option(parser=name, metavar="NAME", help="Name of this gateway in MQTT topics.")] = "gateway",
    site: a_site = SITE,
    adapter: Annotated[str | None, typer.Option(help="Bluetooth adapter, e.g. hci1; else the first that is switched on.")] = None,
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write down every byte, to be played back.")] = None,
) -> None:
    """Hear the bands, keep what they say, and send it until it is stored.

    The broker may be away for as long as the disk has room. Without --broker all is kept in the spool for another time.

    Example: keepup collect spool.db --broker mqtt://127.0.0.1:1883 --band b-1,AA:BB:CC:DD:EE:FF,infinitime,Europe/Berlin
    """
    with ExitStack() as stack:
        kept = Spool(spool)
        stack.callback(kept.close)
        sender = sending(stack, kept, broker, ca, f"keepup/1/{site}/{gateway}") if broker else None
        timekeeper = Timekeeper(_steady, _system, max((at for one in band if (at := kept.heard_to(one.dev)) is not None), default=None))
        asyncio.run(_hear(band, kept, sender, BleakRadio(adapter, timekeeper.now), timekeeper, record))


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
    bands: list[Band], spool: Spool, sender: Sender | None, adapter: BleakRadio, timekeeper: Timekeeper, record: Path | None
) -> None:
    radio: Radio = adapter
    with ExitStack() as stack:
        if record:
            radio = recorder = Recorder(adapter, record)
            stack.callback(recorder.close)
        collector = Collector(radio, bands, spool, dice=SystemRandom(), timekeeper=timekeeper)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, collector.stop)
        try:
            await radio.scan(0)  # what is wrong from the beginning ends it; what goes wrong later is waited out
            await _attend(collector, sender)
        finally:
            with suppress(RadioError):
                await adapter.close()


async def _attend(collector: Collector, sender: Sender | None) -> None:
    """Until told to stop. Raises what ended collecting or sending."""
    job, trouble = asyncio.create_task(collector.run()), None
    while not job.done():
        await asyncio.wait([job], timeout=LOOK)
        if collector.trouble and collector.trouble is not trouble:
            log.warning("the radio is disturbed", reason=str(collector.trouble), next=collector.trouble.hint)
        trouble = collector.trouble
        if sender and sender.failure:
            collector.stop()
    await job
    if sender and sender.failure:
        raise sender.failure
