"""The project installs as it runs: our names are ours, and what is not Python comes along in the wheel."""

import subprocess
import sys
import zipfile
from importlib.metadata import entry_points, packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("ingest", "detectors", "alerts", "web", "lab", "config", "cli")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed: pip install hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def test_no_other_distribution_claims_our_names() -> None:
    """One named `config` exists; installed beside ours it would replace ours without a word."""
    claims = packages_distributions()

    assert {room: set(claims.get(room, ())) - {"keepup"} for room in ROOMS} == {room: set() for room in ROOMS}


def test_all_rooms_are_found_in_one_place() -> None:
    places = {str(Path(str(spec.origin)).parents[1]) if (spec := find_spec(room)) else f"no {room}" for room in ROOMS}

    assert len(places) == 1


def test_the_program_is_there_and_loads() -> None:
    (script,) = entry_points(group="console_scripts", name="keepup")

    assert callable(script.load())


def test_everything_in_the_rooms_ships_and_nothing_else(wheel: Path) -> None:
    present = {path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file()}
    expected = {name for name in present if "__pycache__" not in name and not name.endswith((".db", ".db-wal", ".db-shm"))}
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if ".dist-info/" not in name}
        licences = [name for name in packed.namelist() if name.endswith("LICENSE")]

    assert names == expected
    assert len(licences) == 1


def test_the_wheel_runs_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    script = "import cli.main, config.plugins as p; print(cli.main.__file__); print(*p.formats(), *p.rules(), *p.drivers()); cli.main.app()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, "--version"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    place, plugins, version = done.stdout.splitlines()

    assert place == str(site / "cli" / "main.py")
    assert {"csv", "fitbit"} <= set(plugins.split())
    assert version.startswith("keepup ")
