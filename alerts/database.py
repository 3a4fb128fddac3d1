"""Opens the chart's database, brings its tables up to date, and gives transactions that queue rather than fail."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, QueuePool, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.pool import ConnectionPoolEntry

MIGRATIONS = Path(__file__).with_name("migrations")
WAIT = 30
"""Seconds a writer waits for another one."""
IDLE = 60
"""Seconds after which PostgreSQL ends a transaction in which nothing is done: whoever stands still holds up all others."""


class ChartUnavailable(Exception):
    """The chart cannot be opened, read or written now; nothing was half done. The message says what to do next."""


class Database:
    """SQLite by "sqlite:///path" ("sqlite://" lives in memory), or PostgreSQL by URL. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        try:
            self._engine = _engine(url)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise ChartUnavailable(f"the chart's address is not one KeepUp can open ({error}); {_instead(url)}") from error
        self._name = self._engine.url.render_as_string(hide_password=True)
        self._turn = Lock()
        self._writer = self._engine.execution_options(writes=True)
        try:
            with self.writing() as tx:
                _migrate(tx)
        except CommandError as error:
            self.close()
            raise ChartUnavailable(f"the chart {self._name} was written by a newer KeepUp ({error}); update KeepUp") from error
        except ChartUnavailable:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """For single statements: each sees the chart as it then is, and none waits for a writer."""
        with self._clear(), self._engine.connect() as tx:
            yield tx

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """All or nothing; a second writer waits, and holds no connection that a reader could use."""
        with self._clear(), self._in_turn(), self._writer.begin() as tx:
            yield tx

    def cleared(self) -> bool:
        """Makes SQLite's write-ahead log empty, so that no file holds what was deleted; waits for readers.

        False: somebody was reading for too long, or it is PostgreSQL, whose files are its own (VACUUM).
        """
        if self._engine.dialect.name != "sqlite":
            return False
        with self.reading() as tx:
            busy: int = tx.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        return not busy

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=WAIT):
            raise ChartUnavailable(f"the chart {self._name} is being written by others since {WAIT} s; try again in a minute")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _clear(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # a promise was about to be broken: that is a fault of ours, not of the disk
        except NoneFree as error:
            raise ChartUnavailable(f"the chart {self._name} is asked for by too many at once; try again in a minute") from error
        except DBAPIError as error:
            raise ChartUnavailable(
                f"the chart {self._name} cannot be used: {error.orig}. Check that its folder exists, that this user may write the file and "
                "its folder, and that the disk is not full; then try again"
            ) from error


def _instead(url: str) -> str:
    if url.startswith("postgresql+psycopg:"):
        return "install what speaks to PostgreSQL: pip install 'keepup[postgres]'"
    if url.startswith("postgres"):
        return "write postgresql+psycopg://user:password@host/name"
    return "give e.g. sqlite:///chart.db"


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=_limits(make_url(url)))
        event.listen(engine, "begin", _queue)
        return engine
    in_memory = url in ("sqlite://", "sqlite:///:memory:")
    # A database in memory is gone with its connection: one for all, waited for in turn.
    size = {"pool_size": 1, "max_overflow": 0} if in_memory else {"pool_size": 8, "max_overflow": 8}
    waits = {"timeout": WAIT, "check_same_thread": False}
    engine = create_engine(url, poolclass=QueuePool, connect_args=waits, hide_parameters=True, **size)  # what is written is a patient's
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _limits(url: URL) -> dict[str, str | int]:
    """Of libpq (PostgreSQL 15, 34.1.2): a server that is gone or hangs is told soon. What the URL says itself stands."""
    waits = f"-c lock_timeout={WAIT}s -c idle_in_transaction_session_timeout={IDLE}s"
    limits: dict[str, str | int] = {
        "connect_timeout": 5,
        "keepalives": 1,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    own = {name: value for name, value in limits.items() if name not in url.query}
    return own | {"options": f"{waits} {url.query.get('options', '')}".strip()}


def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver would begin too late, and never IMMEDIATE
    # secure_delete: what is deleted is overwritten, else it stays readable in the file until something else needs its place
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _queue(connection: Connection) -> None:
    # Writers in turn, as on SQLite: counts that a promise rests on cannot change under a writer, and events are numbered without gaps.
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(74726863)")


def _migrate(tx: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")


def upsert(tx: Connection, table: Table, values: Mapping[str, object], once: Collection[str] = ()) -> None:
    """Insert, or replace what the primary key finds, but for the columns in `once`."""
    keys = [column.name for column in table.primary_key]
    row = _INSERT[tx.dialect.name](table).values(**values)
    tx.execute(row.on_conflict_do_update(index_elements=keys, set_={name: values[name] for name in values if name not in {*keys, *once}}))


def insert_new(tx: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert unless a unique key holds it already; whether it was new."""
    row = _INSERT[tx.dialect.name](table).values(**values).on_conflict_do_nothing()
    return tx.execute(row.returning(*table.primary_key)).first() is not None  # PostgreSQL gives no row count here


_INSERT: Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
