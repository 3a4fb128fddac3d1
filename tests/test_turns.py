"""The clock alone: what becomes of planned sessions while the line is down, as the watch sees it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from detectors.outcome import KIND
from detectors.plan.read import read
from ingest.batch import DAY, HOUR
from tests.test_watch import EIGHT, PATIENT, Site, day, opened
from tests.test_watch_bands import PLAN

TEXT = PLAN.format(patient=PATIENT, item="exercise: walk, kind: aerobic, minutes: 20")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield opened(tmp_path, stack)


def outcomes(site: Site) -> list[str]:
    return [str(finding.evidence["outcome"]) for finding, state in site.chart.findings() if finding.kind == KIND and state != "retracted"]


def test_a_gateway_that_died_leaves_each_session_unknown_two_days_after_it_was_to_be_done(site: Site) -> None:
    # Mon 12:00 WWW  14:00 the gateway dies | Tue–Sun, Mon–Wed 11:00–13:00 a walk is planned; looked at each evening
    site.hear(day("______" * 4 + "WWW___" + "______"), EIGHT + 6 * HOUR)
    plan = read(TEXT).plan
    assert plan is not None
    site.chart.plans.assign(PATIENT, TEXT, plan, EIGHT - 8 * HOUR, "t-02", EIGHT)
    watch, told = site.watch(), []
    for n in range(10):
        watch.judge(EIGHT + n * DAY + 12 * HOUR)
        told.append(outcomes(site))
    # Tuesday's is given up on Thursday at 13:00, and so on, day by day
    assert told == [["done", *["unknown"] * max(0, n - 2)] for n in range(10)]
