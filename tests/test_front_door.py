import errno
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

from cli import failure, main
from ingest.format import Unreadable
from ingest.radio import RadioError

run = CliRunner()


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A verb called `check` that does what a test gives it."""
    module = ModuleType("cli.check")
    monkeypatch.setitem(sys.modules, "cli.check", module)
    return module


def test_help_names_every_verb_and_loads_none() -> None:
    script = "import sys; from cli.main import app\ntry: app(['--help'])\nexcept SystemExit: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    loaded = set(done.stderr.split())

    assert set(main.VERBS) <= set(done.stdout.split())
    assert "cli.main" in loaded
    assert not loaded & {"numpy", "pydantic", *(f"cli.{name}" for name in main.VERBS)}


def test_without_a_verb_it_shows_help() -> None:
    assert "keepup VERB --help" in run.invoke(main.app, []).output


@pytest.mark.parametrize("name", main.VERBS)
def test_every_verb_teaches(name: str) -> None:
    done = run.invoke(main.app, [name, "--help"])

    assert done.exit_code == 0
    assert f"keepup {name}" in done.output


def test_the_version_is_the_one_installed() -> None:
    assert run.invoke(main.app, ["--version"]).output.startswith("keepup ")


def test_an_unknown_verb_or_option_is_a_matter_of_usage() -> None:
    assert run.invoke(main.app, ["chek"]).exit_code == 2
    assert run.invoke(main.app, ["check", "--no-such-thing"]).exit_code == 2


def test_all_after_the_verb_reaches_it_in_order(verb: ModuleType) -> None:
    def check(file: str, speed: str = "1", json: bool = False) -> None:
        typer.echo(f"{file} {speed} {json}")

    verb.check = check  # type: ignore[attr-defined] # a module made for this test

    assert run.invoke(main.app, ["check", "--speed", "max", "a b.csv", "--json"]).output == "a b.csv max True\n"


def test_the_exit_code_of_a_verb_is_kept(verb: ModuleType) -> None:
    def check() -> None:
        raise typer.Exit(1)

    verb.check = check  # type: ignore[attr-defined] # a module made for this test

    assert run.invoke(main.app, ["check"]).exit_code == 1


@pytest.mark.parametrize(
    ("error", "words", "code"),
    [
        (Unreadable("x.csv is empty. Record it again."), "x.csv is empty. Record it again.", 2),
        (RadioError("no adapter answers", "plug one in"), "no adapter answers plug one in", 1),
        (OSError(errno.EADDRINUSE, "Address already in use"), "choose another port", 1),
        (FileNotFoundError(errno.ENOENT, "No such file", "plan.yaml"), "plan.yaml: No such file. Check the name.", 1),
    ],
)
def test_a_failure_a_person_can_mend_is_told_without_a_traceback(verb: ModuleType, error: Exception, words: str, code: int) -> None:
    def check() -> None:
        raise error

    verb.check = check  # type: ignore[attr-defined] # a module made for this test
    done = run.invoke(main.app, ["check"])

    assert done.exit_code == code
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert done.stdout == ""


def test_a_defect_is_not_hidden_and_a_known_failure_is_shown_whole_on_request(verb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        raise errors.pop()

    verb.check = check  # type: ignore[attr-defined] # a module made for this test
    errors: list[Exception] = [ZeroDivisionError()]
    assert isinstance(run.invoke(main.app, ["check"]).exception, ZeroDivisionError)

    monkeypatch.setenv("KEEPUP_TRACEBACK", "1")
    errors = [Unreadable("x")]
    assert isinstance(run.invoke(main.app, ["check"]).exception, Unreadable)


@pytest.mark.parametrize("name", failure.CODES)
def test_every_failure_named_is_one_of_our_rooms(name: str) -> None:
    module, _, kind = name.rpartition(".")

    assert issubclass(getattr(import_module(module), kind), Exception)
