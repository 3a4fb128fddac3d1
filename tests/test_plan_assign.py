"""`keepup plan assign`: a file becomes a patient's plan, or is refused with what to do."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from alerts.chart import Chart, Patient
from cli import main
from cli.line import wall
from ingest.batch import DAY, MINUTE
from tests.test_chart_plans import text

WHO = "p-7f3a"
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Chart]:
    chart = Chart(f"sqlite:///{tmp_path}/chart.db")
    chart.admit(Patient(WHO, BERLIN, "t-02", False), wall() - 30 * DAY)
    yield chart
    chart.close()


def assign(folder: Path, written: str, *more: str) -> Result:
    (folder / "plan.yaml").write_text(written)
    return CliRunner().invoke(main.app, ["plan", "assign", str(folder), str(folder / "plan.yaml"), *more])


def words(said: str) -> str:
    return " ".join(said.replace("│", " ").split())


def test_a_plan_is_assigned_as_it_was_written_from_now_on(site: Chart, tmp_path: Path) -> None:
    written = text(patient=WHO)
    done = assign(tmp_path, written)
    assert done.exit_code == 0, done.output
    (kept,) = site.plans.assigned(WHO)
    assert (kept.text, kept.by, kept.plan) == (written, "t-02", "rx-0001")
    assert abs(kept.since - wall()) < MINUTE
    assert "p-7f3a has plan rx-0001 from" in done.stdout
    assert "The plan names America/New_York, but p-7f3a is in Europe/Berlin" in words(done.stderr)
    assert "p-7f3a has just this plan since" in words(assign(tmp_path, written).stdout)
    assert len(site.plans.assigned(WHO)) == 1


def test_a_plan_takes_effect_at_the_midnight_of_the_patients_own_day(site: Chart, tmp_path: Path) -> None:
    done = assign(tmp_path, text(patient=WHO), "--from", "2027-03-28", "--patient", WHO)
    assert "from 2027-03-28T00:00:00+01:00 on" in done.stdout, done.output
    assert [one.since for one in site.plans.assigned(WHO)] == [1_806_188_400_000_000]


@pytest.mark.parametrize(
    ("written", "more", "code", "why"),
    [
        (text(patient=WHO).replace("issued", "isued"), (), 1, "was not assigned: mend its errors first"),
        (text(patient=WHO).replace("kind: strength", "kind: passive").replace("kind: aerobic", "kind: passive"), (), 1, "mend its errors"),
        (text(patient="p-nobody"), (), 1, "patient p-nobody is not in the chart; keepup patient add"),
        (text(patient="p-ann"), ("--patient", WHO), 1, "rx-0001 is p-ann's, not p-7f3a's"),
        (text(patient=WHO), ("--from", "soon"), 2, "'soon' is not a day"),
    ],
    ids=["no plan", "without active exercise", "nobody's", "somebody else's", "no day"],
)
def test_a_plan_that_cannot_be_is_refused(site: Chart, tmp_path: Path, written: str, more: tuple[str, ...], code: int, why: str) -> None:
    done = assign(tmp_path, written, *more)
    assert (done.exit_code, why in words(done.stderr)) == (code, True), done.output
    assert site.plans.assigned(WHO) == []


def test_a_second_plan_follows_the_first_and_never_goes_before_it(site: Chart, tmp_path: Path) -> None:
    assign(tmp_path, text(patient=WHO), "--from", "2027-03-01")
    refused = assign(tmp_path, text("rx-0002", patient=WHO))
    assert (refused.exit_code, "give a later start" in words(refused.stderr)) == (1, True)
    assert assign(tmp_path, text("rx-0002", patient=WHO), "--from", "2027-04-01").exit_code == 0
    assert [one.plan.id for one in site.plans.revisions(WHO)] == ["rx-0001", "rx-0002"]


def test_no_site_is_begun_by_a_plan(tmp_path: Path) -> None:
    done = assign(tmp_path, text(patient=WHO))
    assert (done.exit_code, "holds no site" in words(done.stderr)) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["plan.yaml"]
