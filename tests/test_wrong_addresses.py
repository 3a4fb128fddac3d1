"""What is said of a mistyped address, token or certificate: which one it is, and before anybody relies on it."""

from pathlib import Path

from typer.testing import CliRunner

from cli.main import app
from ingest.broker import free_port
from tests.verbs import ended, started, until


def test_a_store_that_is_not_there_is_told_of_as_soon_as_the_ingester_stands(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token")
    env = {"KEEPUP_STORE": f"http://127.0.0.1:{free_port()}/clinic", "KEEPUP_INFLUX_TOKEN_FILE": str(tmp_path / "token")}
    with started(tmp_path / "ingest", "ingest", tmp_path / "clinic", "--port", str(free_port()), **env) as verb:
        assert until(lambda: "does not answer" in verb.said)
        assert verb.said.index("Listening") < verb.said.index("does not answer")  # it goes on: the store may only be late


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("no certificate")
    for n, file in enumerate((tmp_path / "ca", tmp_path / "nowhere")):
        code, verb = ended(tmp_path / f"verb-{n}", "ingest", tmp_path / "clinic", "--broker", "mqtts://127.0.0.1:1", "--ca", file)
        assert code == 1
        assert f"{file} holds no certificate" in verb.said


def test_an_organisation_named_twice_does_not_become_the_name_of_buckets() -> None:
    told = CliRunner().invoke(app, ["influx", "init", "http://127.0.0.1:8086/clinic", "--org", "clinic"])
    assert (told.exit_code, "URL is the server alone" in told.stderr) == (2, True)
