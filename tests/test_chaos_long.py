"""Storms of half a minute, and four lines that are broken on purpose: each is found."""

import sys
from pathlib import Path

import pytest

from cli.victims import MODULE, Broker, Kept, site
from lab.chaos.storm import rage
from lab.chaos.verdict import Verdict
from tests.chaos_mutants import MUTANTS
from tests.mosquitto import PROGRAM

pytestmark = pytest.mark.long
SEEDS = (1, 2, 3)
TRIES = range(1, 6)
"""Seeds after which a fault that was not found would be taken for none."""
BROKEN = str(Path(__file__).with_name("chaos_mutants.py"))


def storm(folder: Path, broker: Broker, seconds: float, seed: int, kept: Kept = Kept.SQLITE, module: tuple[str, ...] = MODULE) -> Verdict:
    if broker is Broker.MOSQUITTO and PROGRAM is None:
        pytest.skip("mosquitto is not installed")
    folder.mkdir(exist_ok=True)
    came = rage(site(folder, broker, kept, module), seconds, seed, bands=12)
    sys.stdout.write(came.json() + "\n")
    return came


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("kept", "broker"), [(Kept.SQLITE, Broker.EMBEDDED), (Kept.SQLITE, Broker.MOSQUITTO), (Kept.DOUBLE, Broker.MOSQUITTO)]
)
def test_half_a_minute_of_storm_loses_nothing(kept: Kept, broker: Broker, seed: int, tmp_path: Path) -> None:
    came = storm(tmp_path, broker, 30, seed, kept)

    assert came.kept, came
    assert sum(came.kills.values()) >= 10, came  # far more on a machine that does nothing else


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_line_broken_on_purpose_is_found(mutant: str, tmp_path: Path) -> None:
    broker = Broker.MOSQUITTO if PROGRAM else Broker.EMBEDDED
    found = any(not storm(tmp_path / str(seed), broker, 20, seed, module=(sys.executable, BROKEN, mutant)).kept for seed in TRIES)

    assert found, f"{mutant}: a storm that cannot find this finds nothing"
