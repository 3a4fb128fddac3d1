"""What was prescribed, drawn over what was seen: where it stands, what it says, and the same in words and numbers."""

import re
from collections.abc import Callable
from datetime import date
from xml.etree import ElementTree

import pytest

from alerts.alert import Alert, Audience, State
from alerts.feed import Sent
from alerts.reconcile import Change, Turn
from detectors.outcome import Outcome, Source
from ingest.batch import DAY, HOUR, MINUTE
from tests.clinic import BERLIN, NOW, SILENT, STEADY, Clinic
from tests.course import SESSION, extra, judge, judged, prescribe, take
from tests.visitor import Browser, Clock
from web.day import day_of
from web.marks import marks, windows
from web.planned import AHEAD, DUE, GLYPHS, PUT_OFF, WORDS, Planned, planned

FRIDAY = day_of(date(2026, 11, 20), BERLIN)
SUNDAY = day_of(date(2026, 11, 22), BERLIN)


def articles(page: str) -> dict[str, str]:
    """Heading of the day → all of it."""
    every = re.finditer(r'<article class="card day".*?<h3>([^<]*).*?</article>', page, re.DOTALL)
    return {found[1].strip(): found[0] for found in every}


def svg(article: str) -> ElementTree.Element:
    """Raises where it is not well-formed."""
    drawn = re.search(r'<svg class="strip".*?</svg>', article, re.DOTALL)
    assert drawn
    return ElementTree.fromstring(drawn[0])  # noqa: S314 — our own


def these(here: Clinic, start: int = FRIDAY.start, end: int = SUNDAY.end, now: int = NOW) -> list[Planned]:
    found = here.chart.patient(STEADY)
    assert found
    return planned(here.chart, found, start, end, now)


def test_each_outcome_has_a_glyph_and_a_word_of_its_own() -> None:
    every = {*Outcome, AHEAD, DUE}

    assert set(GLYPHS) == set(WORDS) == every
    assert len(set(GLYPHS.values())) == len(set(WORDS.values())) == len(every)
    assert not re.search("miss|fail", " ".join(WORDS.values()))


def test_a_window_is_outlined_over_the_day_it_lies_in(here: Clinic, therapist: Browser) -> None:
    take(here.chart)
    friday = articles(therapist.get(f"/patient/{STEADY}").text)["Friday 20 November"]
    (frame,) = svg(friday).findall(".//g[@class='prescribed asked']/rect")

    # 17:30 to 20:30 of 24 hours
    assert (frame.get("x"), frame.get("width")) == ("72.92%", "12.5%")
    assert "<strong>core</strong> asked, no answer yet" in friday
    assert "planned 18:30, window 17:30–20:30" in friday


def test_glyph_title_line_and_table_say_the_same(here: Clinic, therapist: Browser) -> None:
    take(here.chart)
    monday = articles(therapist.get(f"/patient/{STEADY}").text)["Monday 16 November"]
    drawn = svg(monday)
    (title, of_glyph) = [one.text or "" for one in drawn.findall(".//g[@class='prescribed done']//title")]

    assert title == of_glyph
    assert title == (
        "core, planned 18:30, window 17:30–20:30: done, began Mon 18:35, 22 min seen, 100 % of the dose, 97 % worn and heard, "
        "seen by the band"
    )
    assert title in (drawn.get("aria-label") or "")
    row = re.search(r'<th scope="row">core<td>(.*?)<td>(.*?)\s*<(?:tr|/tbody)>', monday)
    assert row
    when, outcome = row[1], re.sub(r"<span[^>]*>✔</span> ", "", row[2])
    assert title == f"core, {when}: {outcome}"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_can_be_read_on_the_page(here: Clinic, therapist: Browser, outcome: Outcome) -> None:
    due = [one for one in prescribe(here.chart) if not one.quota]
    one = next(one for one in due if one.start >= FRIDAY.start)
    if outcome is Outcome.EXTRA:
        judge(here.chart, STEADY, extra(FRIDAY.start + 8 * HOUR))
    else:
        judge(here.chart, STEADY, judged(one, outcome))
    friday = articles(therapist.get(f"/patient/{STEADY}").text)["Friday 20 November"]

    assert svg(friday).find(f".//g[@class='prescribed {outcome.value}']/text") is not None
    assert WORDS[outcome] in re.sub("<svg.*?</svg>", "", friday, flags=re.DOTALL)


def test_who_said_not_today_and_may_make_it_up_is_not_said_to_owe_an_answer(here: Clinic, therapist: Browser) -> None:
    one = next(one for one in prescribe(here.chart) if not one.quota and one.start >= FRIDAY.start)
    judge(here.chart, STEADY, judged(one, Outcome.ASKED, Source.PATIENT))
    friday = articles(therapist.get(f"/patient/{STEADY}").text)["Friday 20 November"]

    assert PUT_OFF in friday
    assert WORDS[Outcome.ASKED] not in friday


def test_what_is_ahead_is_planned_and_what_is_under_way_not_judged(here: Clinic, therapist: Browser, clock: Clock) -> None:
    prescribe(here.chart)
    outcome: Callable[[], str] = lambda: next(one.outcome for one in these(here, now=clock.now) if one.at and one.day == FRIDAY.date)  # noqa: E731 — asked three times
    found = []
    for at in (FRIDAY.start + 12 * HOUR, FRIDAY.start + 18 * HOUR, FRIDAY.start + 23 * HOUR):
        clock.now = at
        found.append(outcome())

    assert found == [AHEAD, DUE, DUE]
    clock.now = FRIDAY.start + 12 * HOUR
    assert "<strong>core</strong> planned" in therapist.get(f"/patient/{STEADY}").text


