"""A storm that is itself killed with -9: nothing that it started goes on, and the next one clears away what it left."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.chaos.ground import HELD, ground
from lab.chaos.victim import bound
from tests.verbs import until


def children(pid: int) -> Iterator[int]:
    for told in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = told.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has just ended
            continue
        if int(parent) == pid and state != "Z":
            yield int(told.parent.name)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux kills a process with the one that started it")
def test_whatever_a_killed_storm_started_ends_with_it_and_the_next_clears_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not bound([]):
        pytest.skip("setpriv of util-linux is not installed")
    broker = "mosquitto" if shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") else "embedded"
    command = [sys.executable, "-I", "-m", "cli.main", "chaos", "--seconds", "60", "--bands", "2", "--broker", broker]
    storm = subprocess.Popen(command, env=os.environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.DEVNULL, start_new_session=True)
    wanted = 3 if broker == "mosquitto" else 2
    try:
        until(lambda: len(list(children(storm.pid))) >= wanted)
    finally:
        storm.send_signal(signal.SIGSTOP)  # so that none is started between the looking and the killing
        started = list(children(storm.pid))
        storm.kill()
        storm.wait()
    assert len(started) >= wanted
    assert until(lambda: not any(map(lives, started)))

    (left,) = tmp_path.glob("keepup-chaos-*")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with ground() as new:
        assert list(tmp_path.iterdir()) == [new]
    assert str(left) not in Path("/proc/mounts").read_text()


def test_the_folders_of_a_storm_that_lasts_and_of_one_that_ended_by_itself_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with ground() as ended:
        pass
    with ground() as lasting, ground() as third:
        assert {ended, lasting, third} == set(tmp_path.iterdir())
        assert (lasting / HELD).exists()
