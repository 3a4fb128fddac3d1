"""The clinic and its visitors, for every test of the pages."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from fastapi import FastAPI

from tests.clinic import SECRET, Clinic, furnish, opened
from tests.visitor import Browser, Clock
from web.app import app


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
