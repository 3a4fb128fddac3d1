"""The house keeps its law: who imports whom, where the clock hangs, how long a file is."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY: dict[str, set[str]] = {
    "ingest": set(),
    "detectors": {"ingest"},
    "alerts": {"ingest", "detectors"},
    "web": {"ingest", "detectors", "alerts"},
    "lab": {"ingest", "detectors", "alerts"},
    "config": {"ingest", "detectors", "alerts", "web", "lab"},
    "cli": {"ingest", "detectors", "alerts", "web", "lab", "config"},
}
"""Room → the rooms it may import."""
VALUES = {"ingest.batch", "ingest.tile", "ingest.minute", "ingest.bout"}
"""What detectors may take of ingest."""
CLOCKS = ("cli/", "ingest/radios/bleak.py")
"""Where the time of day may be asked; everywhere else it is an argument."""
LONGEST = 250  # lines
PURE = (
    "batch",
    "bout",
    "driver",
    "drivers.heart_rate",
    "drivers.infinitime",
    "format",
    "forms",
    "formats.csv",
    "formats.fitbit",
    "frames",
    "minute",
    "stamp",
    "table",
    "tile",
    "tiling",
    "timekeeping",
    "track",
    "wire",
)
FILES = sorted(path for room in MAY for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(source: str) -> Iterator[str]:
    """Dotted names a file imports, those under a condition or in a function too; a relative one begins with a dot."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def breaches(room: str, source: str) -> list[str]:
    found = []
    for name in imports(source):
        other = name.split(".")[0]
        if name.startswith("."):
            found.append(f"{name} is relative")
        elif other in {*MAY, "tests"} - {room} - MAY[room]:
            found.append(f"{room} imports {name}")
        elif room == "detectors" and other == "ingest" and not any(f"{name}.".startswith(f"{value}.") for value in VALUES):
            found.append(f"detectors take {name}, which is no value")
    return found


def clocks(source: str) -> list[str]:
    """Calls that ask the time of day."""
    asked = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)]
    found = {".".join(ast.unparse(node).split(".")[-2:]) for node in nodes}
    return sorted(found & asked) + [name for name in imports(source) if name in {"time.time", "time.time_ns"}]


def test_a_room_imports_only_rooms_to_its_left() -> None:
    assert [f"{named(path)}: {breach}" for path in FILES for breach in breaches(named(path).split("/")[0], path.read_text())] == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("ingest", "import detectors.rule"),
        ("ingest", "def f():\n    from alerts import chart"),
        ("detectors", "from ingest.store import Store"),
        ("detectors", "from ingest import spool"),
        ("alerts", "from .alert import Alert"),
        ("web", "from config.plugins import rules"),
        ("lab", "import web"),
        ("cli", "import tests.clinic"),
    ],
)
def test_a_breach_of_the_law_is_seen(room: str, source: str) -> None:
    assert len(breaches(room, source)) == 1


def test_the_law_itself_has_no_circle() -> None:
    assert all(room not in MAY[other] for room, others in MAY.items() for other in others)


def test_importing_a_package_does_nothing() -> None:
    assert [named(path) for path in FILES if path.name == "__init__.py" and path.read_text()] == []


def test_a_file_can_be_read_in_one_go() -> None:
    assert [named(path) for path in (*FILES, *TESTS) if len(path.read_text().splitlines()) > LONGEST] == []


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no git checkout, so nothing tells which files are tracked")
def test_no_python_lives_outside_the_rooms_and_the_tests() -> None:
    tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()

    assert tracked
    assert [name for name in tracked if name.split("/")[0] not in {*MAY, "tests"}] == []


def test_a_file_says_first_what_it_is() -> None:
    assert [named(path) for path in FILES if (source := path.read_text()) and not ast.get_docstring(ast.parse(source))] == []


def test_the_time_of_day_is_an_argument() -> None:
    elsewhere = [path for path in FILES if not named(path).startswith(CLOCKS)]

    assert [f"{named(path)}: {clock}" for path in elsewhere for clock in clocks(path.read_text())] == []


@pytest.mark.parametrize(
    "source", ["import time\ntime.time()", "from time import time_ns", "import datetime\nf(datetime.datetime.now)", "datetime.now(UTC)"]
)
def test_a_hidden_clock_is_seen(source: str) -> None:
    assert clocks(source)


def loaded(modules: list[str]) -> set[str]:
    """Top-level packages that are loaded once `modules` are imported by a fresh Python."""
    script = f"import sys; [__import__(name) for name in {modules!r}]; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_pure_core_loads_no_radio_broker_database_or_web() -> None:
    core = [f"ingest.{name}" for name in PURE]
    core += [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES if path.is_relative_to(ROOT / "detectors")]

    assert not loaded(core) & {"bleak", "dbus_fast", "paho", "amqtt", "sqlalchemy", "fastapi", "uvicorn", "sqlite3", "typer"}


def test_a_gateway_that_only_collects_loads_nothing_of_the_clinic() -> None:
    modules = ["ingest.collect", "ingest.spool", "ingest.sender", "ingest.radios.bleak"]
    modules += ["cli.collect"] if (ROOT / "cli" / "collect.py").exists() else []
    found = loaded(modules)

    assert "bleak" in found
    assert not found & {"scipy", "fastapi", "sqlalchemy", "alembic", "uvicorn", "jinja2"}


def test_the_straight_line_flows_one_way() -> None:
    line = ["ingest", "detectors", "alerts", "web"]

    assert all(earlier in MAY[later] and later not in MAY[earlier] for earlier, later in pairwise(line))
