"""A real Mosquitto with the settings that are shipped is shut to strangers, and lets each user say and hear what is theirs."""

import gc
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cli.line import linked
from ingest.broker import free_port
from ingest.link import BrokerUnavailable, Link
from tests.mosquitto import PROGRAM
from tests.prepared import DEPLOY, prepared
from tests.verbs import until

USERS = ("keepup", "bridge", "hall", "cellar")
"""Of the broker; the last two are gateways."""
PROBE = "keepup/1/home/probe"
LAST = {"hall": "keepup/1/other/hall/ack", "bridge": "keepup/1/other/message/patient"}
"""What each may hear in any case."""


@dataclass(frozen=True, slots=True)
class Site:
    """A real Mosquitto with the settings that are shipped."""

    port: int
    secrets: Path

    def address(self, user: str) -> str:
        """As the user is told it, but for the port and the compose file's name for this machine, which are this test's."""
        told = (self.secrets / f"{user}.broker").read_text().strip()
        return told.replace("@mosquitto:", "@localhost:").replace(":8883", f":{self.port}")


@pytest.fixture(scope="module")
def broker() -> Iterator[Site]:
    if PROGRAM is None:
        pytest.skip("mosquitto is not installed")
    settings, port = (DEPLOY / "mosquitto.conf").read_text(), free_port()
    with TemporaryDirectory() as folder:
        home = Path(folder)
        secrets = prepared(home, "localhost", *USERS[1:])
        home.chmod(0o755)  # it gives up root's rights before it reads what is in there
        secrets.chmod(0o755)
        here = {
            "listener 8883": f"listener {port} 127.0.0.1",
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
        yield Site(port, secrets)
        process.kill()
        process.wait()


@contextmanager
def as_user(broker: Site, user: str, *hears: str) -> Iterator[Link]:
    """Everybody over TLS, the site itself too."""
    told = broker.address("site" if user == "keepup" else user)
    assert told.startswith("mqtts:")
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

    for stranger in (
        f"mqtt://127.0.0.1:{broker.port}",
        f"mqtts://localhost:{broker.port}",
        f"mqtts://hall:guessed@localhost:{broker.port}",
    ):
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
