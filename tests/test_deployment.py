"""The compose file is one that compose takes, and keeps what SECURITY.md promises."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # PyYAML comes with amqtt, without types

ROOT = Path(__file__).resolve().parents[1]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
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
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@every_service
def test_an_image_is_pinned_and_can_gain_no_rights(name: str) -> None:
    service = SERVICES[name]

    assert re.search(r":(\d+\.\d+\.\d+|local)$", service["image"])
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]


@every_service
def test_secrets_come_as_files(name: str) -> None:
    loud = re.compile("PASSWORD|TOKEN|SECRET|KEY")
    said = {
        key for key, value in SERVICES[name].get("environment", {}).items() if loud.search(key) and not value.startswith("/run/secrets/")
    }

    assert said == set()


def test_what_is_mounted_from_here_is_here() -> None:
    mounted = [str(volume).split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]

    assert [path for path in mounted if path.startswith("./") and not (ROOT / path).is_file()] == []


def test_every_setting_the_compose_file_asks_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))

    assert asked == set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))


def test_the_image_runs_as_nobody_in_particular() -> None:
    last = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]

    assert re.search(r"^USER 10001", last, re.M)
