"""A plan's weeks in the terminal: each session on its day, in 80 columns, without colour."""

import io
import json
from pathlib import Path

from rich.console import Console
from typer.testing import CliRunner

from cli.plan import app
from cli.weeks import planned, weeks
from detectors.plan.plan import Plan
from tests.prescribed import fixed, phase, plan, quota, utc

PLAN = plan(
    phase(
        "2027-03-03", "2027-03-21", fixed("18:30", ["mon", "wed", "fri"], "core A", make_up="24h"), quota(4, "walk"), quota(1, "circuit")
    ),
    phase("2027-03-22", "2027-03-23", name="keep it up", stage="maintenance"),
    pauses=[{"from": "2027-03-12", "to": "2027-03-13", "why": "travel"}],
)
DRAWN = """\
rx-01 for p-01, low back; times of Europe/Berlin

move: active, 3 Mar 2027 to 21 Mar 2027, 19 days
  c  core A: mon wed fri 18:30 (17:30 to 21:30, or 24 h after), about 3 min
  w  walk: 4 a week on any day, about 15 min
  i  circuit: 1 a week on any day, about 15 min
  week         Mon  Tue  Wed  Thu  Fri  Sat  Sun  any day   min  active
  W09   1 Mar            c    ·    c    ·    ·    w×3 i×1    66    100%
  W10   8 Mar  c    ·    c    ·    (c)  ( )  ·    w×3 i×1    66    100%
  W11  15 Mar  c    ·    c    ·    c    ·    ·    w×4 i×1    84    100%
  ( ) paused 12 Mar to 13 Mar: travel

keep it up: maintenance, 22 Mar 2027 to 23 Mar 2027, 2 days
  no sessions are planned
"""
WRITTEN = """\
rx: 1
id: rx-01
patient: p-01
therapist: t-01
timezone: Europe/Berlin
issued: 2027-03-01
region: low_back
phases:
  - name: move
    stage: active
    from: 2027-03-03
    to: 2027-03-07
    sessions:
      - name: core
        when: {days: [wed], at: "18:30"}
        items: [{exercise: bird_dog, kind: stabilisation, sets: 2, reps: 8}]
      - name: walk
        when: {per_week: 1}
        items: [{exercise: walk, kind: aerobic, minutes: 15}]
"""


def drawn(one: Plan, *, terminal: bool = False) -> str:
    page = io.StringIO()
    Console(file=page, width=80, force_terminal=terminal, highlight=False).print(weeks(one))
    return "".join(line.rstrip() + "\n" for line in page.getvalue().splitlines())


def test_each_session_is_on_its_day_and_pauses_and_weekly_numbers_are_marked() -> None:
    assert drawn(PLAN) == DRAWN


def test_many_weeks_alike_are_drawn_as_one() -> None:
    lines = drawn(plan(phase("2027-03-01", "2027-12-26", fixed("18:30"), quota(3)))).splitlines()
    assert lines[-2].startswith("  W09   1 Mar  c    c    c    c    c    c    c    w×3")
    assert lines[-1] == "  … and 42 more weeks like it, to W51"


def test_a_full_week_of_a_day_with_three_sessions_fits_eighty_columns() -> None:
    names = ["core A", "walk", "stretch"]
    one = plan(phase("2027-03-01", "2027-03-14", *(fixed("18:30", name=name) for name in names), quota(9, "nap"), quota(2, "tango")))
    lines = drawn(one).splitlines()
    assert "csw  csw  csw  csw  csw  csw  csw  n×9 t×2" in lines[-1]
    assert max(map(len, lines)) <= 80


def test_sessions_whose_names_begin_alike_have_marks_of_their_own() -> None:
    names = ["core", "core plus", "cor", "c", "ccc"]
    lines = drawn(plan(phase("2027-03-01", "2027-03-07", *(quota(1, name) for name in names)))).splitlines()
    assert [line[2] for line in lines[3:8]] == ["c", "o", "r", "1", "2"]


def test_what_a_plan_says_cannot_steer_the_terminal() -> None:
    one = PLAN.model_copy(update={"goal": "\x1b]0;owned\x07 lift [red]shopping[/red]"})
    assert "]0;owned lift [red]shopping[/red]" in drawn(one)
    assert "\x1b" not in drawn(one)


def test_a_week_of_nothing_but_heat_has_no_exercise_in_it() -> None:
    heat = {"name": "heat", "when": {"per_week": 2}, "items": [{"exercise": "hot_pack", "kind": "passive", "minutes": 10}]}
    assert drawn(plan(phase("2027-03-01", "2027-03-07", heat))).splitlines()[-1].split()[-2:] == ["20", "0%"]


def test_show_draws_and_for_machines_gives_every_occurrence(tmp_path: Path) -> None:
    (file := tmp_path / "plan.yaml").write_text(WRITTEN)
    assert "W09   1 Mar            c    ·    ·    ·    ·    w×1" in CliRunner().invoke(app, ["show", str(file)]).stdout
    told = json.loads(CliRunner().invoke(app, ["show", str(file), "--json"]).stdout)
    assert (told["plan"], told["timezone"]) == ("rx-01", "Europe/Berlin")
    week, core = told["occurrences"]
    assert week == {
        "id": "rx-01/walk/2027-W09/1",
        "session": "walk",
        "stage": "active",
        "planned": None,
        "start": "2027-03-02T23:00:00Z",
        "end": "2027-03-07T23:00:00Z",
        "grace": "2027-03-07T23:00:00Z",
        "excused": None,
    }
    assert (core["planned"], core["start"], core["end"]) == ("2027-03-03T17:30:00Z", "2027-03-03T16:30:00Z", "2027-03-03T20:30:00Z")


def test_what_is_no_plan_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    (file := tmp_path / "plan.yaml").write_text(WRITTEN.replace("per_week: 1", "per_weak: 1"))
    for verb in (["show", str(file), "--json"], ["calendar", str(file), "--out", str(tmp_path / "plan.ics")]):
        said = CliRunner().invoke(app, verb)
        assert said.exit_code == 2
        assert said.stdout == ""
        assert "is not a plan yet" in " ".join(said.stderr.replace("│", " ").split())
    assert not (tmp_path / "plan.ics").exists()


def test_calendar_writes_a_file_or_gives_it(tmp_path: Path) -> None:
    (file := tmp_path / "plan.yaml").write_text(WRITTEN)
    out = tmp_path / "plan.ics"
    assert CliRunner().invoke(app, ["calendar", str(file), "--out", str(out), "--detail"]).exit_code == 0
    assert b"SUMMARY:core" in out.read_bytes()
    given = CliRunner().invoke(app, ["calendar", str(file)]).stdout_bytes
    assert given.startswith(b"BEGIN:VCALENDAR\r\n")
    assert b"core" not in given


def test_a_pause_shows_in_what_machines_are_given() -> None:
    assert [one.excused for one in planned(PLAN) if not one.quota and one.start >= utc("2027-03-11 00:00")][0:2] == ["travel", None]
