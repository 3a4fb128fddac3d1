"""What happens in the chart, followed by number."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from alerts.chart import Chart, Patient
from alerts.feed import _between
from tests.clinic import BERLIN, COLLEAGUE, NOW, SILENT, STEADY, THERAPIST, Clinic
from tests.course import happen
from tests.rounds import ANN, BOB, NOON


def test_what_was_erased_meanwhile_has_to_be_read_again(here: Clinic) -> None:
    since = here.chart.feed.newest()
    happen(here.chart, SILENT, 1)
    assert here.chart.erase(SILENT, NOW)
    happen(here.chart, STEADY, 2)

    assert not here.chart.feed.since(since, THERAPIST).whole
    newest = here.chart.feed.newest()
    happen(here.chart, STEADY, 3)
    assert here.chart.feed.since(newest, THERAPIST).whole


def test_a_long_absence_is_made_up_for_in_pages_without_holes(chart: Chart) -> None:
    for number in range(30):
        happen(chart, (ANN, BOB)[number % 2].id, number)
    at, got = 0, []
    while (news := chart.feed.since(at, ANN.therapist, most=4)).events:
        got += [one.seq for one in news.events]
        at = news.to

    assert got == [one.seq for one in chart.audit(therapist=ANN.therapist) if one.alert]
    assert at == chart.feed.newest()


def test_others_news_are_not_read_again_and_again(chart: Chart) -> None:
    chart.admit(Patient("p-hers", BERLIN, COLLEAGUE, False), NOON)
    happen(chart, "p-hers", 1)
    news = chart.feed.since(0, THERAPIST)

    assert (news.events, news.to, news.whole) == ((), chart.feed.newest(), True)


@pytest.mark.usefixtures("here")
def test_news_are_found_by_number_and_not_by_reading_everything(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/chart.db")
    asked = _between(5, 9, THERAPIST, 10).compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as tx:
        plan = "\n".join(row.detail for row in tx.execute(text(f"EXPLAIN QUERY PLAN {asked}")))
    engine.dispose()

    assert "SEARCH event USING INTEGER PRIMARY KEY" in plan
    assert "SCAN event" not in plan
    assert "SCAN deed" not in plan
