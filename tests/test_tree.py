"""The tree of a site's verbs, where the machine around it fails."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys, time
from cli import tree
from cli.tree import Part, Tree

tree.WAITS = (0.01,)
grown = Tree([Part("wordy", ["--version"], dict())])
BEFORE
grown.start()
time.sleep(4)
began = time.monotonic()
grown.stop()
print(grown.names, round(time.monotonic() - began, 1), starts)
"""
ROOT = Path(__file__).resolve().parents[1]
COUNT = """
starts, real = [], tree.subprocess.Popen
def counted(*args, **more):
    starts.append(1)
    FAIL
    return real(*args, **more)
tree.subprocess.Popen = counted
"""


def ran(fail: str, stderr: int) -> tuple[float, int]:
    """s that stopping took, and how often the verb was started."""
    script = SCRIPT.replace("BEFORE", COUNT.replace("FAIL", fail or "pass"))
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True, timeout=60
    )
    _, seconds, starts = done.stdout.replace("]", "] ").split(maxsplit=2)
    return float(seconds), starts.count("1")


def test_verbs_are_started_again_though_nobody_hears_what_they_say() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        seconds, starts = ran("", writer)
    finally:
        os.close(writer)
    assert starts > 1
    assert seconds < 5


def test_a_terminal_that_takes_no_more_holds_up_neither_the_verbs_nor_the_end() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, b"x" * 65536):
            pass
    except BlockingIOError:
        os.set_blocking(writer, True)
    try:
        seconds, starts = ran("", writer)
    finally:
        os.close(reader)
        os.close(writer)
    assert starts > 1
    assert seconds < 5


def test_a_verb_that_could_not_be_started_is_tried_again() -> None:
    seconds, starts = ran("if len(starts) == 1: raise BlockingIOError(11, 'Resource temporarily unavailable')", subprocess.DEVNULL)
    assert starts > 1
    assert seconds < 5
