"""What can be plugged in or typed is written down where people look for it."""

import re
from pathlib import Path
from typing import Any

import pytest

from cli.main import VERBS
from config import plugins

ROOT = Path(__file__).resolve().parents[1]
PLUGINS: dict[str, dict[str, Any]] = {
    "driver": plugins.drivers(),
    "format": plugins.formats(),
    "store": plugins.stores(),
    "rule": plugins.rules(),
    "channel": plugins.channels(),
}


def text(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("name", [name for found in PLUGINS.values() for name in found])
def test_every_plug_in_is_told_of(name: str) -> None:
    assert f"`{name}`" in text("README.md") + text("CONTRIBUTING.md")


@pytest.mark.parametrize("kind", PLUGINS)
def test_every_contract_a_recipe_names_is_there(kind: str) -> None:
    assert f"`tests/test_every_{kind}.py`" in text("CONTRIBUTING.md")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_readme(verb: str) -> None:
    assert f"`keepup {verb}" in text("README.md")


def test_the_readme_promises_no_verb_that_is_not_there() -> None:
    assert set(re.findall(r"`(?:\./)?keepup ([a-z]+)", text("README.md"))) <= set(VERBS)


@pytest.mark.parametrize("kind", PLUGINS)
def test_every_kind_of_plug_in_has_its_recipe(kind: str) -> None:
    assert f"## A {kind}" in text("CONTRIBUTING.md")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_a_path_that_is_named_is_there(name: str) -> None:
    rooms = "ingest|detectors|alerts|web|lab|config|cli|tests|docs"
    paths = re.findall(rf"[`(]((?:{rooms})/[\w./-]+)[`)]", text(name))

    assert [path for path in paths if "NAME" not in path and not (ROOT / path).exists()] == []


def test_the_changelog_begins_with_what_is_not_yet_released() -> None:
    assert re.findall(r"^## (.*)$", text("CHANGELOG.md"), re.M)[0] == "Unreleased"


def test_the_readme_says_what_it_is_not() -> None:
    assert "not a medical device" in text("README.md")
