"""The secrets of a site, as the script that is shipped makes them."""

import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[1] / "config/deploy"


def prepared(folder: Path, *words: str) -> Path:
    """./secrets of a site, made by the script that is shipped."""
    if not all(map(shutil.which, ("openssl", "mosquitto_passwd"))):
        pytest.skip("openssl and mosquitto_passwd are not both installed")
    subprocess.run(["sh", str(DEPLOY / "prepare"), *words], cwd=folder, check=True, capture_output=True, timeout=60)
    return folder / "secrets"
