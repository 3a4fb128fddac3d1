"""Who is reached by which channel, as a site's file says."""

from contextlib import ExitStack
from pathlib import Path

import pytest
import typer

from cli.ways import plain, written

NTFY = '[channels.ntfy]\nurl = "http://127.0.0.1:1"\ncontacts = "people.toml"\n'
NOWHERE = "mqtt://127.0.0.1:1"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.channels.mqtt.GREETING", 0)


def file(folder: Path, text: str) -> Path:
    (folder / "people.toml").write_text('p-7f3a = "topic-of-no-one"\n')
    (folder / "people.toml").chmod(0o600)
    (folder / "keepup.toml").write_text(f'folder = "c"\n{text}')
    return folder / "keepup.toml"


def test_everybody_is_reached_by_mqtt_and_by_the_others_who_has_a_contact(tmp_path: Path) -> None:
    with ExitStack() as stack:
        ways = written(stack, file(tmp_path, NTFY + "[channels.mqtt]\n"), NOWHERE, "home", None)
        assert sorted(way.channel.name for way in ways.open) == ["mqtt", "ntfy"]
        assert sorted(ways.reach("p-7f3a")) == ["mqtt", "ntfy"]
        assert ways.reach("t-02") == ["mqtt"]


def test_where_no_channel_is_written_nobody_is_told(tmp_path: Path) -> None:
    with ExitStack() as stack:
        ways = written(stack, file(tmp_path, ""), NOWHERE, "home", None)
        assert (list(ways.open), list(ways.reach("p-7f3a"))) == ([], [])


def test_an_older_server_that_shows_a_repeat_twice_is_not_asked_twice(tmp_path: Path) -> None:
    with ExitStack() as stack:
        (way,) = written(stack, file(tmp_path, NTFY + "sequence = false\n"), None, "home", None).open
        assert not way.channel.idempotent


def test_without_a_broker_mqtt_is_refused_in_words(tmp_path: Path) -> None:
    with ExitStack() as stack, pytest.raises(typer.BadParameter, match="needs a broker"):
        written(stack, file(tmp_path, "[channels.mqtt]\n"), None, "home", None)


def test_a_file_with_mistakes_says_where_they_are_told(tmp_path: Path) -> None:
    with ExitStack() as stack, pytest.raises(typer.BadParameter, match=r"keepup up .* --check"):
        written(stack, file(tmp_path, "[channels.sms]\n"), NOWHERE, "home", None)


def test_without_a_file_it_is_the_sites_broker_or_nothing() -> None:
    with ExitStack() as stack:
        assert [way.channel.name for way in plain(stack, NOWHERE, "home", None).open] == ["mqtt"]
        assert list(plain(stack, None, "home", None).open) == []
