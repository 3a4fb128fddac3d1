"""Holds a verb to the process that started it: once that is gone, however it went, the verb ends itself."""

import os
import signal
import time
from threading import Thread

TETHER = "KEEPUP_TETHER"
"""Set in a verb's environment where stdin is a pipe whose other end its parent holds."""
FAREWELL = 5.0
"""s a verb may take to end by itself."""


def tethered() -> None:
    """Does nothing for a verb that stands alone."""
    if os.environ.pop(TETHER, None):
        Thread(target=_hold, name="tether", daemon=True).start()


def _hold() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(FAREWELL)
    os._exit(1)
