"""`keepup plan check` and `keepup plan new`, as a therapist uses them."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app as door
from cli.plan import app
from detectors.plan.lint import remarks
from detectors.plan.plan import Fixed, Plan, Quota
from detectors.plan.read import read
from tests.plans import GOOD, SHIPPED, changed

REGIONS = ["low_back", "mid_back", "neck", "hip", "knee", "shoulder", "whole_body"]


def run(*args: str | Path, said: str | None = None) -> Result:
    return CliRunner(env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).invoke(app, [str(arg) for arg in args], input=said)


def file(folder: Path, text: str, name: str = "plan.yaml") -> Path:
    (folder / name).write_bytes(text.encode())
    return folder / name


def written(path: Path) -> Plan:
    plan = read(path.read_text()).plan
    assert plan is not None
    return plan


def spoken(result: Result) -> str:
    """Without the frames and line breaks of the terminal."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.output).split())


def test_a_good_plan_passes_and_says_so(tmp_path: Path) -> None:
    result = run("check", file(tmp_path, GOOD))

    assert result.exit_code == 0
    assert "✓ This plan is good." in result.output


def test_the_front_door_knows_the_verb(tmp_path: Path) -> None:
    assert CliRunner().invoke(door, ["plan", "check", str(file(tmp_path, GOOD))]).exit_code == 0


def test_for_machines_a_finding_has_code_level_where_line_and_message(tmp_path: Path) -> None:
    result = run("check", file(tmp_path, changed(("18:30", "06:00"))), "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "ok": False,
        "findings": [
            {
                "code": "R13",
                "level": "error",
                "where": "phases[0].sessions[0] core.when.at",
                "line": 15,
                "message": "core at 06:00 is in quiet hours (21:30-07:30); choose another time, or change quiet_hours.",
            }
        ],
    }


