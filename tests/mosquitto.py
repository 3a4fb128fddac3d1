"""A real broker on this machine, for the time of a test."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

PROGRAM = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


@contextmanager
def mosquitto() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and its port; skips the test where there is none."""
    if PROGRAM is None:
        pytest.skip("mosquitto is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with TemporaryDirectory() as folder:
        conf = Path(folder) / "broker.conf"
        conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        conf.parent.chmod(0o755)
        process = subprocess.Popen([PROGRAM, "-c", str(conf), "-v"], stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        assert any("running" in line for line in process.stderr)
        yield process, port
        process.kill()
        process.communicate()
