"""The links by which a patient answers: signed, for a time, and for one answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from alerts import tables
from alerts.chart import Chart
from alerts.links import Link, Links
from cli.line import site_secret
from detectors.report import Answer, Said
from ingest.batch import DAY
from tests.rounds import ANN, NOON

OCCURRENCE = "rx-0001/core/2026-11-03"
MESSAGE = "3968cd24-2956-4603-a184-45e132e2f5fc"
LINKS = Links(b"a secret of thirty-two bytes, ok", "https://keepup.example.org/")
UNTIL = NOON + 2 * DAY


def linked(chart: Chart) -> Chart:
    """With the row that a sending leaves."""
    with chart._database.writing() as tx:
        tx.execute(tables.link.insert().values(id=MESSAGE, patient=ANN.id, occurrence=OCCURRENCE, until=UNTIL))
    return chart


def answer(said: Said, id: str = "answer-1", occurrence: str = OCCURRENCE) -> Answer:  # noqa: A002 — the report's
    return Answer(id=id, patient=ANN.id, at=NOON, occurrence=occurrence, said=said)


def token(message: str = MESSAGE) -> str:
    return LINKS.url(message).rsplit("/", 1)[1]


def test_a_link_leads_back_to_its_message_and_says_nothing_else() -> None:
    assert LINKS.url(MESSAGE).startswith("https://keepup.example.org/a/")
    assert LINKS.message(token()) == MESSAGE
    assert token().split(".")[0] == MESSAGE
    assert len(LINKS.url(MESSAGE)) < 160
    assert Links(b"a secret of thirty-two bytes, ok", "http://127.0.0.1:8080").message(token()) == MESSAGE


@given(st.integers(0, len(token()) - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="))
def test_no_character_of_a_token_can_be_another(place: int, other: str) -> None:
    changed = token()[:place] + other + token()[place + 1 :]
    assert LINKS.message(changed) == (MESSAGE if changed == token() else None)


@given(st.text())
def test_what_we_did_not_sign_opens_nothing(guess: str) -> None:
    assert LINKS.message(guess) is None
    assert LINKS.message(f"{MESSAGE}.{guess}") is None


@pytest.mark.parametrize(
    "guess", ["", ".", MESSAGE, f"{MESSAGE}.", f".{MESSAGE}", token() + "=", token() + "\n", " " + token(), "\ud800", "é.é"]
)
def test_a_token_cut_or_lengthened_opens_nothing(guess: str) -> None:
    assert LINKS.message(guess) is None


def test_another_sites_secret_opens_nothing() -> None:
    assert Links(bytes(32), "https://keepup.example.org").message(token()) is None
    with pytest.raises(ValueError, match="31 bytes, 32 are needed; make it with"):
        Links(bytes(31), "https://keepup.example.org")


def test_a_link_is_opened_as_often_as_one_likes_until_it_expires(chart: Chart) -> None:
    linked(chart)
    for _ in range(3):
        assert chart.links.open(MESSAGE, UNTIL - 1) == Link(ANN.id, OCCURRENCE, UNTIL, None)
    assert chart.links.open(MESSAGE, UNTIL) is None
    assert chart.links.open(str(uuid4()), NOON) is None


def test_a_link_is_used_once(chart: Chart) -> None:
    linked(chart)
    assert chart.links.use(MESSAGE, NOON)
    assert not chart.links.use(MESSAGE, NOON + 1)
    assert chart.links.open(MESSAGE, NOON + 1) == Link(ANN.id, OCCURRENCE, UNTIL, NOON)


def test_an_expired_link_and_an_unknown_one_are_of_no_use(chart: Chart) -> None:
    linked(chart)
    assert not chart.links.use(MESSAGE, UNTIL)
    assert not chart.links.use(str(uuid4()), NOON)
    assert not chart.links.answer(MESSAGE, answer(Said.YES), UNTIL)
    assert not chart.links.answer(MESSAGE, answer(Said.NOT_YET), UNTIL)
    assert not chart.links.answer(str(uuid4()), answer(Said.YES), NOON)
    assert chart.reports.of(ANN.id) == []


def all_at_once(eight: Callable[[int], bool]) -> list[bool]:
    with ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(eight, range(8)))


def test_of_eight_who_use_a_link_at_once_one_does(chart: Chart) -> None:
    linked(chart)
    assert all_at_once(lambda _: chart.links.use(MESSAGE, NOON)) == [False] * 7 + [True]


def test_of_eight_answers_at_once_one_is_in_the_chart(chart: Chart) -> None:
    linked(chart)
    words = [Said.YES, Said.NOT_TODAY] * 4
    assert all_at_once(lambda n: chart.links.answer(MESSAGE, answer(words[n], f"answer-{n}"), NOON)) == [False] * 7 + [True]
    assert len(chart.reports.of(ANN.id)) == 1


def test_not_yet_leaves_the_link_for_a_later_answer(chart: Chart) -> None:
    linked(chart)
    assert chart.links.answer(MESSAGE, answer(Said.NOT_YET, "answer-1"), NOON)
    assert chart.links.answer(MESSAGE, answer(Said.NOT_YET, "answer-2"), NOON)
    assert chart.links.answer(MESSAGE, answer(Said.YES, "answer-3"), NOON + 1)
    assert not chart.links.answer(MESSAGE, answer(Said.NOT_YET, "answer-4"), NOON + 2)
    said = chart.reports.of(ANN.id)
    assert [one.said for one in said if isinstance(one, Answer)] == [Said.NOT_YET, Said.NOT_YET, Said.YES]


def test_an_answer_that_is_refused_leaves_the_link_unused(chart: Chart) -> None:
    linked(chart)
    with pytest.raises(ValueError, match="about something else than the link"):
        chart.links.answer(MESSAGE, answer(Said.YES, occurrence="rx-0001/walk/2026-11-03"), NOON)
    with pytest.raises(ValueError, match="in the future"):
        chart.links.answer(MESSAGE, answer(Said.YES), NOON - DAY)
    assert chart.links.answer(MESSAGE, answer(Said.YES), NOON)


def test_a_sites_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "clinic"
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: site_secret(folder), range(8)))
    assert len(secrets) == 1
    assert len(secrets.pop()) == 32
    assert [(path.name, oct(path.stat().st_mode & 0o777)) for path in folder.iterdir()] == [("secret", "0o600")]


def test_two_sites_have_two_secrets_and_a_torn_one_is_said_to_be(tmp_path: Path) -> None:
    assert site_secret(tmp_path / "a") != site_secret(tmp_path / "b")
    (tmp_path / "a" / "secret").write_bytes(b"short")
    with pytest.raises(typer.BadParameter, match=r"holds 5 bytes, not 32.*remove it"):
        site_secret(tmp_path / "a")
