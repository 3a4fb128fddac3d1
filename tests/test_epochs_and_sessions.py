"""The verbs that turn a recording into tables: `keepup epochs` and `keepup sessions`."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from cli.epochs import epochs
from cli.sessions import sessions
from ingest.format import Unreadable
from tests.test_bouts import session
from tests.test_gait import wrist

T0_MS = 1_700_000_040_000  # a whole minute


def run(verb: object, *args: str | Path) -> Result:

    app = typer.Typer()
    app.command()(verb)  # type: ignore[type-var]  # a verb is a function
    return CliRunner().invoke(app, [str(arg) for arg in args])


def motion(path: Path, values: np.ndarray, hz: int = 50, spoiled: str = "") -> Path:
    rows = [f"{T0_MS + i * 1000 // hz},{x:.4f},{y:.4f},{z:.4f}" for i, (x, y, z) in enumerate(values / 1024)]
    path.write_text("\n".join(["time_ms,x,y,z", *rows, spoiled]) + "\n")
    return path


def steps(path: Path, *devs: str) -> Path:
    rows = [f"{T0_MS + i * 60_000},{110 if 20 <= i < 40 else 0},70,{dev}" for dev in devs for i in range(60)]
    path.write_text("\n".join(["time_ms,steps,hr,dev", *rows]) + "\n")
    return path


def table(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(result.stdout.splitlines()))


def test_a_walk_becomes_a_row_for_every_five_seconds(tmp_path: Path) -> None:
    rows = table(run(epochs, motion(tmp_path / "walk.csv", wrist(60, 1.8))))
    assert len(rows) == 12
    assert list(rows[0]) == ["time", "n", "x", "y", "z", "sd", "enmo_mg", "mad_mg", "angle_z", "moving", "walking", "cadence"]
    assert rows[1]["time"] == "2023-11-14T22:14:05Z"
    assert (rows[1]["n"], rows[1]["moving"], rows[1]["walking"], rows[1]["cadence"]) == ("250", "1", "1", "108.0")
    assert float(rows[1]["angle_z"]) == pytest.approx(71.6, abs=0.1)


def test_minutes_have_their_columns_and_leave_empty_what_is_unknown(tmp_path: Path) -> None:
    rows = table(run(epochs, motion(tmp_path / "walk.csv", wrist(120, 1.8)), "--every", "1m"))
    assert list(rows[0]) == ["time", "worn", "asleep", "still", "walking", "steps", "cadence", "hr", "enmo_mg", "coverage"]
    assert (rows[0]["time"], rows[0]["walking"], rows[0]["steps"], rows[0]["hr"]) == ("2023-11-14T22:14:00Z", "1", "108", "")


def test_a_recording_without_acceleration_has_no_cells_and_says_what_to_ask_for(tmp_path: Path) -> None:
    result = run(epochs, steps(tmp_path / "steps.csv", "a"))
    assert isinstance(result.exception, Unreadable)
    assert "--every 1m" in str(result.exception)
    assert result.stdout == ""


def test_several_bands_are_told_apart_by_a_last_column(tmp_path: Path) -> None:
    file = steps(tmp_path / "steps.csv", "a", "b")
    rows = table(run(epochs, file, "--every", "1m"))
    assert [row["dev"] for row in rows] == ["a"] * 60 + ["b"] * 60
    told = [json.loads(line) for line in run(sessions, file, "--json").stdout.splitlines()]
    assert [(bout["dev"], bout["kind"], bout["minutes"], bout["steps"]) for bout in told] == [
        ("a", "walk", 20, 2200),
        ("b", "walk", 20, 2200),
    ]


def test_a_stray_date_makes_no_million_unknown_minutes(tmp_path: Path) -> None:
    file = steps(tmp_path / "steps.csv", "a")
    file.write_text(file.read_text() + f"{T0_MS + 20 * 365 * 86_400_000},5,70,a\n")
    assert len(table(run(epochs, file, "--every", "1m"))) == 61


def test_sets_become_one_line_of_json_with_their_repetitions(tmp_path: Path) -> None:
    result = run(sessions, motion(tmp_path / "sets.csv", session(5), spoiled="nonsense,1,2,3"), "--json")
    (told,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert list(told) == ["start", "end", "kind", "minutes", "steps", "cadence", "reps", "hr"]
    assert told["kind"] == "exercise"
    assert told["reps"] == pytest.approx(50, abs=2)
    assert told["hr"] is None
    assert "1 row of sets.csv was set aside" in result.stderr


def test_people_get_a_table(tmp_path: Path) -> None:
    result = run(sessions, motion(tmp_path / "sets.csv", session(5)))
    assert "1 bout, times UTC" in result.stdout
    assert "5 sets of about 10" in result.stdout
