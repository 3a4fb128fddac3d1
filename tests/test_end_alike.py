"""What tells a verb to end is not lost, wherever it strikes."""

import signal
import subprocess
import sys

import pytest

STRUCK = """
import signal, sys, time, weakref
from cli.processes import end_alike

class Thing: pass

end_alike()
thing = Thing()
watched = weakref.ref(thing, lambda _: signal.raise_signal(signal.Signals(int(sys.argv[1]))))
try:
    del thing
    print("forgotten", flush=True)
    time.sleep(20)
except KeyboardInterrupt:
    print("ended")
"""


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_strikes_while_something_is_forgotten_ends_the_verb_all_the_same(asked: signal.Signals) -> None:
    done = subprocess.run([sys.executable, "-c", STRUCK, str(int(asked))], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split()[-1] == "ended"
    assert "Traceback" not in done.stderr
