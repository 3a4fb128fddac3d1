"""Every gap a gateway tells of, from the wire to where rules and pages look: with its cause, and whether it may still be filled."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from alerts.sight import Sight
from ingest.batch import HOUR, Cause, Span
from tests.test_watch import DEV, EIGHT, PATIENT, Site, day, opened
from web.day import last_days
from web.record import record
from web.strip import strip
from web.totals import unheard


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield opened(tmp_path, stack)


@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("why", Cause)
def test_a_gap_reaches_the_rules_and_the_patients_day(site: Site, why: Cause, final: bool) -> None:
    #  8:00 walks 9:00 ── nothing known of two hours ── 11:00 walks 12:00
    gap = Span(DEV, EIGHT + HOUR, EIGHT + 3 * HOUR, why, final, -HOUR if why is Cause.CLOCK else None)
    site.hear([*day("WWWWWW" + " " * 12 + "WWWWWW"), gap], EIGHT + 4 * HOUR)
    site.follow()
    (patient,), (worn,) = site.chart.patients(), site.chart.wearings(PATIENT)
    seen = Sight(site.chart, site.store, site.catalog).near(patient, [worn], EIGHT + 4 * HOUR, EIGHT + 4 * HOUR, EIGHT + 4 * HOUR)
    assert list(seen.gaps) == [gap]
    (today,) = last_days(1, EIGHT + 4 * HOUR, patient.zone)
    kept = record(site.store, site.catalog.spans, [worn], patient.zone, today.start, today.end)
    assert unheard(strip(today, kept.minutes, kept.bouts, kept.gaps, today.end)) == [(why, 120)]
