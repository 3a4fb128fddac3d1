"""The compose file is one that compose takes, and it and a gateway's unit keep what SECURITY.md promises."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # PyYAML comes with amqtt, without types
from typer.testing import CliRunner

from cli.collect import heard
from cli.main import app
from tests.prepared import DEPLOY, prepared

ROOT = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
every_service = pytest.mark.parametrize("name", SERVICES)


def test_compose_takes_it() -> None:
    compose = shutil.which("docker-compose")
    if compose is None:
        pytest.skip("docker-compose is not installed")
    done = subprocess.run(
        [compose, "--file", str(ROOT / "docker-compose.yml"), "config", "--quiet"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@every_service
def test_ports_are_open_to_this_machine_only_unless_the_site_opens_the_broker(name: str) -> None:
    open_ = re.compile(r"127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+|\$\{GATEWAYS_FROM:-127\.0\.0\.1\}:\$\{MQTT_PORT:-8883\}:8883")

    assert [port for port in SERVICES[name].get("ports", []) if not open_.fullmatch(port)] == []


@every_service
def test_an_image_is_pinned_and_can_gain_no_rights(name: str) -> None:
    service = SERVICES[name]

    assert re.search(r":(\d+\.\d+\.\d+|local)$", service["image"])
    assert service["image"] == "keepup:local" or not service["user"].startswith("0")  # ours says so itself
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "cap_add", "pid", "devices"} & service.keys()


@every_service
def test_secrets_come_as_files(name: str) -> None:
    loud = re.compile("PASSWORD|TOKEN|SECRET|KEY(?!UP)")
    values = SERVICES[name].get("environment", {})
    said = {key for key, value in values.items() if loud.search(key) and not re.match("/run/secrets/|/tokens/", value)}

    assert said == set()


@pytest.mark.parametrize("name", ["mosquitto", "influxdb", "ingest", "watch", "serve", "grafana"])
def test_what_runs_for_long_is_looked_after(name: str) -> None:
    assert SERVICES[name]["restart"] == "always"
    assert SERVICES[name]["healthcheck"]["test"]


def test_what_is_mounted_from_here_is_here() -> None:
    mounted = [str(volume).split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]

    assert [path for path in mounted if path.startswith("./") and not (ROOT / path).exists()] == []


def test_every_setting_the_compose_file_asks_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))

    assert asked == set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))


def test_the_image_runs_as_nobody_in_particular() -> None:
    last = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]

    assert re.search(r"^USER 10001", last, re.M)


@pytest.mark.parametrize("name", sorted(name for name in SERVICES if "command" in SERVICES[name] and "keepup" in SERVICES[name]["image"]))
def test_every_verb_knows_the_options_it_is_given(name: str) -> None:
    told = SERVICES[name]["command"]
    words = shlex.split(told) if isinstance(told, str) else told
    verbs = {"store-init": ["influx", "init"]}.get(name, [words[0]])
    helped = CliRunner().invoke(app, [*verbs, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})

    assert helped.exit_code == 0
    assert [word for word in words if word.startswith("--") and word.split("=")[0] not in helped.output] == []


def test_a_gateways_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    unit = tmp_path / "keepup-collect.service"
    unit.write_text((DEPLOY / "systemd/keepup-collect.service").read_text().replace("/opt/keepup/bin/keepup", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False, timeout=30)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_gateways_unit_hands_over_what_collect_asks_for() -> None:
    unit = (DEPLOY / "systemd/keepup-collect.service").read_text()
    asked = set(re.findall(r"\$\{?([A-Z]+)", unit))

    assert asked == set(re.findall(r"^([A-Z]+)=", (DEPLOY / "systemd/collect.env").read_text(), re.M))
    (bands,) = re.findall(r'^KEEPUP_BANDS="(.*)"$', (DEPLOY / "systemd/collect.env").read_text(), re.M)
    assert [heard(band).dev for band in bands.split()] == ["b-1"]
    assert "LoadCredential=broker:" in unit
    assert "Restart=always" in unit
    assert len((DEPLOY / "systemd/README").read_text().splitlines()) <= 20


def test_every_secret_of_the_compose_file_is_made_once(tmp_path: Path) -> None:
    made = prepared(tmp_path, "broker.example", "gateway")
    asked = [secret["file"].replace("${GATEWAY:-gateway}", "gateway") for secret in COMPOSE["secrets"].values()]
    assert [path for path in asked if not (tmp_path / path).read_bytes().strip()] == []
    assert made.stat().st_mode & 0o077 == 0
    assert (made / "ca.key").stat().st_mode & 0o077 == 0

    before = {file.name: file.read_bytes() for file in made.iterdir()}
    prepared(tmp_path, "broker.example", "gateway", "hall")
    after = {file.name: file.read_bytes() for file in made.iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"mosquitto_passwords"}
    assert after["mosquitto_passwords"].startswith(before["mosquitto_passwords"])
    assert after.keys() - before.keys() == {"hall.broker"}
