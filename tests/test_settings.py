"""keepup.toml: what it may say, and every mistake told at once, with its place and what to write instead."""

import re
from pathlib import Path

import pytest

from config.mistakes import Mistake
from config.settings import Site, read
from tests.plans import GOOD

EXAMPLE = Path(__file__).resolve().parents[1] / "config" / "keepup.toml"
PEOPLE = """
[[therapist]]
id = "t-02"
[[patient]]
id = "p-7f3a"
zone = "Europe/Berlin"
therapist = "t-02"
"""


def told(folder: Path, text: str) -> dict[str, str]:
    """Where → what."""
    return {one.where: one.what for one in wrong(folder, text)}


def wrong(folder: Path, text: str) -> tuple[Mistake, ...]:
    (folder / "keepup.toml").write_text(text)
    reading = read(folder / "keepup.toml")
    assert (reading.site is None) == bool(reading.mistakes)
    return reading.mistakes


def site(folder: Path, text: str) -> Site:
    (folder / "keepup.toml").write_text(text)
    reading = read(folder / "keepup.toml")
    assert reading.site is not None, reading.mistakes
    return reading.site


def test_the_example_is_a_site(tmp_path: Path) -> None:
    found = site(tmp_path, EXAMPLE.read_text())
    assert (found.site, found.folder) == ("home", tmp_path / "clinic")
    assert [one.id for one in found.patient] == ["p-7f3a"]


def test_every_key_the_example_explains_is_one_there_is(tmp_path: Path) -> None:
    everything = re.sub(r"(?m)^# (?=\[|[a-z_]+ = )", "", EXAMPLE.read_text())
    assert everything.count("#") < EXAMPLE.read_text().count("#") - 20
    assert [one for one in wrong(tmp_path, everything) if "not known" in one.what or "no such" in one.what] == []


def test_paths_are_from_where_the_file_is_and_a_tilde_is_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "ca.pem").touch()
    found = site(tmp_path, 'folder = "~/clinic"\n[broker]\nca_file = "ca.pem"\n')
    assert (found.folder, found.broker.ca_file) == (tmp_path / "home" / "clinic", tmp_path / "ca.pem")


def test_all_mistakes_are_told_at_once_each_with_its_place_and_what_to_write(tmp_path: Path) -> None:
    text = """
    sites = "x"
    [web]
    prot = 80
    [channels.sms]
    [channels.email]
    host = "mail.example"
    contacts = "nobody.toml"
    [[therapist]]
    id = "t-02"
    zone = "Europe/Berlon"
    digest_at = "25:00"
    [[patient]]
    id = "p-1"
    therapist = "t-03"
    band = "b-9"
    plan = "x.yaml"
    [[patient]]
    id = "p 2"
    zone = "UTC"
    therapist = "t-99999"
    [[recording]]
    file = "x.csv"
    patient = "p-1"
    speed = 0.5
    """
    found = told(tmp_path, text)
    assert found.keys() == {
        "sites",
        "folder",
        "web.prot",
        "channels.sms",
        "channels.email.sender",
        "channels.email.contacts",
        "therapist[t-02].zone",
        "therapist[t-02].digest_at",
        "patient[p-1].zone",
        "patient[p-1].therapist",
        "patient[p-1].band",
        "patient[p-1].plan",
        "patient[p 2].id",
        "patient[p 2].therapist",
        "recording[no. 1].file",
        "recording[no. 1].speed",
    }
    assert found["folder"] == 'is missing: write folder = "clinic"'
    assert found["sites"] == "is not known here: did you mean site?"
    assert found["web.prot"] == "is not known here: did you mean port?"
    assert found["therapist[t-02].zone"] == '"Europe/Berlon" is not a time zone: write one like "Europe/Berlin"'
    assert found["patient[p-1].therapist"] == "there is no therapist t-03: did you mean t-02?"
    assert found["patient[p-1].band"] == 'there is no band b-9: add a [[band]] with id = "b-9"'
    assert "from 1 (real time) on" in found["recording[no. 1].speed"]
    assert "there are email, mqtt, ntfy" in found["channels.sms"]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ('folder = "c"\n[patient]\nid = "p-1"', "patient", "is to be written [[patient]], once for each"),
        ('folder = "c"\nweb = 8080', "web", "is to be a table: [web]"),
        ('folder = "c"\n[web]\nport = 0', "web.port", "e.g. port = 8080"),
        ('folder = "c"\n[web]\nhost = "0.0.0.0"', "web", 'allow = ["keepup.example.org"]'),
        ('folder = "c"\n[web]\nbase = "http://far.example"', "web.base", "write one like https://keepup.example.org"),
        ('folder = "c"\n[[band]]\nid = "b"\naddress = "AA"\ndriver = "infinitim"', "band[b].driver", "write one of heart_rate, infinitime"),
        ('folder = "c"\n[store]\nurl = "http://far.example/k"', "store.url", "use https:// so that nobody on the way can read along"),
        ('folder = "c"\n[store]\nurl = "https://u:hunter2@far/k"', "store.url", "will not do as a store"),
        ('folder = "c"\n[collect]\ncommit_s = 0.01', "collect.commit_s", "e.g. commit_s = 10"),
        ('folder = "c"\n[collect]\nbudget_mb = 8', "collect.budget_mb", "e.g. budget_mb = 2048"),
        ('folder = "c', "", "is not TOML"),
    ],
)
def test_one_mistake_is_told_in_words(tmp_path: Path, text: str, where: str, what: str) -> None:
    ((at, said),) = told(tmp_path, text).items()
    assert at == where
    assert what in said


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    assert "No such file" in read(tmp_path / "nothing.toml").mistakes[0].what
    (tmp_path / "k.toml").write_bytes(b'folder = "\xff"')
    assert "save it as UTF-8" in read(tmp_path / "k.toml").mistakes[0].what


