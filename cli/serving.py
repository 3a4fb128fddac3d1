"""The pages, served on one socket that was bound before anything else was started."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from secrets import token_bytes
from threading import Thread

import uvicorn

from alerts.links import Links
from cli.line import Clinic, wall
from web.app import LOOPBACK, app

CONNECTIONS = 200
"""At the same time, open streams of news among them; whoever comes then is told 503."""
KEEP_ALIVE = 5
"""Seconds a connection stays open with nothing asked."""


def bound(host: str, port: int) -> socket.socket:
    """Raises `OSError` naming the address when the port is taken."""
    try:
        return socket.create_server((host, port))
    except OSError as error:
        said = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror  # Python's own repeats the address
        raise OSError(error.errno, said, f"{host}:{port}") from error


def server(
    behind: Clinic, site: str, links: Links, secret: bytes | None = None, hosts: Sequence[str] = LOOPBACK, https: bool = False
) -> uvicorn.Server:
    """`links`: those by which patients answer. `secret` signs the sessions; a new one for each start where none is given. `https`: TLS
    stands in front."""
    key, gaps, complete_to = secret or token_bytes(32), behind.catalog.spans, behind.catalog.complete_to

    def leaving() -> bool:
        return web.should_exit

    pages = app(
        behind.chart,
        behind.store,
        gaps,
        complete_to,
        secret=key,
        now=wall,
        site=site,
        hosts=hosts,
        https=https,
        links=links,
        leaving=leaving,
        bands=behind.catalog.bands,
        dead=behind.catalog.dead,
    )
    web = uvicorn.Server(
        uvicorn.Config(
            pages,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=3,
        )
    )
    return web


@contextmanager
def serving(behind: Clinic, at: socket.socket, site: str, links: Links) -> Iterator[None]:
    """In the background, for as long as the context lasts."""
    web = server(behind, site, links)
    thread = Thread(target=web.run, kwargs={"sockets": [at]}, name="web", daemon=True)
    thread.start()
    try:
        yield
    finally:
        web.should_exit = True
        thread.join()
