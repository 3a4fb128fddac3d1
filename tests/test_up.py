"""A whole site in one process tree, as it is run: started, killed, started again, stopped."""

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import pytest
from typer.testing import CliRunner

from alerts.chart import Chart
from cli import main
from ingest.broker import free_port
from tests.plans import GOOD
from tests.verbs import LONG, Verb, ended, started, until

PASSWORD = "correct horse battery staple"  # noqa: S105 — of nobody
MINUTES = 3 * 24 * 60
READINGS = 2 * MINUTES
"""Steps and heart rate, one each minute."""
SOMEBODY = "p-7f3a"


@dataclass
class Home:
    """A folder with a keepup.toml, and what is asked of its site from outside."""

    at: Path
    speed: str = '"max"'
    who: str = "virtual-anna"
    """For whom the recording is played."""
    page: int = field(default_factory=free_port)
    broker: int = field(default_factory=free_port)

    def write(self, more: str = "") -> Path:
        (self.at / "t-02.password").write_text(PASSWORD + "\n")
        (self.at / "plan.yaml").write_text(GOOD)
        rows = (
            f"{datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ},{n % 40},{60 + n % 30}" for n in range(MINUTES)
        )
        (self.at / "days.csv").write_text("\n".join(["time,steps,hr", *rows]))
        file = self.at / "keepup.toml"
        file.write_text(f"""
        folder = "clinic"
        broker = {{port = {self.broker}}}
        web = {{port = {self.page}}}
        [channels.mqtt]
        [[therapist]]
        id = "t-02"
        zone = "Europe/Berlin"
        password_file = "t-02.password"
        [[patient]]
        id = "{SOMEBODY}"
        zone = "Europe/Berlin"
        therapist = "t-02"
        plan = "plan.yaml"
        [[patient]]
        id = "virtual-anna"
        zone = "Europe/Berlin"
        therapist = "t-02"
        [[recording]]
        file = "days.csv"
        patient = "{self.who}"
        speed = {self.speed}
        {more}
        """)
        return file

    @property
    def folder(self) -> Path:
        return self.at / "clinic"

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.page}/login").status_code == 200
        except httpx.TransportError:
            return False

    def readings(self) -> int:
        """In the store."""
        return asked(self.folder / "store" / "store.db", "select coalesce(sum(n), 0) from batch")

    def accepted(self) -> int:
        return sum(asked(spool, "select coalesce(sum(n), 0) from accepted") for spool in self.folder.glob("r-*.db"))

    def waiting(self) -> int:
        return sum(asked(spool, "select count(*) from row") for spool in self.folder.glob("r-*.db"))

    def twice(self) -> int:
        """Alerts of one patient, kind and key that are there more than once."""
        one = "select patient, kind, key, audience from alert group by 1, 2, 3, 4 having count(*) > 1"
        return asked(self.folder / "chart.db", f"select count(*) from ({one})")


def asked(database: Path, sql: str) -> int:
    """0: it is not there yet."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as db:
            return int(db.execute(sql).fetchone()[0])
    except sqlite3.OperationalError:
        return 0


@contextmanager
def running(home: Home, name: str) -> Iterator[Verb]:
    with started(home.at / name, "up", home.at / "keepup.toml") as verb:
        yield verb


def below(parent: int) -> dict[str, int]:
    """Verb → process id of the tree's children."""
    said = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True, check=False).stdout
    found = [line.split() for line in said.splitlines()]
    return {words[words.index("cli.main") + 1]: int(words[0]) for words in found if "cli.main" in words}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_site_starts_from_one_file_shows_its_pages_stores_its_recording_and_ends_in_time(home: Home) -> None:
    home.write()
    with running(home, "up") as verb:
        assert until(home.answers), verb.said
        assert until(lambda: home.readings() == READINGS), verb.said
        code, second = ended(home.at / "second", "up", home.at / "keepup.toml")
        assert code == 1
        assert f"Another keepup up is running on {home.folder}. Stop that one first" in second.said
        children = below(verb.process.pid)
        assert children.keys() == {"ingest", "watch", "serve", "play"}
        assert verb.stopped() == 0, verb.said
    assert [name for name, pid in children.items() if alive(pid)] == []
    assert "Traceback" not in verb.said
    assert "serve | The pages are at" in verb.said
    assert "t-02 can log in" in verb.said
    assert PASSWORD not in verb.said


