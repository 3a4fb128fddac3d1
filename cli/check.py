"""Format, lint, types, tests: all of them, each named and timed, in a checkout."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "mosquitto": ("mosquitto",), "postgresql": ("postgres",)}
"""Debian package → the programs it brings, any of which will do; tests that need one skip where there is none."""
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
BESIDE = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")
"""Tests of a file share what is costly to set up: they stay together."""
SERVERS = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version of PostgreSQL, off every PATH."""


def check(
    long: Annotated[bool, typer.Option("--long", help="Also run the tests marked long.")] = False,
) -> None:
    """Check this checkout: format, lint, types, tests.

    Installs what the checks need first: Python packages into the venv, and chromium, mosquitto and postgresql where run as
    root on Debian; elsewhere it names what is missing and goes on. Ends with 1 if any step failed.
    """
    if not (ROOT / "pyproject.toml").is_file():
        raise typer.BadParameter("there is no checkout here to check: get one with git clone, and start ./keepup check in it.")
    began = time.monotonic()
    ready = _step("packages", _packages())
    _programs()
    python = [sys.executable, "-m"]
    steps = {
        "format": [*python, "ruff", "format", "--check"],
        "lint": [*python, "ruff", "check"],
        "types": [*python, "mypy"],
        "tests": [*python, "pytest", *BESIDE, *([] if long else ["-m", "not long"])],
    }
    failed = [name for name, command in steps.items() if not _step(name, command, live=name == "tests")]
    failed = failed if ready else ["packages", *failed]
    took = f"{time.monotonic() - began:.0f} s"
    print(f"check: {', '.join(failed)} failed, in {took}" if failed else f"check: all well, in {took}")
    raise typer.Exit(1 if failed else 0)


def _step(name: str, command: Sequence[str], live: bool = False) -> bool:
    """Run one step; what it says is shown as it comes (`live`) or once it has failed."""
    if not command:
        return True
    began = time.monotonic()
    print(f"{name}: {' '.join(command[1:])}" if live else f"{name} …", flush=True)
    done = subprocess.run(  # noqa: S603 the commands are written in this file
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=not live, text=True, check=False
    )
    if done.returncode and not live:
        print(done.stdout + done.stderr, end="")
    print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}, {time.monotonic() - began:.1f} s", flush=True)
    return done.returncode == 0


def _packages() -> list[str]:
    """The command that installs the extra `check`; none where this pyproject.toml's is installed already."""
    mark = Path(sys.prefix) / "check.stamp"
    wanted = sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text() == wanted:
        return []
    what = ["--quiet", "--editable", f"{ROOT}[check]"]
    uv = shutil.which("uv")
    install = [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    # the mark is written by what it marks, so that a failed installation leaves none
    script = "import pathlib, subprocess, sys; subprocess.run(sys.argv[3:], check=True); pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"
    return [sys.executable, "-c", script, str(mark), wanted, *install, *what]


def _programs() -> None:
    path = os.pathsep.join([PATH, *map(str, SERVERS.glob("*/bin"))])
    missing = [package for package, names in PROGRAMS.items() if not any(shutil.which(name, path=path) for name in names)]
    if not missing:
        return
    apt = shutil.which("apt-get", path=PATH)
    if apt is None or os.geteuid() != 0:
        print(f"missing: {' '.join(missing)}; tests that need them will skip. On Debian: sudo apt-get install {' '.join(missing)}")
        return
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", apt, "-qq", "-o", "Acquire::http::Timeout=30"]
    _step("apt lists", [*quiet, "update"])
    if not _step("apt packages", [*quiet, "install", "-y", "--no-install-recommends", *missing]):
        print(f"{' '.join(missing)} could not be installed; tests that need them will skip")
