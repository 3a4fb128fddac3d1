"""People put into the chart: where no site was, one begins with them, and nothing is kept there but the chart."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import main

PASSWORD = "correct horse battery staple\n"  # noqa: S105 — of nobody
WHO = ("p-7f3a", "--zone", "Europe/Berlin", "--therapist", "t-02", "--band", "b-1")


def keepup(*words: str | Path) -> Result:
    return CliRunner().invoke(main.app, [str(word) for word in words], input=PASSWORD)


def kept(folder: Path) -> set[str]:
    return {path.name.partition("-")[0] for path in folder.iterdir()}


def test_a_patient_and_a_therapist_begin_a_site_that_holds_a_chart_and_no_store(tmp_path: Path) -> None:
    clinic = tmp_path / "new" / "clinic"
    added = keepup("patient", "add", clinic, *WHO)
    assert (added.exit_code, added.stdout.splitlines()[-1]) == (0, "p-7f3a wears b-1.")
    assert keepup("therapist", clinic, "t-02").stdout == "t-02 can log in.\n"
    assert "p-7f3a" in keepup("patient", "list", clinic).stdout
    assert kept(clinic) == {"chart.db"}
    assert clinic.stat().st_mode & 0o077 == 0


def test_with_a_chart_elsewhere_no_folder_is_made(tmp_path: Path) -> None:
    clinic, chart = tmp_path / "clinic", f"sqlite:///{tmp_path / 'elsewhere.db'}"
    assert keepup("patient", "add", clinic, *WHO, "--chart", chart).exit_code == 0
    assert keepup("therapist", clinic, "t-02", "--chart", chart).exit_code == 0
    assert not clinic.exists()


@pytest.mark.parametrize("verb", [("patient", "add", "clinic", *WHO), ("therapist", "clinic", "t-02")])
def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]) -> None:
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    done = keepup(*(str(Path("file") / "clinic") if word == "clinic" else word for word in verb))
    assert done.exit_code == 1
    assert "file" in done.stderr
    assert isinstance(done.exception, SystemExit)
