"""Who a site's file names, into its chart: once, and again only where the file itself was changed."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.chart import Chart, Patient
from cli.admission import Admission, Memory, Played, admitted
from config.settings import read
from detectors.plan.plan import Plan
from detectors.plan.read import read as read_plan
from ingest.batch import DAY, HOUR
from tests.batches import NOON
from tests.plans import GOOD

PASSWORD = "correct horse battery staple"  # noqa: S105 — of nobody
FILE = """
folder = "."
[[therapist]]
id = "t-02"
zone = "Europe/Berlin"
password_file = "password"
[[patient]]
id = "p-7f3a"
zone = "Europe/Berlin"
therapist = "t-02"
band = "b-1"
plan = "plan.yaml"
[[band]]
id = "b-1"
address = "AA"
[[band]]
id = "b-2"
address = "AB"
"""
Up = Callable[..., list[str]]


@pytest.fixture
def chart(tmp_path: Path) -> Iterator[Chart]:
    with closing(Chart(f"sqlite:///{tmp_path}/chart.db")) as chart:
        yield chart


@pytest.fixture
def up(chart: Chart, tmp_path: Path) -> Up:
    """`keepup up` with this file at a time; what it said."""
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "plan.yaml").write_text(GOOD)

    def told(text: str = FILE, now: int = NOON, played: tuple[Played, ...] = ()) -> list[str]:
        (tmp_path / "keepup.toml").write_text(text)
        site = read(tmp_path / "keepup.toml").site
        assert site is not None
        memory = Memory.of(tmp_path)
        return [step.text for step in admitted(Admission(site, played, chart, memory, now), memory)]

    return told


def test_who_is_named_is_admitted_and_a_second_time_nothing_changes(chart: Chart, up: Up) -> None:
    assert up() == [
        "t-02 can log in",
        "t-02 gets the day's digest at 07:30 in Europe/Berlin",
        "p-7f3a is in the chart; t-02 reads about them",
        "p-7f3a wears b-1",
        f"p-7f3a has plan {_plan_id()}",
    ]
    assert chart.login("t-02", PASSWORD)
    lines = len(chart.audit())
    assert up(now=NOON + DAY) == []
    assert len(chart.audit()) == lines


def test_a_plan_that_was_changed_holds_from_now_on(chart: Chart, up: Up, tmp_path: Path) -> None:
    up()
    (tmp_path / "plan.yaml").write_text(GOOD + "# once more\n")
    assert up(now=NOON + DAY) == [f"p-7f3a has plan {_plan_id()}"]
    assert [one.since for one in chart.plans.assigned("p-7f3a")] == [NOON, NOON + DAY]


def test_a_plan_of_somebody_whose_recording_is_older_holds_from_its_first_reading(chart: Chart, up: Up) -> None:
    up(played=(Played("p-7f3a", "r-1", NOON - 9 * DAY),))
    assert [one.since for one in chart.plans.assigned("p-7f3a")] == [NOON - 9 * DAY]


def test_what_another_verb_changed_stays_until_the_file_is_changed(chart: Chart, up: Up) -> None:
    #  file:   Berlin           Berlin                   London
    #  chart:  Berlin  New York New York (moved by hand) London
    up()
    chart.move("p-7f3a", ZoneInfo("America/New_York"), NOON + HOUR)
    chart.plans.assign("p-7f3a", GOOD + "#\n", _plan(), NOON + HOUR, "t-02", NOON + HOUR)
    said = up(now=NOON + DAY)
    assert "p-7f3a: zone stays America/New_York, as was said since by another verb; the file's is older" in said
    assert f"p-7f3a: plan {_plan_id()} stays, as was said since by another verb" in said
    assert _zone(chart) == "America/New_York"
    assert "p-7f3a: from now on zone Europe/London" in up(
        FILE.replace('"p-7f3a"\nzone = "Europe/Berlin"', '"p-7f3a"\nzone = "Europe/London"')
    )
    assert _zone(chart) == "Europe/London"


def test_another_band_takes_the_place_of_the_one_before(chart: Chart, up: Up) -> None:
    up()
    assert up(FILE.replace('band = "b-1"', 'band = "b-2"'), NOON + DAY) == ["p-7f3a wears b-2", "p-7f3a wears b-1 no longer"]
    assert [(one.dev, one.start, one.end) for one in chart.wearings("p-7f3a")] == [("b-1", NOON, NOON + DAY), ("b-2", NOON + DAY, None)]


def test_who_is_no_longer_named_is_not_erased_but_told_of(chart: Chart, up: Up) -> None:
    chart.admit(Patient("p-left", ZoneInfo("UTC"), "t-02", virtual=False), NOON)
    assert "p-left is in the chart and not in the file: nothing of theirs is erased, and they are still judged" in up()
    assert chart.patient("p-left") is not None


def test_what_was_refused_is_tried_again_and_holds_nobody_else_up(chart: Chart, up: Up, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("short\n")
    said = up()
    assert "t-02 can log in: refused, for the password in" in said[0]
    assert "has 5 characters; give at least 15" in said[0]
    assert "p-7f3a wears b-1" in said
    (tmp_path / "password").write_text(PASSWORD)
    assert up()[0] == "t-02 can log in"
    assert chart.login("t-02", PASSWORD)


def test_a_password_that_was_changed_in_its_file_is_the_new_one(chart: Chart, up: Up, tmp_path: Path) -> None:
    up()
    (tmp_path / "password").write_text("another horse battery staple")
    assert up() == ["t-02 has another password"]
    assert chart.login("t-02", "another horse battery staple")


def test_a_start_that_was_cut_off_is_gone_through_again_and_changes_nothing_twice(chart: Chart, up: Up, tmp_path: Path) -> None:
    up()
    (tmp_path / "up.json").unlink()
    assert up(now=NOON + DAY) == []
    assert [one.since for one in chart.plans.assigned("p-7f3a")] == [NOON]
    assert len(chart.wearings("p-7f3a")) == 1


def _plan_id() -> str:
    return _plan().id


def _plan() -> Plan:
    found = read_plan(GOOD).plan
    assert found is not None
    return found


def _zone(chart: Chart) -> str:
    found = chart.patient("p-7f3a")
    assert found is not None
    return found.zone.key
