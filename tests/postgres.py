"""A PostgreSQL of the tests' own: a fresh folder, one socket, thrown away at the end."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, text

from alerts.chart import Chart

# Nothing here has to outlive a power cut, so it need not wait for the disk.
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB -c max_connections=200 -c listen_addresses="


class Postgres:
    """A running server; every chart is a database of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._run("CREATE DATABASE blank")
        Chart(self._url("blank")).close()

    def chart(self) -> str:
        """URL of a new chart, its tables made."""
        name = f"chart_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE blank")
        return self._url(name)

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def _run(self, sql: str) -> None:
        engine = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as server:
            server.execute(text(sql))
        engine.dispose()


def programs() -> Path | None:
    """Where the server's programs are: on PATH, or where Debian keeps them."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


@contextmanager
def running(programs: Path) -> Iterator[Postgres]:
    """Under the user `postgres` where we are root, for as root it refuses to run."""
    root = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp(prefix="keepup-pg-"))
    if root:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(data), *arguments]
        user = {"user": "postgres", "group": "postgres", "extra_groups": []} if root else {}
        subprocess.run(command, check=True, timeout=60, cwd=folder, stdout=subprocess.DEVNULL, **user)  # type: ignore[call-overload]  # by name

    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "-w", "-s", "-l", str(folder / "log"), "-o", f"{_FAST} -c unix_socket_directories={folder}", "start")
        try:
            yield Postgres(folder)
        finally:
            run("pg_ctl", "-s", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
