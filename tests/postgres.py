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

# The end of the input is the end of whoever asked for it.
_LIFE = """
"$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$2/log" &&
"$1/pg_ctl" -D "$2/data" -w -s -l "$2/log" -o "$3" start && echo up && cat
"$1/pg_ctl" -D "$2/data" -s -m immediate stop; rm -rf "$2/data"
"""


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
    """Under the user `postgres` where we are root, for as root it refuses to run. It ends with us, even if we are killed."""
    folder = Path(tempfile.mkdtemp(prefix="keepup-pg-"))
    user = {}
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    command = ["sh", "-c", _LIFE, "sh", programs, folder, f"{_FAST} -c unix_socket_directories={folder}"]
    life = subprocess.Popen(  # type: ignore[call-overload]  # who it runs as, by name
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, start_new_session=True, **user
    )
    try:
        if life.stdout.readline() != b"up\n":
            raise RuntimeError(f"PostgreSQL in {programs} did not start; see what it says above")
        yield Postgres(folder)
    finally:
        life.communicate(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)
