"""Everything in one command: virtual patients with eight weeks behind them, and on into live time."""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from alerts.links import Links
from cli.line import Clinic, clinic, site_secret, wall
from cli.options import SITE, as_json, stamp
from cli.processes import Gateway, end_alike, ingesting, virtual_gateway
from cli.serving import bound, serving
from cli.virtual import admitted, held, live_through
from cli.watch import live
from cli.ways import plain
from detectors.outcome import KIND, Outcome, judged
from ingest.batch import DAY, MICROS
from lab.gateway import Orders
from lab.people import cast

THERAPIST = "t-demo"
WEEKS = 8
SAME_END = 1_793_995_200 * MICROS
"""Where history ends with --once, so that one seed is one story whenever it is told: Friday 2026-11-06T20:00Z, when all of the cast are
awake to hear what late data changed, and their therapist has read on a working day what was thought before."""


def demo(
    once: Annotated[bool, typer.Option("--once", help="Make the history, say what came of it, and end.")] = False,
    seed: Annotated[int, typer.Option(help="Another seed is another story.")] = 1,
    patients: Annotated[int, typer.Option(min=1, max=50, help="How many virtual patients.")] = 8,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0 takes a free one.")] = 8080,
    weeks: Annotated[int, typer.Option(min=1, max=8, hidden=True, help="Of history.")] = WEEKS,
    json_: as_json = False,
) -> None:
    """Show KeepUp at work on virtual patients: bands, broker, store, rules, pages. Nothing leaves this machine, nothing is kept.

    Example: keepup demo --once --seed 1 --json
    """
    end_alike()
    begun, say = time.monotonic(), Console(stderr=True)
    end = SAME_END if once else wall()
    start = end - weeks * 7 * DAY
    with ExitStack() as stack:
        at = None if once else stack.enter_context(bound("127.0.0.1", port))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keepup-demo-", ignore_cleanup_errors=True)))
        behind = stack.enter_context(clinic(folder))
        players, password = cast(seed, patients, end), token_urlsafe(9)
        behind.chart.employ(THERAPIST, password)
        admitted(behind, players, THERAPIST, start, end)
        broker = stack.enter_context(ingesting(folder))
        ways = plain(stack, broker, SITE, None).open
        orders = Orders(seed=seed, patients=patients, start=start, end=end, live=not once, broker=broker, spool=folder / "spool.db")
        orders = orders.model_copy(update=held(players))
        gateway = stack.enter_context(virtual_gateway(orders))
        with _bar(say, orders, json_ or not say.is_terminal) as moved:
            live_through(behind, orders, players, gateway, ways, moved)
        if at is None:
            _report(_books(behind, gateway, patients, time.monotonic() - begun), weeks, json_)
            return
        address = f"http://127.0.0.1:{at.getsockname()[1]}"
        links = Links(site_secret(folder), address)
        stack.enter_context(serving(behind, at, SITE, links))
        _welcome(say, address, password)
        live(behind.watch(), behind.chart, ways, wall, links=links)


@contextmanager
def _bar(say: Console, orders: Orders, hidden: bool) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[day]}"), TimeElapsedColumn())
    with Progress(*columns, console=say, transient=True, disable=hidden) as progress:
        total = orders.end - orders.start
        task = progress.add_task(f"Living through {total // (7 * DAY)} weeks", total=total, day="")
        yield lambda at: progress.update(task, completed=at - orders.start, day=stamp(at)[:10])


def _books(behind: Clinic, gateway: Gateway, patients: int, seconds: float) -> dict[str, Any]:
    """Each figure from its own end: the bands' count, the spool's, the store's, the catalog's."""
    told = gateway.done or {}
    stored, dead = sum(behind.store.readings().values()), sum(letter.readings for letter in behind.catalog.dead())
    alerts = Counter((alert.kind, str(alert.audience), str(alert.state)) for alert in behind.chart.alerts())
    sessions = Counter(
        str(judged(finding).outcome) for finding, state in behind.chart.findings() if finding.kind == KIND and state != "retracted"
    )
    return {
        "patients": patients,
        "readings": {**told, "stored": stored, "dead": dead, "lost": told["accepted"] - stored - dead},
        "messages_through_broker": behind.catalog.received(),
        "sessions": {str(outcome): sessions[outcome] for outcome in Outcome},
        "messages": behind.chart.counts(wall()).told,
        "alerts": [{"kind": k, "audience": a, "state": s, "count": n} for (k, a, s), n in sorted(alerts.items())],
        "seconds": round(seconds, 1),
    }


def _report(books: dict[str, Any], weeks: int, json_: bool) -> None:
    if json_:
        sys.stdout.write(json.dumps(books) + "\n")
        return
    out, readings = Console(), books["readings"]
    out.print(f"{books['patients']} virtual patients, {weeks} weeks, {books['seconds']} s")
    out.print(
        ", ".join(f"{name} {count:,}" for name, count in readings.items()) + f" readings in {books['messages_through_broker']:,} messages"
    )
    for alert in books["alerts"]:
        out.print(f"  {alert['count']:>4}  {alert['kind']} for the {alert['audience']}, {alert['state']}")


def _welcome(say: Console, url: str, password: str) -> None:
    text = f"[bold]{url}[/]\n\nLog in as [bold]{THERAPIST}[/] with [bold]{password}[/]\n\nThe patients are virtual. Ctrl-C ends it."
    say.print(Panel(text, title="KeepUp demo", expand=False, padding=(1, 3)))
