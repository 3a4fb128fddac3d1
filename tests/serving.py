"""Pages on a real socket."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from fastapi import FastAPI

from cli.serving import bound


@contextmanager
def served(made: Callable[[Callable[[], bool]], FastAPI]) -> Iterator[tuple[str, uvicorn.Server]]:
    """Their address, and what serves them until the end; `made` gets what says that it is about to stop."""
    door = bound("127.0.0.1", 0)
    pages = made(lambda: server.should_exit)
    server = uvicorn.Server(uvicorn.Config(pages, log_level="warning", timeout_graceful_shutdown=3))
    serving = Thread(target=server.run, kwargs={"sockets": [door]})
    serving.start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}", server
    finally:
        server.should_exit = True
        serving.join(10)
        assert not serving.is_alive()
