"""`keepup report`, and what `keepup patient` and `keepup therapist` set: as they are typed, and what is then in the chart."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from alerts.chart import Chart, Patient, Therapist, Wearing
from cli import main
from cli.line import wall
from detectors.report import Answer, Back, Feeling, Pain, Reason, Said, TimeOut
from ingest.batch import DAY, MINUTE
from tests.postgres import Postgres
from tests.test_chart_plans import plan, text

WHO = "p-ann"
SESSION = "rx-0001/core/2026-11-04"
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (folder := tmp_path / "clinic").mkdir()
    return folder


@pytest.fixture
def site(folder: Path) -> Iterator[Chart]:
    chart = Chart(f"sqlite:///{folder}/chart.db")
    chart.admit(Patient(WHO, BERLIN, "t-02", False), wall() - 30 * DAY)
    chart.plans.assign(WHO, text(), plan(text()), wall() - 30 * DAY, "t-02", wall())
    yield chart
    chart.close()


def typed(folder: Path, line: str, say: str = "") -> Result:
    return CliRunner().invoke(main.app, [str(folder) if word == "FOLDER" else word for word in line.split()], input=say)


def plainly(done: Result) -> str:
    return " ".join(done.stderr.replace("│", " ").split())


def test_whatever_a_patient_says_can_be_put_in_by_hand(folder: Path, site: Chart) -> None:
    today = datetime.now(BERLIN).date()
    for words in (
        f"answer {SESSION} not_today --by patient",
        "pain 0",
        "feeling worse --by patient",
        f"reason it_hurt --session {SESSION}",
        "reason feel_fine",
        f"pause {today} {today} --why ill",
        f"back {today} --by patient",
    ):
        done = typed(folder, f"report FOLDER {WHO} {words}")
        assert (done.exit_code, done.stdout) == (0, "It is in the chart of p-ann.\n"), done.stderr
    said = site.reports.of(WHO)
    assert said == [
        Answer(id=said[0].id, at=said[0].at, by="patient", occurrence=SESSION, said=Said.NOT_TODAY, patient=WHO),
        Pain(id=said[1].id, at=said[1].at, by="therapist", score=0, patient=WHO),
        Feeling(id=said[2].id, at=said[2].at, by="patient", back="worse", patient=WHO),
        Reason(id=said[3].id, at=said[3].at, by="therapist", occurrence=SESSION, why="it_hurt", patient=WHO),
        Reason(id=said[4].id, at=said[4].at, by="therapist", why="feel_fine", patient=WHO),
        TimeOut(id=said[5].id, at=said[5].at, by="therapist", first=today, last=today, why="ill", patient=WHO),
        Back(id=said[6].id, at=said[6].at, by="patient", first=today, patient=WHO),
    ]
    assert all(abs(one.at - wall()) < MINUTE for one in said)
    assert len({one.id for one in said}) == len(said)


REFUSED = {
    f"report FOLDER {WHO} pain 11": (2, "Invalid value for 'score'"),
    f"report FOLDER {WHO} pain much": (2, "Invalid value for 'score'"),
    f"report FOLDER {WHO} feeling good": (2, "'better', 'same', 'worse'"),
    f"report FOLDER {WHO} answer {SESSION} maybe": (2, "'yes', 'not_yet', 'not_today'"),
    f"report FOLDER {WHO} answer rx-0001/cor/2026-11-04 yes": (2, "There are: rx-0001/core/DATE, rx-0001/walk/DATE."),
    f"report FOLDER {WHO} answer {SESSION}{'0' * 160} yes": (2, "at most 160 characters"),
    f"report FOLDER {WHO} reason no_time --session core": (2, "core is no session of p-ann"),
    f"report FOLDER {WHO} pause 2026-11-05 2026-11-04": (2, "Give the first day, then the last"),
    f"report FOLDER {WHO} pause 0001-01-01 9999-12-31": (1, "0001-01-01 is more than 14 days before it was said; give a later first day"),
    f"report FOLDER {WHO} back 2001-01-01": (1, "2001-01-01 is more than 14 days before"),
    f"report FOLDER {WHO} pause tomorrow 2026-11-04": (2, "'tomorrow' is not a day"),
    f"report FOLDER {WHO} pain 3 --by somebody": (2, "'patient', 'therapist'"),
    f"report FOLDER {WHO} mood 3": (2, "No such command"),
    "report FOLDER Ann.Smith pain 3": (2, "will not do as a name"),
    "report FOLDER p-nobody pain 3": (1, "p-nobody is not in the chart"),
    f"report {{}} {WHO} pain 3": (2, "holds no site. Is the folder's name as you meant it?"),
    "patient list {}": (2, "holds no site"),
    f"patient move FOLDER {WHO} Nowhere": (2, "is not a time zone"),
    f"patient move FOLDER {WHO} UTC --from 2999-01-01": (2, "is yet to come there"),
    f"patient move FOLDER {WHO} UTC --from 2001-01-01": (1, "the chart has p-ann in Europe/Berlin from later on"),
    "patient move FOLDER p-nobody UTC": (1, "p-nobody is not in the chart"),
    f"patient pause FOLDER {WHO} 2027-03-02 2027-03-01": (2, "Give the first day, then the last"),
    f"patient pause FOLDER {WHO} 2027-03-01 2027-03-01 --kind sitting": (2, "sitting is no rule; there are: "),
    "patient pause FOLDER p-nobody 2027-03-01 2027-03-01": (1, "keepup patient list shows who is"),
    "patient erase FOLDER p-nobody --yes": (1, "p-nobody is not in the chart"),
    f"patient resume FOLDER {WHO}": (1, "p-ann is not paused"),
    "patient resume FOLDER p-nobody": (1, "p-nobody is not in the chart"),
    "therapist FOLDER t-02 --digest 25:00": (2, "is not a time of day"),
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_meant_is_refused_in_plain_words(folder: Path, site: Chart, line: str) -> None:
    code, words = REFUSED[line]
    done = typed(folder, line.format(folder.parent / "clinc"))
    assert (done.exit_code, words in plainly(done)) == (code, True), plainly(done)
    assert "Traceback" not in done.output
    assert site.reports.of(WHO) == []
    assert site.zones(WHO)[1:] == []
    assert site.pauses.of(WHO) == []
    assert not (folder.parent / "clinc").exists()


def test_the_list_shows_who_wears_what_by_which_plan_and_until_when_they_are_paused(folder: Path, site: Chart) -> None:
    site.admit(Patient("p-bob", ZoneInfo("UTC"), "t-03", False, detail=1), wall())
    site.hand_over(Wearing("b-1", WHO, wall() - DAY))
    site.pauses.set("p-bob", "still_too_long", wall() - DAY, wall() + DAY, "t-03", "", wall())
    end = site.pauses.set(WHO, None, wall() - DAY, 1_900_000_000_000_000, "t-02", "", wall()).end

    people = json.loads(typed(folder, "patient list FOLDER --json").stdout)["patients"]
    assert end == 1_900_000_000_000_000
    assert people == [
        {
            "id": WHO,
            "zone": "Europe/Berlin",
            "therapist": "t-02",
            "virtual": False,
            "detail": 0,
            "bands": ["b-1"],
            "plan": {"id": "rx-0001", "since": people[0]["plan"]["since"]},
            "paused_until": "2030-03-17T17:46:40Z",
        },
        {
            "id": "p-bob",
            "zone": "UTC",
            "therapist": "t-03",
            "virtual": False,
            "detail": 1,
            "bands": [],
            "plan": None,
            "paused_until": None,
        },
    ]
    plain = typed(folder, "patient list FOLDER").stdout.splitlines()
    assert re.fullmatch(r"p-ann  Europe/Berlin  t-02  b-1  rx-0001 since \d{4}-\d\d-\d\d; paused until 2030-03-17T17:46:40Z", plain[0])
    assert plain[1] == "p-bob  UTC  t-03  no band  no plan"


def test_a_patient_moves_on_a_day_there_or_now(folder: Path, site: Chart) -> None:
    assert "is in UTC since" in typed(folder, f"patient move FOLDER {WHO} UTC").stdout
    assert "is in UTC already; nothing was changed" in typed(folder, f"patient move FOLDER {WHO} UTC").stdout
    ((_, first), (since, second)) = site.zones(WHO)
    assert (first.key, second.key) == ("Europe/Berlin", "UTC")
    assert abs(since - wall()) < MINUTE


def test_a_pause_covers_its_days_by_the_patients_calendar_until_it_is_ended(folder: Path, site: Chart) -> None:
    #   Berlin, summer time begins on 28 March 2027: the day has 23 hours
    done = typed(folder, f"patient pause FOLDER {WHO} 2027-03-28 2027-03-28 --kind silent_band --why travelling")
    assert "Nobody is told anything of silent_band about p-ann from 2027-03-27T23:00:00Z to 2027-03-28T22:00:00Z." in done.stdout, (
        done.stderr
    )
    (pause,) = site.pauses.of(WHO)
    assert (pause.kind, pause.by, pause.why) == ("silent_band", "t-02", "travelling")
    assert typed(folder, f"patient resume FOLDER {WHO}").stdout == "p-ann is told of again.\n"
    assert site.pauses.of(WHO) == []


def test_what_a_message_says_stays_as_it_was_when_something_else_is_replaced(folder: Path, site: Chart) -> None:
    add = f"patient add FOLDER {WHO} --zone Europe/Berlin --therapist t-03 --replace"
    assert typed(folder, f"{add} --detail 2").exit_code == 0
    assert typed(folder, add).exit_code == 0
    assert site.patient(WHO) == Patient(WHO, BERLIN, "t-03", False, detail=2)


def test_a_therapists_digest_is_set_without_touching_the_password(folder: Path, site: Chart) -> None:
    assert typed(folder, "therapist FOLDER t-02 --zone Europe/Berlin", "a few plain words\n").exit_code == 0
    assert site.therapists() == [Therapist("t-02", BERLIN)]
    done = typed(folder, "therapist FOLDER t-02 --digest 06:15", "another password here\n")
    assert done.stdout == "t-02 gets the day's digest at 06:15 in Europe/Berlin.\n"
    assert site.therapists() == [Therapist("t-02", BERLIN, 375)]
    assert site.login("t-02", "a few plain words")


def test_who_is_erased_is_gone_once_the_id_was_typed_again(folder: Path, site: Chart) -> None:
    site.hand_over(Wearing("b-1", WHO, wall() - DAY))
    refused = typed(folder, f"patient erase FOLDER {WHO}", "p-bob\n")
    assert (refused.exit_code, site.patient(WHO) is None) == (1, False)
    assert "another id; nothing was erased" in plainly(refused)
    done = typed(folder, f"patient erase FOLDER {WHO}", f"{WHO}\n")
    assert (done.exit_code, site.patient(WHO)) == (0, None)
    assert "may hold it yet" not in done.stdout
    assert "Not erased: what b-1 measured (store and catalog.db" in done.stdout
    assert typed(folder, f"patient erase FOLDER {WHO} --yes").exit_code == 1


def test_people_are_entered_into_a_chart_that_is_elsewhere(tmp_path: Path, postgres: Postgres) -> None:
    url, folder = postgres.chart(), tmp_path / "clinic"
    (tmp_path / "url").write_text(url)
    (tmp_path / "plan.yaml").write_text(text())
    at = f"--chart {tmp_path}/url"
    for line, say in (
        (f"patient add FOLDER {WHO} --zone Europe/Berlin --therapist t-02 {at}", ""),
        (f"therapist FOLDER t-02 --digest 06:15 {at}", "a few plain words\n"),
        (f"plan assign FOLDER {tmp_path}/plan.yaml {at}", ""),
        (f"report {at} FOLDER {WHO} pain 3", ""),
        (f"patient move FOLDER {WHO} UTC {at}", ""),
        (f"patient pause FOLDER {WHO} 2027-03-01 2027-03-01 {at}", ""),
        (f"patient resume FOLDER {WHO} {at}", ""),
    ):
        done = typed(folder, line, say)
        assert done.exit_code == 0, plainly(done)
    assert WHO in typed(folder, f"patient list FOLDER {at}").stdout
    assert not (folder / "chart.db").exists()
    with closing(Chart(url)) as chart:
        assert [one.plan for one in chart.plans.assigned(WHO)] == ["rx-0001"]
        assert [one.kind for one in chart.reports.of(WHO)] == ["pain"]
        assert chart.therapists() == [Therapist("t-02", ZoneInfo("UTC"), 375)]
    assert "until VACUUM" in typed(folder, f"patient erase FOLDER {WHO} --yes {at}").stdout


@pytest.mark.parametrize("verb", [f"report FOLDER {WHO} {what}" for what in ("answer", "pain", "feeling", "reason", "pause", "back")])
def test_every_kind_of_report_teaches(folder: Path, verb: str) -> None:
    done = typed(folder, f"{verb} --help")
    assert done.exit_code == 0
    assert f"keepup report clinic p-7f3a {verb.split()[-1]}" in " ".join(done.stdout.split())
