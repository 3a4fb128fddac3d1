"""What a site's file says reaches the verbs it is made of, and no band's address is on a command line."""

from pathlib import Path
from typing import Any

import pytest
import typer

from cli.collect import collect
from cli.parts import parts
from cli.tree import Part
from config.settings import read

BANDS = """
[[band]]
id = "b-1"
address = "AA:BB:CC:DD:EE:FF"
zone = "Europe/Berlin"
[[band]]
id = "b-2"
address = "AA:BB:CC:DD:EE:00"
driver = "heart_rate"
"""


def made(folder: Path, text: str) -> dict[str, Part]:
    (folder / "keepup.toml").write_text(f'folder = "clinic"\n{text}')
    site = read(folder / "keepup.toml").site
    assert site is not None
    return {part.name: part for part in parts(site, folder / "keepup.toml", [])}


def understood(part: Part, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """By the real verb's command line."""
    app = typer.Typer(add_completion=False)
    app.command()(collect)
    for name, value in part.env.items():
        monkeypatch.setenv(name, value)
    return typer.main.get_command(app).make_context("collect", list(part.args[1:])).params


def test_a_gateway_hears_the_bands_of_the_file_whose_addresses_nobody_else_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = made(tmp_path, BANDS)["collect"]
    assert "AA:BB" not in " ".join(part.args)
    bands = understood(part, monkeypatch)["band"]
    assert [(one.dev, one.address, one.zone.key) for one in bands] == [
        ("b-1", "AA:BB:CC:DD:EE:FF", "Europe/Berlin"),
        ("b-2", "AA:BB:CC:DD:EE:00", "UTC"),
    ]
    assert bands[0].driver is not bands[1].driver


@pytest.mark.parametrize(("commit", "budget"), [(10, 512), (0.1, 16), (600, 16)])
def test_a_gateway_commits_and_keeps_as_the_file_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit: float, budget: int) -> None:
    part = made(tmp_path, f"[collect]\ncommit_s = {commit}\nbudget_mb = {budget}\n{BANDS}")["collect"]
    said = understood(part, monkeypatch)
    assert (said["commit"], said["budget"]) == (commit, budget)


def test_a_file_that_says_nothing_means_what_collect_does_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = made(tmp_path, BANDS)["collect"]
    bare = Part("collect", [word for word in part.args if word not in part.args[-4:]], part.env)
    assert understood(part, monkeypatch) == understood(bare, monkeypatch)


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPUP__COLLECT__COMMIT_S", "20")
    assert understood(made(tmp_path, f"[collect]\ncommit_s = 5\n{BANDS}")["collect"], monkeypatch)["commit"] == 20


def test_who_keeps_or_reads_readings_is_told_where_and_a_gateway_is_not(tmp_path: Path) -> None:
    (tmp_path / "influx.token").write_text("hunter2\n")
    found = made(tmp_path, f'[store]\nurl = "https://influx.example/keepup"\ntoken_file = "influx.token"\n{BANDS}')
    store = {"KEEPUP_STORE": "https://influx.example/keepup", "KEEPUP_INFLUX_TOKEN_FILE": str(tmp_path / "influx.token")}
    for name, part in found.items():
        assert {key: part.env.get(key) for key in store} == (dict.fromkeys(store) if name == "collect" else store)
        assert "hunter2" not in str(part)


def test_a_store_the_file_does_not_name_stays_the_one_of_the_environment(tmp_path: Path) -> None:
    assert {"KEEPUP_STORE", "KEEPUP_INFLUX_TOKEN_FILE"}.isdisjoint(made(tmp_path, "")["ingest"].env)


def test_the_store_is_changed_by_the_environment_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPUP__STORE__URL", "https://other.example/keepup")
    found = made(tmp_path, '[store]\nurl = "https://influx.example/keepup"\n')
    assert found["watch"].env["KEEPUP_STORE"] == "https://other.example/keepup"
