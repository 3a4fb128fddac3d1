"""`keepup check` on a small project of its own, with the real tools."""

import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import check
from cli.main import app

SOUND = '"""Says one thing."""\n\n\ndef one() -> int:\n    return 1\n'
TEST = "import pytest\n\n\n@pytest.mark.long\ndef test_long() -> None:\n    pass\n\n\ndef test_short() -> None:\n    pass\n"
TOOLS = '[tool.mypy]\nfiles = ["room.py"]\ncache_dir = "/dev/null"\n[tool.pytest.ini_options]\nmarkers = ["long: takes longer"]\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(TOOLS)
    (tmp_path / "room.py").write_text(SOUND)
    (tmp_path / "test_room.py").write_text(TEST)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    monkeypatch.setattr(check, "_packages", list)
    monkeypatch.setattr(check, "_programs", lambda: None)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_a_sound_project_passes_and_pytest_has_its_closing_line(capfd: pytest.CaptureFixture[str]) -> None:
    done = CliRunner().invoke(app, ["check"])

    assert done.exit_code == 0
    assert [line.split(",")[0] for line in done.output.splitlines() if re.search(": (ok|FAILED)", line)] == [
        "format: ok",
        "lint: ok",
        "types: ok",
        "tests: ok",
    ]
    assert done.output.splitlines()[-1].startswith("check: all well")
    assert re.search(r"=+ 1 passed(, 1 deselected)? in ", capfd.readouterr().out)


def test_every_failure_is_shown_and_none_stops_the_rest_nor_the_long_tests(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "room.py").write_text("import os\ndef one() -> int: return 'one'\n")

    done = CliRunner().invoke(app, ["check", "--long"])

    assert done.exit_code == 1
    assert "format: FAILED" in done.output
    assert "F401" in done.output
    assert 'got "str", expected "int"' in done.output
    assert "check: format, lint, types failed" in done.output
    assert "2 passed" in capfd.readouterr().out


def test_away_from_a_checkout_it_says_what_to_do(project: Path) -> None:
    (project / "pyproject.toml").unlink()

    done = CliRunner().invoke(app, ["check"])

    assert done.exit_code == 2
    assert "git clone" in done.output


def test_packages_are_installed_once_for_each_pyproject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text("one")
    monkeypatch.setattr(check, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    mark, wanted = check._packages()[3:5]

    Path(mark).write_text(wanted)
    assert check._packages() == []

    (tmp_path / "pyproject.toml").write_text("two")
    assert f"{tmp_path}[check]" in check._packages()
