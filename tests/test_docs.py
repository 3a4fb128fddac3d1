"""What can be plugged in or typed is written down where people look for it."""

import re
import shlex
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.main import VERBS
from config import plugins

ROOT = Path(__file__).resolve().parents[1]
PLUGINS: dict[str, Iterable[str]] = {
    "driver": plugins.drivers(),
    "format": plugins.formats(),
    "store": plugins.stores(),
    "rule": plugins.rules(),
    "channel": plugins.channels(),
}


BOOKS = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docker-compose.yml", "config/keepup.toml"]


def text(name: str) -> str:
    return (ROOT / name).read_text()


def face(verb: str) -> Any:
    """What reads the verb's arguments."""
    module = import_module(f"cli.{verb}")
    app = getattr(module, "app", None) or typer.Typer(add_completion=False)
    if not hasattr(module, "app"):
        app.command(verb)(getattr(module, verb))
    return typer.main.get_command(app)


def typed(name: str) -> list[list[str]]:
    """Commands that a reader is told to type, without what comes before the verb and after a #."""
    lines = re.findall(r"^#? {2,}(?:\./)?keepup ([a-z].*)$|^#? {2,}docker compose run .*?serve ([a-z].*)$", text(name), re.M)
    return [shlex.split((own or inside).split("<")[0], comments=True) for own, inside in lines]


COMMANDS = [words for name in BOOKS for words in typed(name)]


@pytest.mark.parametrize("name", [name for found in PLUGINS.values() for name in found])
def test_every_plug_in_is_told_of(name: str) -> None:
    assert f"`{name}`" in text("README.md")


@pytest.mark.parametrize("kind", PLUGINS)
def test_every_contract_a_recipe_names_is_there(kind: str) -> None:
    assert f"`tests/test_every_{kind}.py`" in text("CONTRIBUTING.md")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_readme(verb: str) -> None:
    assert f"`keepup {verb}" in text("README.md")


def test_the_readme_promises_no_verb_that_is_not_there() -> None:
    assert set(re.findall(r"`(?:\./)?keepup ([a-z]+)", text("README.md"))) <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_of_a_verb_is_in_its_row(verb: str) -> None:
    row = next(line for line in text("README.md").splitlines() if line.startswith(f"| `keepup {verb}`"))

    assert [inner for inner in getattr(face(verb), "commands", {}) if f"`{inner}`" not in row] == []


def test_commands_to_be_typed_are_found() -> None:
    assert {words[0] for words in COMMANDS} >= {"up", "plan", "demo", "check", "replay", "therapist", "patient"}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_to_be_typed_is_one_that_is_understood(words: list[str]) -> None:
    verb, *rest = words
    command = face(verb)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}

    assert not hasattr(command, "commands"), "it lacks what is to be done"
    assert {word for word in rest if word.startswith("--")} <= known


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
