"""A recording through the real line, at any speed; the findings at the end."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from alerts.alert import Message
from alerts.channel import Channel
from alerts.chart import Patient, Wearing
from alerts.deliver import Way, deliver
from alerts.sight import SETTLE
from alerts.watch import STEP
from cli.line import Clinic, clinic, linked, receiving
from cli.options import a_file, a_format, a_speed, a_zone, as_json, person, stamp
from cli.prescribing import prescribe, prescription
from cli.processes import end_alike
from config.plugins import formats
from detectors.finding import INSTANTS, Finding
from ingest.batch import DAY, HOUR, MICROS
from ingest.broker import EmbeddedBroker, free_port
from ingest.format import Asides, barren, chosen
from ingest.play import Recording, play, recorded
from ingest.receiver import Receiver
from ingest.sender import Sender
from ingest.spool import Spool
from ingest.wire import Message as Sent
from ingest.wire import seal

THERAPIST = "t-replay"


class Untold:
    """Takes every message and tells nobody."""

    def __call__(self, message: Message) -> None:
        pass

    def close(self) -> None:
        pass


UNTOLD = (Way(Channel("mqtt", idempotent=True, open=lambda _: Untold()), Untold()),)


class Through(StrEnum):
    DIRECT = "direct"
    MQTT = "mqtt"


def replay(
    file: a_file,
    format: a_format = None,  # noqa: A002 — the option's name
    zone: a_zone = None,
    patient: Annotated[
        str | None,
        typer.Option(
            parser=person, metavar="ID", help="One of the recording's bands; or, of one band alone, the pseudonym to file it under."
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="What was prescribed: for the one that --patient names, else for each person.", exists=True, dir_okay=False),
    ] = None,
    speed: a_speed = None,
    through: Annotated[Through, typer.Option(help="Straight into the ingester, or over the embedded broker.")] = Through.DIRECT,
    json_: as_json = False,
) -> None:
    """Play a recording through the real line and say what the rules found.

    Each band of the recording becomes a patient. The same file gives the same findings, to the byte, at any speed, either way. Nobody is
    told anything: a question about a planned session counts as asked and not answered.

    Example: keepup replay week.csv --plan plan.yaml --json
    """
    end_alike()
    say = Console(stderr=True)
    asides = Asides()
    with say.status(f"Reading {file.name} …"):
        recording = recorded(chosen(file, format, formats()).read(file, zone, asides))
    if recording is None:
        raise barren(file, asides)
    people = _people(recording, patient, file)
    prescribed = None if plan is None else prescription(plan)
    with tempfile.TemporaryDirectory(prefix="keepup-replay-") as folder, clinic(Path(folder), lambda: recording.end, past=True) as behind:
        _admit(behind, recording, people, zone)
        for who in people.values():
            if prescribed and patient in (None, who):
                prescribe(behind, prescribed, who, THERAPIST)
        watch = behind.watch()
        with _bar(say, recording, hidden=json_ or not say.is_terminal) as moved, _line(behind, Path(folder), through) as (spool, settle):
            now = recording.start // STEP * STEP
            for reached in _paced(play(recording, spool, SETTLE + STEP, HOUR if speed else DAY), recording, speed):
                settle()
                for now in watch.follow(now):  # noqa: B020 — each slice goes on where the last one stopped
                    deliver(behind.chart, UNTOLD, now)
                    moved(now)
                moved(reached)
        found = sorted(behind.chart.findings(), key=lambda f: (f[0].patient, f[0].start, f[0].kind))
    if asides.count:
        say.print(f"{asides.count} rows of {file.name} were set aside{_example(asides)}.", style="yellow", highlight=False)
    if say.is_terminal or not json_:
        say.print(_read(recording, zone), highlight=False, soft_wrap=True)
    _print(found, json_, zone)


def _people(recording: Recording, patient: str | None, file: Path) -> dict[str, str]:
    """Band → whom it is filed under."""
    if patient is None or patient in recording.first:
        return {dev: dev for dev in recording.first}
    if len(recording.first) > 1:
        raise typer.BadParameter(
            f"{file.name} holds {len(recording.first)} bands and {patient} is none of them: {', '.join(sorted(recording.first)[:5])}. "
            "Name one of them, or leave it out.",
            param_hint="--patient",
        )
    return dict.fromkeys(recording.first, patient)


def _admit(behind: Clinic, recording: Recording, people: Mapping[str, str], zone: ZoneInfo | None) -> None:
    """Every band of the recording on a patient of its own, since its first reading."""
    for dev, first in recording.first.items():
        behind.chart.admit(Patient(people[dev], zone or ZoneInfo("UTC"), THERAPIST, virtual=False), first)
        behind.chart.hand_over(Wearing(dev, people[dev], first))


@contextmanager
def _line(behind: Clinic, folder: Path, through: Through) -> Iterator[tuple[Spool, Callable[[], None]]]:
    """A spool, and what waits until all of it is stored and known to be complete."""
    with ExitStack() as stack:
        spool = Spool(folder / "spool.db")
        stack.callback(spool.close)
        if through is Through.DIRECT:
            yield spool, lambda: _hand_over(spool, behind)
            return
        broker = EmbeddedBroker(free_port())
        stack.callback(broker.stop)
        receiver = stack.enter_context(receiving(behind, broker.url))
        sender = Sender(
            spool, stack.enter_context(linked(broker.url, "keepup-replay", ["keepup/1/home/replay/ack"])), "keepup/1/home/replay"
        )
        sender.start()
        stack.callback(sender.stop)
        yield spool, lambda: _wait(spool, [sender, receiver], behind)


def _hand_over(spool: Spool, behind: Clinic) -> None:
    while rows := spool.oldest(0, 64):
        message = seal(Sent(spool.id, spool.next_turn(), {}, [(row.seq, row.parcel) for row in rows]))
        for _, ack in behind.ingester.take([("replay", message)]):
            spool.trim(ack.stored, [seq for seq, _ in ack.dead])
    behind.ingester.take([("replay", seal(Sent(spool.id, spool.next_turn(), spool.claims())))])


def _wait(spool: Spool, ends: Sequence[Sender | Receiver], behind: Clinic) -> None:
    while any(behind.catalog.complete_to(dev) != upto for dev, upto in spool.claims().items()) or spool.waiting():
        for end in ends:
            if end.failure:
                raise end.failure
        time.sleep(0.005)


def _paced(slices: Iterator[int], recording: Recording, speed: float | None) -> Iterator[int]:
    begun = time.monotonic()
    for reached in slices:
        if speed:
            time.sleep(max(0.0, begun + (reached - recording.start) / MICROS / speed - time.monotonic()))
        yield reached


@contextmanager
def _bar(say: Console, recording: Recording, hidden: bool) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[day]}"), TimeRemainingColumn())
    with Progress(*columns, console=say, transient=True, disable=hidden) as progress:
        task = progress.add_task("Replaying", total=recording.end - recording.start, day="")
        yield lambda at: progress.update(task, completed=at - recording.start, day=stamp(at)[:10])


def _read(recording: Recording, zone: ZoneInfo | None) -> str:
    readings, bands = sum(batch.n for batch in recording.batches), len(recording.first)
    first, last = (stamp(at // MICROS * MICROS, zone) for at in (recording.start, recording.end))
    return (
        f"Read {readings:,} {'reading' if readings == 1 else 'readings'} of {bands} {'band' if bands == 1 else 'bands'}, {first} to {last}."
    )


def _print(found: list[tuple[Finding, str]], json_: bool, zone: ZoneInfo | None) -> None:
    if json_:
        for finding, state in found:
            line: dict[str, object] = {"patient": finding.patient, "kind": finding.kind, "key": finding.key, "start": stamp(finding.start)}
            line |= {
                "end": None if finding.end is None else stamp(finding.end),
                "state": state,
                "evidence": {name: _told(name, value) for name, value in sorted(finding.evidence.items())},
            }
            sys.stdout.write(json.dumps(line) + "\n")
        return
    if not found:
        Console().print("No findings.")
        return
    table = Table(title="1 finding" if len(found) == 1 else f"{len(found)} findings", title_justify="left")
    for name in ("patient", "kind", "from", "to", "state", "evidence"):
        table.add_column(name)
    for finding, state in found:
        until = "goes on" if finding.end is None else stamp(finding.end, zone)
        table.add_row(
            finding.patient,
            finding.kind,
            stamp(finding.start, zone),
            until,
            state,
            ", ".join(f"{name} {_told(name, value)}" for name, value in finding.evidence.items()),
        )
    Console().print(table)


def _told(name: str, value: float | int | str) -> float | int | str:
    return stamp(int(value)) if name in INSTANTS else value


def _example(asides: Asides) -> str:
    return f"; the first is line {asides.first[0].line}: {asides.first[0].reason}" if asides.first else ""
