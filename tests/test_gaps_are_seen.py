"""Every gap a gateway tells of, from the wire to where rules and pages look: with its cause, and whether it may still be filled."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from alerts.alert import Audience, State
from alerts.sight import Sight
from ingest.batch import HOUR, MINUTE, Cause, Span
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
    assert on_the_day(site) == [(why, 120)]


BESIDE = {Cause.THINNED: 120, Cause.OVERFLOW: 120, Cause.CLOCK: 120}
"""What holds even where the link was alive: the others are the word of one who did not hear, and somebody else did."""


@pytest.mark.parametrize("why", Cause)
def test_a_gap_beside_a_link_that_was_alive_is_drawn_where_what_was_heard_is_gone_or_of_another_time(site: Site, why: Cause) -> None:
    #  8:00 walks 9:00 ── alive, nothing said ── 11:00 walks 12:00
    #                  └──────── gap ────────┘
    alive = Span(DEV, EIGHT, EIGHT + 4 * HOUR)
    gap = Span(DEV, EIGHT + HOUR, EIGHT + 3 * HOUR, why)
    site.hear([*day("WWWWWW" + " " * 12 + "WWWWWW"), alive, gap], EIGHT + 4 * HOUR)
    site.follow()
    assert on_the_day(site) == ([(why, BESIDE[why])] if why in BESIDE else [])


def on_the_day(site: Site) -> list[tuple[Cause, int]]:
    """Minutes lost by cause, as the patient's page tells them."""
    (patient,), (worn,) = site.chart.patients(), site.chart.wearings(PATIENT)
    (today,) = last_days(1, EIGHT + 4 * HOUR, patient.zone)
    kept = record(site.store, site.catalog.spans, [worn], patient.zone, today.start, today.end)
    return unheard(strip(today, kept.minutes, kept.bouts, kept.gaps, today.end))


@pytest.mark.parametrize(("why", "becomes"), [(Cause.GATEWAY, State.RETRACTED), (Cause.RANGE, State.RESOLVED)])
def test_a_gateway_that_was_off_is_no_silent_band_to_the_patient(site: Site, why: Cause, becomes: State) -> None:
    #  8:00 walks 9:00 ── no word: told by the clock at 22:00 ── 23:00 the gateway is back and says why; the band is heard again
    watch = site.watch()
    site.hear(day("WWWWWW"), EIGHT + HOUR)
    watch.judge(EIGHT + 14 * HOUR)
    (told,) = site.chart.alerts(patient=PATIENT)
    assert (told.kind, told.audience, told.state) == ("silent_band", Audience.PATIENT, State.OPEN)
    site.hear([Span(DEV, EIGHT + HOUR, EIGHT + 15 * HOUR, why), *day("WW", EIGHT + 15 * HOUR)], EIGHT + 15 * HOUR + 20 * MINUTE)
    watch.judge(EIGHT + 15 * HOUR + 20 * MINUTE)
    (known,) = site.chart.alerts(patient=PATIENT)
    assert (known.state, known.evidence["cause"]) == (becomes, why.value)
    assert [state for found, state in site.chart.findings() if found.kind == "silent_band"] == ["closed"]
