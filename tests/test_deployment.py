"""The compose file is one that compose takes, and it and the broker's own files keep what SECURITY.md promises."""

import gc
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # PyYAML comes with amqtt, without types
from typer.testing import CliRunner

from cli.line import linked
from cli.main import app
from ingest.broker import free_port
from ingest.link import BrokerUnavailable, Link
from tests.mosquitto import PROGRAM
from tests.verbs import until

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "config/deploy"
USERS = ("keepup", "bridge", "hall", "cellar")
"""Of the broker; the last two are gateways."""
PROBE = "keepup/1/home/probe"
LAST = {"hall": "keepup/1/other/hall/ack", "bridge": "keepup/1/other/message/patient"}
"""What each may hear in any case."""
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
    assert SERVICES[name]["restart"] == "unless-stopped"
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
    assert "LoadCredential=broker:" in unit
    assert "Restart=always" in unit
    assert len((DEPLOY / "systemd/README").read_text().splitlines()) <= 20


def prepared(folder: Path, *words: str) -> Path:
    """./secrets of a site, made by the script that is shipped."""
    if not all(map(shutil.which, ("openssl", "mosquitto_passwd"))):
        pytest.skip("openssl and mosquitto_passwd are not both installed")
    subprocess.run(["sh", str(DEPLOY / "prepare"), *words], cwd=folder, check=True, capture_output=True, timeout=60)
    return folder / "secrets"


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


@dataclass(frozen=True, slots=True)
class Site:
    """A real Mosquitto with the settings that are shipped."""

    port: int
    gateways: int
    """The port on which it speaks TLS."""
    secrets: Path

    def address(self, user: str) -> str:
        """As the user is told it, but for the port, which is this test's."""
        told = (self.secrets / f"{user}.broker").read_text().strip()
        return told.replace(":8883", f":{self.gateways}").replace(":1883", f":{self.port}")


@pytest.fixture(scope="module")
def broker() -> Iterator[Site]:
    if PROGRAM is None:
        pytest.skip("mosquitto is not installed")
    settings, port, gateways = (DEPLOY / "mosquitto.conf").read_text(), free_port(), free_port()
    with TemporaryDirectory() as folder:
        home = Path(folder)
        secrets = prepared(home, "localhost", *USERS[1:])
        home.chmod(0o755)  # it gives up root's rights before it reads what is in there
        secrets.chmod(0o755)
        here = {
            "listener 1883": f"listener {port}",
            "listener 8883": f"listener {gateways} 127.0.0.1",
            "/run/secrets": f"{secrets}",
            "/mosquitto/config/keepup.acl": f"{home}/acl",
            "persistence true": "persistence false",
        }
        for shipped, own in here.items():
            assert shipped in settings
            settings = settings.replace(shipped, own)
        (home / "acl").write_text((DEPLOY / "mosquitto.acl").read_text())
        (home / "broker.conf").write_text(settings)
        for name in ("acl", "broker.conf"):
            (home / name).chmod(0o644)
        process = subprocess.Popen([PROGRAM, "-c", str(home / "broker.conf")], stderr=subprocess.DEVNULL)
        yield Site(port, gateways, secrets)
        process.kill()
        process.wait()


@contextmanager
def as_user(broker: Site, user: str, *hears: str) -> Iterator[Link]:
    """The site itself on this machine, everybody else over TLS."""
    told = broker.address("site" if user == "keepup" else user)
    assert told.startswith("mqtt:" if user == "keepup" else "mqtts:")
    with linked(told, f"test-{user}", list(hears), str(broker.secrets / "ca.pem")) as link:
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


def test_the_broker_is_shut_to_strangers(broker: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_user(broker, "keepup"):  # it is up
        monkeypatch.setattr("cli.line.PATIENCE", 0.5)

    for stranger in (f"mqtt://127.0.0.1:{broker.port}", f"mqtts://hall:guessed@localhost:{broker.gateways}"):
        with pytest.raises(BrokerUnavailable), linked(stranger, "stranger", [], str(broker.secrets / "ca.pem")):
            pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves such a socket to be collected
def test_a_gateway_talks_to_no_broker_but_the_sites_own(broker: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.line.PATIENCE", 0.5)
    another = prepared(tmp_path, "localhost") / "ca.pem"

    with pytest.raises(BrokerUnavailable), linked(broker.address("hall"), "test-hall", [], str(another)):
        pass
    gc.collect()


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
def test_nobody_says_what_is_anothers_to_say(broker: Site, user: str, refused: str, taken: str) -> None:
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
def test_nobody_hears_what_is_not_for_them(broker: Site, user: str, secret: str, own: str) -> None:
    with as_user(broker, "keepup") as site, as_user(broker, user, "keepup/#") as listener:
        assert until(lambda: site.publish(own, b"yes") and not listener.arrived.empty())
        site.publish(secret, b"no")
        site.publish(LAST[user], b"last")

        assert set(heard(listener, LAST[user])) == {own, LAST[user]}