def test_a_week_s_number_is_a_line_under_the_week(here: Clinic, therapist: Browser) -> None:
    take(here.chart)
    page = therapist.get(f"/patient/{STEADY}?days=28").text
    lines = [re.sub(r"<[^>]*>|\s+", " ", one) for one in re.findall(r'<p class="quota">.*?</p>', page, re.DOTALL)]

    assert len(lines) == 4
    assert "3 × in the week of 16 Nov, on any day" in re.sub(" +", " ", lines[0])
    assert re.sub(" +", " ", lines[1]).count("done") == 2
    assert "not seen" in lines[1]


def test_a_session_of_their_choice_stands_on_the_day_it_was_seen_and_has_no_window(here: Clinic, therapist: Browser) -> None:
    take(here.chart)
    wednesday = articles(therapist.get(f"/patient/{STEADY}?days=28").text)["Wednesday 11 November"]
    walk = [one for one in svg(wednesday).findall(".//g[@class='prescribed done']") if "walk" in "".join(one.itertext())]

    assert [one.find("rect") for one in walk] == [None]


# Berlin, 25 October 2026: 02:00–03:00 comes twice, so that 18:30 is 19.5 hours after midnight
def test_a_window_stands_true_on_a_day_of_25_hours(here: Clinic, therapist: Browser, clock: Clock) -> None:
    prescribe(here.chart, sessions=SESSION.replace("[mon, wed, fri]", "[sat, sun]"))
    clock.now = day_of(date(2026, 10, 26), BERLIN).start + HOUR
    days = articles(therapist.get(f"/patient/{STEADY}").text)
    frames = {name: svg(days[name]).find(".//g[@class='prescribed due']/rect") for name in ("Saturday 24 October", "Sunday 25 October")}

    assert "25 hours" in days["Sunday 25 October"]
    assert {name: (one.get("x"), one.get("width")) for name, one in frames.items() if one is not None} == {
        "Saturday 24 October": ("70%", "12%"),  # 17.5 and 3 of 25 hours
        "Sunday 25 October": ("74%", "12%"),  # 18.5 of 25
    }


def test_a_window_over_midnight_is_drawn_on_both_days(here: Clinic) -> None:
    prescribe(here.chart, sessions=SESSION.replace("18:30", "23:30"))
    found = [
        [(one.start, one.end) for one in windows(day, these(here, FRIDAY.start, FRIDAY.end + DAY))]
        for day in (FRIDAY, day_of(date(2026, 11, 21), BERLIN))
    ]

    assert found == [[(1350, 1440)], [(0, 90)]]


def test_alerts_and_messages_are_marked_where_they_fell(here: Clinic, therapist: Browser) -> None:
    take(here.chart)
    sunday = articles(therapist.get(f"/patient/{STEADY}").text)["Sunday 22 November"]
    marked = [one for one in svg(sunday).iter("text") if (one.get("class") or "").startswith("mark")]

    assert [(one.get("class"), one.text, one.get("x")) for one in marked] == [
        ("mark told", "▲", "63.96%"),
        ("mark nudge", "✉\ufe0e", "64.03%"),
    ]
    assert "Message to the patient<td>15:22<td>planned session" in sunday
    assert "Alert for you<td>15:21<td>silent band, taken back" in sunday
    silent = articles(therapist.get(f"/patient/{SILENT}").text)["Sunday 22 November"]
    assert "Alert for you" in silent
    assert "Message to the patient<td>15:22<td>silent band" in silent


def test_only_what_reached_the_patient_is_marked(here: Clinic) -> None:
    take(here.chart)
    sent = here.chart.feed.sent(STEADY, NOW - DAY, NOW)

    assert [(one.kind, one.at, one.sure) for one in sent] == [("planned_session", NOW - MINUTE, True)]
    assert here.chart.feed.sent(STEADY, NOW, NOW + DAY) == []
    doubted = marks(SUNDAY, [], [Sent(NOW, "planned_session", "correction", "mqtt", False)])
    assert [one.words for one in doubted] == ["planned session, a correction, it may not have arrived"]


def test_what_was_held_back_is_no_mark() -> None:
    told = Alert("a", STEADY, "silent_band", Audience.THERAPIST, "k", State.SUPPRESSED, NOW, None, NOW, NOW)

    assert marks(SUNDAY, [told], []) == []


def test_a_judgement_that_was_taken_back_is_not_judged(here: Clinic) -> None:
    one = next(one for one in prescribe(here.chart) if not one.quota and one.start >= FRIDAY.start)
    verdict = judged(one, Outcome.NOT_SEEN, Source.PATIENT)
    judge(here.chart, STEADY, verdict)
    assert Outcome.NOT_SEEN in {each.outcome for each in these(here)}
    here.chart.record(STEADY, [Change(Turn.RETRACTED, verdict.finding(STEADY, 1))], NOW)

    assert {each.outcome for each in these(here) if each.day == FRIDAY.date} == {DUE}


def test_a_patient_without_a_plan_has_the_page_they_had(therapist: Browser) -> None:
    page = therapist.get(f"/patient/{SILENT}").text

    assert "Prescribed window" not in page
    assert 'class="prescribed' not in page
