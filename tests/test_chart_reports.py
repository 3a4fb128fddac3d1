"""Reports in the chart: said once, in order, and what cannot be taken is kept with its reason."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import reports
from alerts.chart import Chart
from detectors.report import STALE, Answer, Back, Feeling, Pain, Reason, Report, Said, TimeOut, pain
from ingest.batch import DAY, HOUR, MINUTE
from tests.rounds import ANN, NOON

OCCURRENCE = "rx-0001/core/2026-11-03"


def score(value: int, at: int = NOON, id: str = "report-01", patient: str = ANN.id) -> Pain:  # noqa: A002 — the report's
    return Pain(id=id, patient=patient, at=at, score=value)


EVERY: list[Report] = [
    Answer(id="a-000001", patient=ANN.id, at=NOON, occurrence=OCCURRENCE, said=Said.NOT_TODAY),
    Pain(id="a-000002", patient=ANN.id, at=NOON, score=0, by="therapist"),
    Feeling(id="a-000003", patient=ANN.id, at=NOON + 1, back="same"),
    Reason(id="a-000004", patient=ANN.id, at=NOON + 2, why="it_hurt"),
    TimeOut(id="a-000005", patient=ANN.id, at=NOON + 3, first=date(2026, 11, 5), last=date(2026, 11, 9), why="travel"),
    Back(id="a-000006", patient=ANN.id, at=NOON + 3, first=date(2026, 11, 7)),
]


def payload(**changes: object) -> bytes:
    return json.dumps({**score(3).model_dump(mode="json"), **changes}).encode()


def test_what_was_said_comes_back_as_it_was_in_order(chart: Chart) -> None:
    for report in reversed(EVERY):
        assert chart.reports.add(report, "cli", NOON + 3)
    assert chart.reports.of(ANN.id) == EVERY
    assert chart.reports.of(ANN.id, NOON + 1, NOON + 3) == EVERY[2:4]
    assert chart.reports.of("virtual-bob") == []


def test_a_report_said_twice_is_said_once(chart: Chart) -> None:
    assert chart.reports.add(score(3), "mqtt", NOON)
    assert not chart.reports.add(score(3), "mqtt", NOON + 100 * DAY)
    assert chart.reports.of(ANN.id) == [score(3)]


def test_another_thing_said_under_the_same_id_is_refused_and_not_swallowed(chart: Chart) -> None:
    chart.reports.add(score(3), "page", NOON)
    with pytest.raises(ValueError, match="give each report an id of its own"):
        chart.reports.add(score(4), "page", NOON)
    assert chart.reports.of(ANN.id) == [score(3)]


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (score(3, NOON + 5 * MINUTE + 1), "in the future; check the clock"),
        (score(3, NOON - 60 * DAY - 1), "older than 60 days"),
        (score(3, 10**30), "in the future"),
        (score(3, patient="p-nobody"), "p-nobody is not in the chart; admit"),
    ],
    ids=["future", "old", "beyond all time", "unknown"],
)
def test_a_report_that_cannot_be_meant_is_refused_with_the_next_step(chart: Chart, report: Report, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        chart.reports.add(report, "cli", NOON)
    assert chart.reports.of(ANN.id) == []


@pytest.mark.parametrize("at", [NOON + 5 * MINUTE, NOON - 60 * DAY])
def test_a_clock_somewhat_ahead_and_an_answer_weeks_later_are_taken(chart: Chart, at: int) -> None:
    assert chart.reports.add(score(3, at), "cli", NOON)


def test_what_a_clock_ahead_says_is_said_when_it_came_and_known_again_when_it_comes_twice(chart: Chart) -> None:
    ahead = score(3, NOON + 4 * MINUTE)
    assert chart.reports.add(ahead, "mqtt", NOON)
    assert chart.reports.of(ANN.id, 0, NOON + 1) == [score(3, NOON)]
    assert not chart.reports.add(ahead, "mqtt", NOON + MINUTE)


def away(first: date, last: date) -> TimeOut:
    return TimeOut(id="pause-01", patient=ANN.id, at=NOON, first=first, last=last)


TODAY = date(2026, 11, 3)
FAR: dict[str, tuple[Report, str]] = {
    "for ever": (away(date.min, date.max), "0001-01-01 is more than 14 days before it was said; give a later first day"),
    "long ago": (away(TODAY - timedelta(days=15), TODAY), "2026-10-19 is more than 14 days before"),
    "for a year and two days": (away(TODAY, TODAY + timedelta(days=366)), "366 days at most; give an earlier last day"),
    "back long ago": (Back(id="back-001", patient=ANN.id, at=NOON, first=TODAY - timedelta(days=15)), "14 days before"),
}


@pytest.mark.parametrize("what", FAR)
def test_no_report_excuses_a_whole_course(chart: Chart, what: str) -> None:
    report, why = FAR[what]
    with pytest.raises(ValueError, match=why):
        chart.reports.add(report, "cli", NOON)
    assert chart.reports.take(report.model_dump_json().encode(), "mqtt", NOON) is None
    assert re.search(why, chart.reports.asides()[0].reason)
    assert chart.reports.of(ANN.id) == []


def test_a_year_away_and_a_fortnight_that_is_over_are_taken_by_the_patients_own_calendar(chart: Chart) -> None:
    #   Tuesday 3 November, 23:00 in New York, where it is Wednesday 4:00 UTC
    first = TODAY - timedelta(days=14)
    evening = away(first, first + timedelta(days=365)).model_copy(update={"at": NOON + 11 * HOUR})
    assert chart.reports.add(evening, "mqtt", NOON + 11 * HOUR)


UNREADABLE = {
    "no JSON": (b"\xff\xfe", "Invalid JSON"),
    "nothing": (b"", "Invalid JSON"),
    "deep": (b"[" * 4000, "recursion limit"),
    "a list": (b"[]", "should be an object"),
    "another kind": (payload(kind="mood"), "does not match any"),
    "eleven": (payload(score=11), "less than or equal to 10"),
    "a score in words": (payload(score="3"), "valid integer"),
    "true": (payload(score=True), "valid integer"),
    "too much": (payload(name="Ann Example"), "Extra inputs"),
    "a NUL": (payload(patient="p-ann\0"), "match pattern"),
    "a NUL in a name": (payload(**{"\0": 1}), r"\?: Extra inputs"),
    "backwards": (
        b'{"kind": "pause", "id": "pause-01", "patient": "p-ann", "at": 1793725200000000, "first": "2026-11-05", "last": "2026-11-04"}',
        "last day comes before the first",
    ),
    "nobody": (payload(patient="p-nobody"), "not in the chart"),
    "tomorrow": (payload(at=NOON + DAY), "in the future"),
    "no time": (payload(at=10**40), "."),
    "long": (b" " * 5000 + payload(), "longer than the 4096 bytes"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_taken_is_kept_aside_with_its_reason_and_its_bytes(chart: Chart, what: str) -> None:
    body, why = UNREADABLE[what]
    assert chart.reports.take(body, "mqtt", NOON) is None
    (aside,) = chart.reports.asides()
    assert (aside.at, aside.source, aside.body) == (NOON, "mqtt", body[:4096])
    assert re.search(why, aside.reason)
    assert chart.reports.of(ANN.id) == []
    assert chart.reports.take(payload(), "mqtt", NOON) == score(3)


@pytest.fixture(scope="module")
def blank() -> Iterator[Chart]:
    """One for all examples: opening a chart takes longer than an example."""
    chart = Chart("sqlite://")
    yield chart
    chart.close()


@given(body=st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode))
def test_nothing_that_comes_in_makes_it_stumble(blank: Chart, body: bytes) -> None:
    before = len(blank.reports.asides(10_000))
    assert blank.reports.take(body, "mqtt", NOON) is None
    assert len(blank.reports.asides(10_000)) == before + 1


def test_a_client_gone_mad_fills_nobodys_chart(chart: Chart) -> None:
    #   12:00                                12:59           13:00
    #   60 taken, then all aside ...         still aside     taken again
    said = [payload(id=f"mad-{n:05}", score=n % 11) for n in range(reports.PER_HOUR + 20)]
    taken = [chart.reports.take(body, "mqtt", NOON) for body in said]
    assert [one is not None for one in taken] == [True] * reports.PER_HOUR + [False] * 20
    assert {aside.reason for aside in chart.reports.asides()} == {"more than 60 reports of one patient in an hour; check what sends them"}
    assert chart.reports.take(said[0], "mqtt", NOON) == taken[0]
    assert chart.reports.take(said[-1], "mqtt", NOON + 59 * MINUTE) is None
    assert chart.reports.take(payload(id="other-01", patient="virtual-bob"), "mqtt", NOON)
    assert chart.reports.add(score(2, id="by-hand-1"), "page", NOON)
    assert chart.reports.take(said[-1], "mqtt", NOON + HOUR)


def test_what_is_set_aside_does_not_grow_for_ever(chart: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "ASIDES", 5)
    for n in range(12):
        chart.reports.take(str(n).encode() + b"{", "mqtt", NOON + n)
    assert [aside.body for aside in chart.reports.asides()] == [f"{n}{{".encode() for n in (11, 10, 9, 8, 7)]
    assert len(chart.reports.asides(limit=2)) == 2


scores = st.integers(0, 10)
ages = st.integers(-DAY, 2 * STALE)


@given(st.lists(st.tuples(scores, ages)), st.randoms())
def test_a_pain_score_is_the_newest_fresh_one_and_nought_is_not_nothing(said: list[tuple[int, int]], chance: object) -> None:
    told = [score(value, NOON - age, f"report-{n:02}") for n, (value, age) in enumerate(said)]
    fresh = [one for one in told if 0 <= NOON - one.at <= STALE]
    chance.shuffle(told)  # type: ignore[attr-defined]  # hypothesis gives a random.Random and says object
    found = pain([*EVERY[2:], *told], NOON)
    if not fresh:
        assert found is None
    else:
        newest = max(one.at for one in fresh)
        assert found is not None
        assert found in {one.score for one in fresh if one.at == newest}


@pytest.mark.parametrize(("age", "found"), [(0, 0), (STALE, 0), (STALE + 1, None), (-1, None)])
def test_no_pain_is_a_score_until_it_is_stale(age: int, found: int | None) -> None:
    told = pain([score(0, NOON - age)], NOON)
    assert (told, told is None) == (found, found is None)
