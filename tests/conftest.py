"""The clinic and its visitors, for every test of the pages; and a chart with two patients."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree

import pytest
from fastapi import FastAPI
from hypothesis import settings

from alerts.chart import Chart
from ingest import sqlite
from ingest.batch import DAY
from tests.clinic import SECRET, Clinic, furnish, opened
from tests.postgres import Postgres, programs, running
from tests.rounds import ANN, BOB, NOON
from tests.visitor import Browser, Clock
from web.app import app

settings.register_profile("house", deadline=None)
settings.load_profile("house")  # machines are shared: how long an example takes says nothing


@pytest.fixture(autouse=True)
def no_file_left_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test may end with its files open, as a killed process does; Python 3.13 calls what is never closed a fault."""
    opened: list[sqlite3.Connection] = []

    def remembered(*args: object, connect: Callable[..., sqlite3.Connection] = sqlite.connect) -> sqlite3.Connection:
        opened.append(connect(*args))
        return opened[-1]

    for room in ("ingest.spoolfile", "ingest.index", "ingest.stores.sqlite"):
        monkeypatch.setattr(f"{room}.connect", remembered)
    yield
    for db in opened:
        db.close()


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    furnish(folder, days=7)
    return folder


@pytest.fixture
def here(furnished: Path, tmp_path: Path) -> Iterator[Clinic]:
    with opened(copytree(furnished, tmp_path, dirs_exist_ok=True)) as clinic:
        yield clinic


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pages(here: Clinic, clock: Clock) -> FastAPI:
    return app(*here, secret=SECRET, now=clock)


@pytest.fixture
def visitor(pages: FastAPI) -> Browser:
    return Browser(pages)


@pytest.fixture
def therapist(visitor: Browser) -> Browser:
    assert visitor.login().headers["location"] == "/"
    return visitor


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if (where := programs()) is None:
        pytest.skip("no PostgreSQL server is installed; on Debian: apt-get install postgresql")
    with running(where) as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/chart.db"


@pytest.fixture(params=["file", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """Of a chart that several may open, on each engine."""
    return fresh(request)


@pytest.fixture(params=["file", "memory", "postgres"])
def chart(request: pytest.FixtureRequest) -> Iterator[Chart]:
    opened = Chart("sqlite://" if request.param == "memory" else fresh(request))
    for patient in (ANN, BOB):
        opened.admit(patient, NOON - 30 * DAY)
    yield opened
    opened.close()


def fresh(request: pytest.FixtureRequest) -> str:
    found = request.getfixturevalue(request.param)
    return found.chart() if isinstance(found, Postgres) else str(found)