def test_who_is_named_twice_or_wears_anothers_band_is_told(tmp_path: Path) -> None:
    band = '[[band]]\nid = "b-1"\naddress = "AA"\n'
    other = PEOPLE.replace("[[therapist]]\nid", "[[therapist]]\nid").replace("p-7f3a", "p-2") + 'band = "b-1"\n'
    found = told(tmp_path, f'folder = "c"\n{band}{PEOPLE}band = "b-1"\n{other}')
    assert found.keys() == {"therapist[t-02].id", "patient[p-2].band"}
    assert "b-1 is on p-7f3a and on p-2" in found["patient[p-2].band"]


def test_a_recording_of_a_real_patient_keeps_its_times_and_a_virtual_ones_are_moved(tmp_path: Path) -> None:
    (tmp_path / "w.csv").touch()
    people = PEOPLE + PEOPLE.split("[[patient]]")[1].replace("p-7f3a", "virtual-anna").join(["[[patient]]", ""])
    both = "".join(f'[[recording]]\nfile = "w.csv"\npatient = "{who}"\n' for who in ("p-7f3a", "virtual-anna"))
    found = site(tmp_path, f'folder = "c"\n{people}{both}')
    assert [(one.patient, one.moved, one.speed) for one in found.recording] == [("p-7f3a", False, 1.0), ("virtual-anna", True, 1.0)]
    forced = f'folder = "c"\n{people}[[recording]]\nfile = "w.csv"\npatient = "p-7f3a"\ntimes = "moved"\n'
    assert "would tell of p-7f3a what was not so" in told(tmp_path, forced)["recording[no. 1]"]


def test_a_simulated_patient_wears_no_band(tmp_path: Path) -> None:
    band = '[[band]]\nid = "b-1"\naddress = "AA"\n'
    found = told(tmp_path, f'folder = "c"\n{band}{PEOPLE.replace("p-7f3a", "virtual-anna")}band = "b-1"\n')
    assert "is for simulated patients only" in found["patient[virtual-anna].band"]


def test_a_plan_with_errors_and_one_of_somebody_else_are_refused_with_the_lines(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(GOOD.replace("p-7f3a", "p-other"))
    text = f'folder = "c"\n{PEOPLE}plan = "p.yaml"\n'
    assert "the plan is p-other's, not p-7f3a's" in told(tmp_path, text)["patient[p-7f3a]"]
    (tmp_path / "p.yaml").write_text("rx: 1\nid: rx-1\n")
    assert re.search(r"line \d+: ", told(tmp_path, text)["patient[p-7f3a].plan"])


def test_no_secret_stands_in_the_file_and_none_is_repeated(tmp_path: Path) -> None:
    (tmp_path / "contacts.toml").write_text('p-7f3a = "a b@c"\n')
    (tmp_path / "contacts.toml").chmod(0o600)
    text = """
    folder = "c"
    [chart]
    url = "postgresql+psycopg://u:hunter2@far/keepup"
    [broker]
    url = "mqtts://u:hunter2@far"
    [channels.mqtt]
    url = "mqtts://u:hunter2@far"
    [channels.email]
    host = "far"
    sender = "k@far"
    contacts = "contacts.toml"
    """
    found = told(tmp_path, text)
    assert found.keys() == {"chart.url", "broker.url", "channels.mqtt.url", "channels.email.contacts.p-7f3a"}
    assert "write url_file in place of url" in found["broker.url"]
    assert "hunter2" not in str(found)
    assert "a b@c" not in str(found)


def test_a_secret_may_come_by_the_environment_which_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPUP__BROKER__PORT", "1999")
    monkeypatch.setenv("KEEPUP__SITE", "north")
    found = site(tmp_path, 'folder = "c"\nsite = "south"\n[broker]\nport = 1884\n')
    assert (found.site, found.broker.port) == ("north", 1999)


def test_what_cannot_be_read_at_all_is_a_mistake_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nested too deep" in told(tmp_path, "a = " + "[" * 5000 + "]" * 5000)[""]
    monkeypatch.setenv("KEEPUP__BROKER", "mqtts://u:hunter2@far")
    found = told(tmp_path, 'folder = "c"\n')[""]
    assert "KEEPUP__BROKER__URL" in found
    assert "hunter2" not in found


def test_a_password_hidden_in_an_addresss_query_is_seen(tmp_path: Path) -> None:
    found = told(tmp_path, 'folder = "c"\n[chart]\nurl = "postgresql+psycopg://u@h/db?password=hunter2"\n')
    assert "url_file" in found["chart.url"]
    assert "hunter2" not in str(found)


def test_contacts_are_for_their_owners_eyes_alone(tmp_path: Path) -> None:
    ntfy = 'folder = "c"\n[channels.ntfy]\nurl = "https://ntfy.example"\n'
    (tmp_path / "people.toml").write_text('p-7f3a = "topic-of-no-one"\n')
    (tmp_path / "people.toml").chmod(0o644)
    text = ntfy + 'contacts = "people.toml"\n'
    assert "chmod 600" in told(tmp_path, text)["channels.ntfy.contacts"]
    (tmp_path / "people.toml").chmod(0o600)
    assert site(tmp_path, text).channels["ntfy"]["contacts"] == {"p-7f3a": "topic-of-no-one"}
    assert "is to name a file" in told(tmp_path, ntfy + 'contacts = {p-7f3a = "topic"}\n')["channels.ntfy.contacts"]
