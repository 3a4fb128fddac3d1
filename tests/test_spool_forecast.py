"""For how long a spool lasts is foretold while there is time to act."""

from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from cli import main
from cli.collect import foretell
from ingest.budget import SOON, forecast
from ingest.spool import Spool
from tests.test_spool_budget import KB, hear, size


def test_a_forecast_goes_by_whole_hours_of_the_last_day() -> None:
    assert forecast(2400, [7, 50, 50, 3]) == 2.0
    assert forecast(2400, [50, 3]) == 2.0
    assert forecast(2400, [9999] * 40 + [100] * 24 + [3]) == 1.0
    assert forecast(-5, [1, 50, 3]) == 0.0
    assert forecast(2400, [50]) is None
    assert forecast(2400, []) is None
    assert forecast(2400, [0, 0, 0]) is None


def test_the_days_a_spool_lasts_follow_from_what_it_was_given(tmp_path: Path) -> None:
    with closing(Spool(tmp_path / "spool.db", 4 << 20, reserve=KB)) as spool:
        assert spool.days_left() is None
        hear(spool, range(240))
        left, used = spool.days_left(), size(spool)
        assert left is not None
        assert left == pytest.approx(((4 << 20) - used) / (used / 4 * 24), rel=0.2)


def test_it_is_logged_and_below_three_days_it_is_a_warning_with_what_to_do(tmp_path: Path) -> None:
    with closing(Spool(tmp_path / "spool.db", 4 << 20, reserve=KB)) as spool, capture_logs() as logs:
        foretell(spool)
        hear(spool, range(240))
        foretell(spool)
    early, late = logs
    assert (early["log_level"], early["days_left"], early["waiting"]) == ("info", None, 0)
    assert (late["log_level"], late["waiting"]) == ("warning", 240)
    assert late["days_left"] < SOON
    assert "--budget" in late["next"]


@pytest.mark.parametrize("wrong", [("--commit", "0"), ("--commit", "3600"), ("--budget", "1")])
def test_a_pace_or_a_budget_that_makes_no_sense_is_refused(tmp_path: Path, wrong: tuple[str, str]) -> None:
    args = ["collect", str(tmp_path / "spool.db"), "--band", "b-1,AA:BB:CC:DD:EE:FF", *wrong]
    done = CliRunner().invoke(main.app, args)
    assert (done.exit_code, wrong[0] in done.output) == (2, True)
    assert not (tmp_path / "spool.db").exists()
