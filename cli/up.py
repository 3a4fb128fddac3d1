"""A whole site from one file, in one process tree."""

import fcntl
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import structlog
import typer

from alerts.chart import Chart, ChartUnavailable
from cli.admission import Admission, Memory, admitted
from cli.line import chart_in, until_told, wall
from cli.options import address, as_json
from cli.parts import parts
from cli.recordings import Placed, placed
from cli.tree import Tree
from config.mistakes import Mistake
from config.settings import Site, read

log = structlog.get_logger()
AGAIN = 5.0
"""s before a chart that could not be reached is tried again."""


def up(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="The site's settings, TOML.", exists=True, dir_okay=False)] = Path(
        "keepup.toml"
    ),
    check: Annotated[bool, typer.Option("--check", help="Start and change nothing: say every mistake, or what would be done.")] = False,
    json_: as_json = False,
) -> None:
    """Run a site: its broker, ingester, watch, pages, gateway and recordings, each started again when it ends, until told to stop.

    Who is named in the file is put into the chart; to start it again changes nothing. A plan that was changed holds from now on. What was
    changed by another verb stays, until the file itself is changed there. Nobody is erased for no longer being named.

    A recording of a virtual patient is moved by whole days, so that it ends now, or within a day; one of a real patient is played with its
    times as recorded. With speed = 1 it goes on in real time.

    An environment variable like KEEPUP__BROKER__URL goes before the file. With --json {"ok", "mistakes": [{"where", "what"}], "steps",
    "processes"}. Exit code 1 with --check: there are mistakes.

    Example: keepup up clinic/keepup.toml
    """
    reading = read(file)
    if reading.site is None:
        _refuse(file, reading.mistakes, 1 if check else 2, json_)
        return
    if check:
        _checked(file, reading.site, json_)
        return
    folder = reading.site.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder):
        _run(file, reading.site, json_)


def _run(file: Path, site: Site, json_: bool) -> None:
    told = until_told()
    signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    memory = Memory.of(site.folder)
    recordings = _playable(file, site, memory, json_)
    memory.keep()
    tree = Tree(parts(site, file.absolute(), recordings))
    steps = _admit(site, recordings)
    if json_:
        _print(True, (), steps or [], tree.names)
    else:
        typer.echo("\n".join([*(steps or []), f"Starting {', '.join(tree.names)}; Ctrl-C ends it all."]), err=True)
    try:
        tree.start()
        while steps is None and not told.wait(AGAIN):
            steps = _admit(site, recordings)
        told.wait()
    finally:
        tree.stop()


def _admit(site: Site, recordings: Sequence[Placed]) -> list[str] | None:
    """`None`: the chart cannot be reached now; gateway and ingester need not wait for it."""
    memory = Memory.of(site.folder)
    try:
        with closing(Chart(_chart(site), site=site.site)) as chart:
            admission = Admission(site, [one.played for one in recordings], chart, memory, wall())
            return [step.text for step in admitted(admission, memory)]
    except ChartUnavailable as error:
        log.warning("waiting", reason=str(error))
        return None


def _chart(site: Site) -> str:
    return site.chart.url or (address(str(site.chart.url_file)) if site.chart.url_file else chart_in(site.folder))


def _playable(file: Path, site: Site, memory: Memory, json_: bool, code: int = 2) -> list[Placed]:
    found = list(placed(site, memory, wall()))
    if wrong := [one for one in found if isinstance(one, Mistake)]:
        _refuse(file, wrong, code, json_)
    return [one for one in found if isinstance(one, Placed)]


def _checked(file: Path, site: Site, json_: bool) -> None:
    """On a copy, so that looking changes nothing."""
    memory = Memory.of(site.folder)
    recordings = _playable(file, site, memory, json_, 1)
    steps: list[str] = []
    if site.chart.url or site.chart.url_file:
        steps.append("the chart is elsewhere and was not looked into")
    else:
        with _copy(site.folder) as chart:
            admission = Admission(site, [one.played for one in recordings], chart, memory, wall())
            steps += [step.text for step in admitted(admission, memory, keep=False)]
    steps += _left_out(site)
    names = [part.name for part in parts(site, file.absolute(), recordings)]
    if json_:
        _print(True, (), steps, names)
    else:
        typer.echo("\n".join([f"{file} is well. keepup up would say:", *steps, f"and start {', '.join(names)}."]))


def _left_out(site: Site) -> Iterator[str]:
    if not site.channels:
        yield "nobody is sent a message, for there is no [channels.mqtt], [channels.email] or [channels.ntfy]"
    elif site.web.base is None:
        yield "no patient is asked anything, for there is no base in [web] for a link to answer by"


@contextmanager
def _copy(folder: Path) -> Iterator[Chart]:
    with ExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory(prefix="keepup-check-")))
        if (folder / "chart.db").exists():
            here = stack.enter_context(closing(sqlite3.connect(f"{(folder / 'chart.db').absolute().as_uri()}?mode=ro", uri=True)))
            with closing(sqlite3.connect(place / "chart.db")) as there:
                here.backup(there)
        yield stack.enter_context(closing(Chart(chart_in(place))))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Held by this process, so that it is free again whatever becomes of it."""
    held = os.open(folder / "up.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        typer.echo(f"Another keepup up is running on {folder}. Stop that one first, or name another folder.", err=True)
        raise typer.Exit(1) from error
    try:
        yield
    finally:
        os.close(held)


def _refuse(file: Path, wrong: Sequence[Mistake], code: int, json_: bool) -> None:
    if json_:
        _print(False, wrong, [], [])
    else:
        count = "1 mistake" if len(wrong) == 1 else f"{len(wrong)} mistakes"
        lines = [f"  {one.where}: {one.what}." if one.where else f"  it {one.what}." for one in wrong]
        typer.echo("\n".join([f"{file} has {count}:", *lines]), err=True)
    raise typer.Exit(code)


def _print(ok: bool, wrong: Sequence[Mistake], steps: Sequence[str], processes: Sequence[str]) -> None:
    told = {"ok": ok, "mistakes": [{"where": one.where, "what": one.what} for one in wrong], "steps": steps, "processes": processes}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