def test_a_warning_alone_is_no_failure(tmp_path: Path) -> None:
    result = run("check", file(tmp_path, changed(("core_days: 2, ", ""))), "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["ok"] is True
    assert [finding["level"] for finding in json.loads(result.stdout)["findings"]] == ["warn"]


def test_of_several_files_each_finding_says_which(tmp_path: Path) -> None:
    good, bad = file(tmp_path, GOOD), file(tmp_path, "rx: 1\n", "bad.yaml")
    result = run("check", good, bad, "--json")

    assert result.exit_code == 1
    assert {finding["file"] for finding in json.loads(result.stdout)["findings"]} == {str(bad)}


def test_people_read_the_gravest_first_with_line_and_word_within_80_columns(tmp_path: Path) -> None:
    result = run("check", file(tmp_path, changed(("18:30", "06:00"), ("core_days: 2, ", ""), ("side: both}", "side: both, form: true}"))))

    assert re.findall(r"^  (. \w+)  line (\d+)  (R\d+)", result.output, re.M) == [
        ("✗ error", "15", "R13"),
        ("! warning", "28", "R11"),
        ("i advice", "18", "R17"),
    ]
    assert "1 error, 1 warning, 1 piece of advice. Mend the errors first." in result.output
    assert max(map(len, result.output.splitlines()[1:])) <= 80


def test_a_file_that_is_no_plan_yet_promises_the_rules_for_later(tmp_path: Path) -> None:
    result = run("check", file(tmp_path, changed(("rx: 1", "rx: 9"))))

    assert result.exit_code == 1
    assert "the rules are looked at once the file is a plan" in spoken(result)


def test_what_a_plan_says_in_brackets_is_no_markup(tmp_path: Path) -> None:
    result = run("check", file(tmp_path, changed(("name: core", 'name: "[red]core[/red] :smile:"'), ("reps: 8", "reps: 0"))))

    assert result.exit_code == 1
    assert "[0].sessions[0]" in result.output


@pytest.mark.parametrize("bytes_", [b"\xff\xfe\x00", b"\x80plan"])
def test_a_file_that_is_no_text_is_a_mistake_of_use(tmp_path: Path, bytes_: bytes) -> None:
    (tmp_path / "plan.yaml").write_bytes(bytes_)
    result = run("check", tmp_path / "plan.yaml")

    assert result.exit_code == 2
    assert "not UTF-8 text" in spoken(result)


def test_a_file_that_is_not_there_is_a_mistake_of_use(tmp_path: Path) -> None:
    assert run("check", tmp_path / "none.yaml").exit_code == 2
    assert run("check", tmp_path).exit_code == 2


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    zero = Path("/dev/zero")
    if not zero.exists():
        pytest.skip("this system has no /dev/zero")

    assert run("check", zero).exit_code == 1


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_plan_passes(path: Path) -> None:
    assert run("check", path).exit_code == 0


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("desk", ["--desk", "--no-desk"])
def test_what_new_writes_has_neither_error_nor_warning(tmp_path: Path, region: str, desk: str) -> None:
    path = tmp_path / "new.yaml"
    result = run("new", path, "--yes", "--region", region, "--start", "2028-02-15", desk)

    assert result.exit_code == 0, result.output
    assert [remark for remark in remarks(path.read_text()) if remark.level != "info"] == []
    assert written(path).region == region
    assert (written(path).desk_hours is not None) == (desk == "--desk")


def test_what_is_given_is_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    given = ["--patient", "p-7f3a", "--therapist", "t-02", "--zone", "Asia/Kolkata", "--start", "2026-12-07", "--days", "sat,tue,thu"]
    result = run("new", path, "--yes", *given, "--at", "07:45", "--exercises", "dead_bug,plank_knees", "--walks", "5")

    assert result.exit_code == 0, result.output
    plan = written(path)
    assert (plan.id, plan.patient, plan.therapist, plan.timezone) == ("rx-7f3a", "p-7f3a", "t-02", "Asia/Kolkata")
    assert [(phase.stage.value, phase.start, phase.end) for phase in plan.phases] == [
        ("active", date(2026, 12, 7), date(2027, 1, 3)),
        ("active", date(2027, 1, 4), date(2027, 1, 31)),
        ("maintenance", date(2027, 2, 1), date(2027, 8, 1)),
    ]
    core, walk = plan.phases[0].sessions
    assert isinstance(core.when, Fixed)
    assert (core.when.days, core.when.at.hour, core.when.at.minute) == (("tue", "thu", "sat"), 7, 45)
    assert [item.exercise for item in core.items] == ["dead_bug", "plank_knees"]
    assert walk.when == Quota(per_week=5)


def test_the_second_month_asks_for_more_than_the_first(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    run("new", path, "--yes")
    first, second, _ = written(path).phases

    for before, after in zip(first.sessions, second.sessions, strict=True):
        assert [item.exercise for item in before.items] == [item.exercise for item in after.items]
        assert before.items != after.items


def test_it_asks_for_what_is_not_given_and_again_where_the_answer_will_not_do(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    answers = ["jane@example.org", "p-9c", "", "Mars/Olympus", "Europe/Paris", "", "2027-01-04", "mon", "23:00", "18:00", "", "2", "yes"]
    result = run("new", path, said="\n".join(answers) + "\n")

    assert result.exit_code == 0, result.output
    assert "Write a pseudonym" in spoken(result)
    assert "'Mars/Olympus' is not a time zone" in spoken(result)
    assert "23:00 is in quiet hours" in spoken(result)
    plan = written(path)
    assert (plan.patient, plan.therapist, plan.timezone, plan.phases[0].start) == ("p-9c", "t-01", "Europe/Paris", date(2027, 1, 4))
    assert plan.desk_hours is not None


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = file(tmp_path, "mine")
    result = run("new", path, "--yes")

    assert result.exit_code == 2
    assert "nothing was changed" in spoken(result)
    assert path.read_text() == "mine"


def test_without_a_name_it_is_named_after_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("new", "--yes", "--patient", "p-7f3a")

    assert [path.name for path in tmp_path.iterdir()] == ["rx-7f3a.yaml"]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--patient", "Jane", "Write a pseudonym"),
        ("--region", "tail", "'tail' is no region"),
        ("--days", "someday", "Write days like mon,wed,fri"),
        ("--at", "6 pm", "is no time of day"),
        ("--exercises", "handstand", "Take one to 6 of"),
        ("--walks", "99", "from 0 to 14"),
        ("--zone", "Nowhere", "is not a time zone"),
    ],
)
def test_an_option_that_will_not_do_writes_nothing(tmp_path: Path, option: str, value: str, words: str) -> None:
    result = run("new", tmp_path / "new.yaml", "--yes", option, value)

    assert result.exit_code == 2
    assert words in spoken(result)
    assert not list(tmp_path.iterdir())
