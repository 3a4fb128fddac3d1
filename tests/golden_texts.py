"""Texts kept in `tests/golden`, so that every change of a word is seen by whoever reviews it.

To write them anew: `KEEPUP_GOLDEN=write pytest tests/test_wording.py tests/test_catalogue.py`, then read the difference.
"""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def kept(name: str, text: str) -> str:
    """What the file holds; with `KEEPUP_GOLDEN=write` it is written first."""
    file = FOLDER / name
    if os.environ.get("KEEPUP_GOLDEN") == "write":
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return file.read_text(encoding="utf-8")
