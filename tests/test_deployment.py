"""The compose file is one that compose takes, and it and the broker's own files keep what SECURITY.md promises."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # PyYAML comes with amqtt, without types

from cli.line import linked
from ingest.broker import free_port
from ingest.link import BrokerUnavailable, Link
from tests.mosquitto import PROGRAM
from tests.verbs import until

ROOT = Path(__file__).resolve().parents[1]
USERS = ("keepup", "bridge", "hall", "cellar")
"""Of the broker; the last two are gateways."""
PROBE = "keepup/1/home/probe"
LAST = {"hall": "keepup/1/other/hall/ack", "bridge": "keepup/1/other/message/patient"}
"""What each may hear in any case."""
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


@pytest.fixture(scope="module")
def broker() -> Iterator[int]:
    """A real Mosquitto with the settings that are shipped; its port."""
    if PROGRAM is None or shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto is not installed")
    settings, port = (ROOT / "config/deploy/mosquitto.conf").read_text(), free_port()
    with TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        (home / "acl").write_text((ROOT / "config/deploy/mosquitto.acl").read_text())
        (home / "passwords").write_text("".join(f"{user}:{user}-word\n" for user in USERS))
        subprocess.run(["mosquitto_passwd", "-U", str(home / "passwords")], check=True)
        here = {
            "listener 1883": f"listener {port} 127.0.0.1",
            "/run/secrets/mosquitto_passwords": f"{home}/passwords",
            "/mosquitto/config/keepup.acl": f"{home}/acl",
            "persistence true": "persistence false",
        }
        for shipped, own in here.items():
            assert shipped in settings
            settings = settings.replace(shipped, own)
        (home / "broker.conf").write_text(settings)
        for name in ("acl", "passwords", "broker.conf"):
            (home / name).chmod(0o644)  # it gives up root's rights before it reads them
        process = subprocess.Popen([PROGRAM, "-c", str(home / "broker.conf")], stderr=subprocess.DEVNULL)
        yield port
        process.kill()
        process.wait()


@contextmanager
def as_user(port: int, user: str, *hears: str) -> Iterator[Link]:
    with linked(f"mqtt://{user}:{user}-word@127.0.0.1:{port}", f"test-{user}", list(hears)) as link:
        yield link


def subscribed(site: Link) -> None:
    """Back once the broker sends it what it asked for."""
    assert until(lambda: site.publish(PROBE, b"") and not site.arrived.empty())


def heard(link: Link, last: str) -> list[str]:
    """Topics, in the order they came, up to and with `last`."""
    topics: list[str] = []

    def came() -> bool:
        while not link.arrived.empty():
            topics.append(link.arrived.get().topic)
        return last in topics

    assert until(came)
    return topics


def test_the_broker_is_shut_to_strangers(broker: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_user(broker, "keepup"):  # it is up
        monkeypatch.setattr("cli.line.PATIENCE", 0.5)

    with pytest.raises(BrokerUnavailable), linked(f"mqtt://127.0.0.1:{broker}", "stranger", []):
        pass


@pytest.mark.parametrize(
    ("user", "refused", "taken"),
    [
        ("hall", "keepup/1/home/cellar/data", "keepup/1/home/hall/data"),
        ("hall", "keepup/1/home/cellar/status", "keepup/1/home/hall/status"),
        ("hall", "keepup/1/home/report", "keepup/1/home/hall/data"),
        ("hall", "keepup/1/home/hall/ack", "keepup/1/home/hall/data"),
        ("hall", "keepup/1/home/message/patient", "keepup/1/home/hall/data"),
        ("bridge", "keepup/1/home/hall/data", "keepup/1/home/report"),
        ("bridge", "keepup/1/home/report/ack", "keepup/1/home/report"),
        ("bridge", "keepup/1/home/message/patient", "keepup/1/home/report"),
    ],
)
def test_nobody_says_what_is_anothers_to_say(broker: int, user: str, refused: str, taken: str) -> None:
    with as_user(broker, "keepup", "keepup/#") as site, as_user(broker, user) as speaker:
        subscribed(site)
        speaker.publish(refused, b"no")
        speaker.publish(taken, b"yes")

        assert set(heard(site, taken)) - {PROBE} == {taken}


@pytest.mark.parametrize(
    ("user", "secret", "own"),
    [
        ("hall", "keepup/1/home/cellar/ack", "keepup/1/home/hall/ack"),
        ("hall", "keepup/1/home/cellar/data", "keepup/1/home/hall/ack"),
        ("hall", "keepup/1/home/message/patient", "keepup/1/home/hall/ack"),
        ("hall", "keepup/1/home/report", "keepup/1/home/hall/ack"),
        ("bridge", "keepup/1/home/hall/data", "keepup/1/home/message/patient"),
        ("bridge", "keepup/1/home/hall/ack", "keepup/1/home/message/therapist"),
        ("bridge", "keepup/1/home/report", "keepup/1/home/report/ack"),
    ],
)
def test_nobody_hears_what_is_not_for_them(broker: int, user: str, secret: str, own: str) -> None:
    with as_user(broker, "keepup") as site, as_user(broker, user, "keepup/#") as listener:
        assert until(lambda: site.publish(own, b"yes") and not listener.arrived.empty())
        site.publish(secret, b"no")
        site.publish(LAST[user], b"last")

        assert set(heard(listener, LAST[user])) == {own, LAST[user]}
