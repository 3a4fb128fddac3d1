"""MQTT → store → ack, until told to stop."""

import time
from contextlib import ExitStack
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import dead
from cli.line import books, receiving, until_told, wall
from cli.options import SITE, a_broker, a_ca, a_folder, a_site
from cli.stored import SQLITE, a_store
from cli.tidy import tidy
from cli.timeserver import unset
from ingest.batch import MICROS
from ingest.broker import EmbeddedBroker
from ingest.store import Store, StoreUnavailable

LOOK = 0.5
"""s between two looks at how it goes."""
TIDY = 3600.0
"""s between two looks at whether it is time to forget what is too old."""


def ingest(
    folder: a_folder,
    broker: a_broker = None,
    ca: a_ca = None,
    site: a_site = SITE,
    store: a_store = SQLITE,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the embedded broker, on this machine only.")] = 1883,
    health_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="For /healthz, and /metrics for Prometheus. Else there is neither.")
    ] = None,
    health_host: Annotated[
        str, typer.Option(metavar="NAME", help="Of this machine, where these two are asked for by others; they are not encrypted.")
    ] = "127.0.0.1",
    past: Annotated[bool, typer.Option("--past", hidden=True, help="Take readings of any age: what is told is a history.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not say what it listens to.")] = False,
) -> None:
    """Store what the gateways send, and answer them once it is stored.

    Without --broker it brings a broker of its own, for gateways on this machine. What can never be stored is set aside with its reason, and
    keepup ingest dead shows it.

    Example: keepup ingest clinic --broker mqtts://ingest:secret@broker.example:8883
    """
    told = until_told()
    with ExitStack() as stack:
        behind = stack.enter_context(books(folder, store=store, past=past, unset=unset))
        if broker is None:
            own = EmbeddedBroker(port)
            stack.callback(own.stop)
            broker = own.url
        receiver = stack.enter_context(receiving(behind, broker, site, ca, told.is_set))
        if health_port is not None:
            from cli.health import health  # brings a library that nobody else needs

            stack.enter_context(health(receiver, behind.catalog, health_port, health_host))
        if not (quiet or told.is_set()):
            typer.echo(f"Listening to {broker.rpartition('@')[2]} for the site {site}, into {folder}", err=True)
            _ask(behind.store)
        tidied = -TIDY
        while not told.wait(LOOK):
            if receiver.failure:
                raise receiver.failure
            if not past and time.monotonic() >= tidied + TIDY:
                tidied = time.monotonic()
                tidy(behind, wall())


def _ask(store: Store) -> None:
    """So that a wrong address or token is told at once, and not only when something is to be stored."""
    try:
        store.bouts("-", 0, MICROS)
    except StoreUnavailable as error:
        typer.echo(f"{error} Until then nothing is answered: the gateways keep what they have.", err=True)


class _Door(TyperGroup):
    """A folder is ingested into; anything else is a verb below this one (a folder of such a name is ./NAME)."""

    def main(self, args: Any = None, *rest: Any, **more: Any) -> Any:
        if args and args[0] in self.commands:
            return super().main(args, *rest, **more)
        return typer.main.get_command(_alone).main(args, *rest, **more)


_alone = typer.Typer(add_completion=False)
_alone.command("ingest")(ingest)
app = typer.Typer(cls=_Door, add_completion=False)
app.add_typer(dead.app)