def test_killed_at_any_moment_it_comes_back_where_it_was(home: Home) -> None:
    storm(home, Random(1), rounds=1)  # noqa: S311 — a storm, not a key


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 6))
def test_killed_again_and_again_it_comes_back_where_it_was(home: Home, seed: int) -> None:
    storm(home, Random(seed), rounds=4)  # noqa: S311 — a storm, not a key


def storm(home: Home, dice: Random, rounds: int) -> None:
    """Each child is killed while the recording is played, then the whole tree; after the last start all is there, once."""
    home.speed, home.who = str(3 * 86_400 / (8 * rounds)), SOMEBODY
    home.write()
    orphans = [pid for number in range(rounds) for pid in struck(home, f"up-{number}", dice)]
    with running(home, "last") as verb:  # what the killed tree leaves ends by itself, while this one starts already
        assert until(lambda: not any(alive(pid) for pid in orphans))
        assert until(lambda: home.accepted() == READINGS), verb.said
        assert until(lambda: home.waiting() == 0), verb.said
        assert until(home.answers), verb.said
        assert home.readings() == READINGS
        assert verb.stopped(LONG) == 0
    assert asked(home.folder / "catalog.db", "select count(*) from dead") == 0
    assert home.twice() == 0


def struck(home: Home, name: str, dice: Random) -> list[int]:
    """Started, once something new is played each of its children is killed, and then it is. The children it left."""
    before = home.accepted()
    with running(home, name) as verb:
        assert until(lambda: home.accepted() > before or before == READINGS), verb.said
        for child in dice.sample(["ingest", "play", "serve", "watch"], 4):
            subprocess.run(["sleep", str(dice.uniform(0, 0.8))], check=True)  # a moment nobody chose
            if (pid := below(verb.process.pid).get(child)) is not None:
                os.kill(pid, signal.SIGKILL)
        left = below(verb.process.pid)
        assert verb.process.poll() is None
        verb.process.kill()
    return list(left.values())


def test_what_is_wrong_is_told_and_nothing_is_begun(home: Home) -> None:
    file = str(home.write('[[patients]]\nid = "p-1"'))
    refused = CliRunner().invoke(main.app, ["up", file])
    assert refused.exit_code == 2
    assert "has 1 mistake:\n  patients: is not known here: did you mean patient?" in refused.stderr
    looked = CliRunner().invoke(main.app, ["up", file, "--check", "--json"])
    assert looked.exit_code == 1
    assert json.loads(looked.stdout)["mistakes"] == [{"where": "patients", "what": "is not known here: did you mean patient?"}]
    assert not home.folder.exists()


def test_a_recording_that_cannot_be_read_is_told_before_anything_starts(home: Home) -> None:
    file = str(home.write())
    (home.at / "days.csv").write_text("hello\n")
    looked = CliRunner().invoke(main.app, ["up", file, "--check"])
    assert looked.exit_code == 1
    assert "recording[no. 1]: days.csv begins with 'hello'" in looked.stderr


def test_who_looks_first_is_told_what_would_be_done_and_nothing_is(home: Home) -> None:
    looked = CliRunner().invoke(main.app, ["up", str(home.write()), "--check", "--json"])
    told = json.loads(looked.stdout)
    assert looked.exit_code == 0
    assert (told["ok"], told["processes"]) == (True, ["ingest", "watch", "serve", "play-1"])
    assert f"{SOMEBODY} is in the chart; t-02 reads about them" in told["steps"]
    assert not home.folder.exists()


def test_no_secret_is_on_a_command_line_or_in_what_is_said(home: Home) -> None:
    file = home.write()
    (home.at / "broker.url").write_text("mqtts://keepup:hunter2@127.0.0.1:1\n")
    file.write_text(file.read_text().replace(f"broker = {{port = {home.broker}}}", 'broker = {url_file = "broker.url"}'))
    with running(home, "up") as verb:
        assert until(lambda: len(below(verb.process.pid)) == 4), verb.said
        assert until(home.answers)
        said = subprocess.run(["ps", "-o", "args=", "--ppid", str(verb.process.pid)], capture_output=True, text=True, check=True).stdout
        assert verb.stopped() == 0
    assert "hunter2" not in said + verb.said + verb.out
    assert PASSWORD not in said
    with closing(Chart(f"sqlite:///{home.folder}/chart.db")) as chart:
        assert chart.login("t-02", PASSWORD)
