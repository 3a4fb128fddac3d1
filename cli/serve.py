"""The therapist's pages and the patients' one, until told to stop."""

from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer

from alerts.links import Links
from cli.line import clinic, site_secret, until_told, warn_of_a_new_site
from cli.options import SITE, a_chart, a_folder, a_site
from cli.serving import bound, server
from cli.stored import SQLITE, a_store
from web.app import LOOPBACK

SECRET_BYTES = 32


def serve(
    folder: a_folder,
    host: Annotated[str, typer.Option(help="Address to listen at; beyond this machine only with --allow.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Host name people ask for it by, through a proxy with TLS in front; may be repeated."),
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            envvar="KEEPUP_SECRET_FILE", exists=True, dir_okay=False, help="Signs the sessions, 32 bytes; else the site's own secret does."
        ),
    ] = None,
    chart: a_chart = None,
    site: a_site = SITE,
    store: a_store = SQLITE,
) -> None:
    """Show the therapist's pages, and the one on which patients answer, on this machine only unless told otherwise.

    KeepUp speaks plain HTTP. For other machines put a proxy with TLS in front and say by which names it is asked for.

    Example: keepup serve clinic --host 0.0.0.0 --allow keepup.example.org
    """
    if not allow and not _loopback(host):
        raise typer.BadParameter(
            f"{host} is open to other machines. Put a proxy with TLS in front and name the host it is asked for with --allow NAME, "
            "or leave --host out.",
            param_hint="--host",
        )
    told = until_told()
    if chart is None:
        warn_of_a_new_site(folder)
    secret = _of_sessions(folder) if secret_file is None else _secret(secret_file)
    with bound(host, port) as at, clinic(folder, store=store, chart=chart, site=site) as behind:
        address = f"http://{host}:{at.getsockname()[1]}"
        web = server(behind, site, Links(site_secret(folder), address), secret, [*LOOPBACK, *(allow or ())], https=bool(allow))
        typer.echo(f"The pages are at {address}", err=True)
        if not told.is_set():
            web.run(sockets=[at])


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _of_sessions(folder: Path) -> bytes:
    """Made of the site's own, so that whoever is logged in stays so when the pages are started again."""
    return sha256(b"keepup.sessions" + site_secret(folder)).digest()


def _secret(file: Path) -> bytes:
    secret = file.read_bytes().strip()
    if len(secret) < SECRET_BYTES:
        raise typer.BadParameter(
            f"{file} holds {len(secret)} bytes, {SECRET_BYTES} are needed. Make it with: openssl rand -hex 32", param_hint="--secret-file"
        )
    return secret
