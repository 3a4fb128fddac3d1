"""Weeks by days: what stands where, and what is counted of it."""

import re

import pytest

from detectors.adherence import Adherence
from detectors.outcome import Outcome, Source
from ingest.batch import DAY, HOUR
from tests.clinic import NOW, SILENT, STEADY, Clinic
from tests.course import CORE, SESSION, extra, judge, judged, prescribe, take
from tests.visitor import Browser, Clock
from web.planned import GLYPHS, WORDS
from web.words import amount, bounds

PATH = f"/patient/{STEADY}/calendar"
CORE_ONLY = SESSION[: SESSION.index("      - name: walk")]


def plain(cell: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", cell)).strip()


def grid(page: str) -> dict[str, list[str]]:
    """Week → its cells, Monday to Sunday, any day, done, coverage."""
    table = page[page.index('<table class="calendar">') :]
    rows = re.findall(r'<tr><th scope="row">(.*?)\n(.*?)(?=<tr>|</tbody>|</tfoot>)', table, re.DOTALL)
    return {plain(week): [plain(cell) for cell in re.split(r"<td[^>]*>", cells)[1:]] for week, cells in rows}


def span(page: str, name: str) -> list[str]:
    row = re.search(rf'<tr><th scope="row">{name}(<td>.*?)\n    <', page + "\n    <", re.DOTALL)
    assert row, name
    return [plain(cell) for cell in row[1].split("<td>")[1:]]


def test_each_session_stands_on_its_day_with_glyph_and_word(here: Clinic, therapist: Browser) -> None:
    take(here.chart)
    weeks = grid(therapist.get(PATH).text)

    assert list(weeks) == ["16 Nov–22 Nov", "9 Nov–15 Nov", "2 Nov–8 Nov", "26 Oct–1 Nov", "19 Oct–25 Oct"]
    monday, *_, saturday, sunday, any_day, _, _ = weeks["16 Nov–22 Nov"]
    assert monday == "16✔ core: done"
    assert saturday == "21+ exercise: extra, not planned"
    assert sunday == "22 today"
    assert any_day.count("◌ walk: not judged yet") == 3
    told = " ".join(" ".join(cells) for cells in weeks.values())
    assert all(f"{GLYPHS[one]} core: {WORDS[one]}" in told for one in CORE)


def test_a_week_is_done_of_planned_without_unknown_and_excused(here: Clinic, therapist: Browser) -> None:
    due = prescribe(here.chart, sessions=CORE_ONLY.replace("[mon, wed, fri]", "[mon, tue, wed, thu, fri]"))
    outcomes = (Outcome.DONE, Outcome.PARTIAL, Outcome.NOT_SEEN, Outcome.UNKNOWN, Outcome.EXCUSED)
    judge(here.chart, STEADY, *(judged(one, outcome) for one, outcome in zip(due, outcomes, strict=False)))
    page = therapist.get(PATH).text

    *_, done, covered = grid(page)["19 Oct–25 Oct"]
    assert done == "1.5 of 3 + 1 not known, 1 excused"
    assert covered == "80 %"  # of the four that were due: 97, 97, 97 and 31 %
    # low 1.5 of 4, high 2.5 of 4
    assert span(page, "Course")[:2] == ["50 %, between 38 and 62 %", "1.5 of 3 + 1 not known, 1 excused"]


def test_bounds_more_than_thirty_points_apart_are_not_enough_data() -> None:
    def kept(low: float, mid: float, high: float) -> Adherence:
        return Adherence(low, mid, high, 3, 5, 1, 0, 0.9)

    assert bounds(kept(0.6, 0.75, 0.8)) == "75 %, between 60 and 80 %"
    assert bounds(kept(0.5, 0.7, 0.8)) == "70 %, between 50 and 80 %"
    assert bounds(kept(0.5, 0.7, 0.81)) == "not enough data: anywhere between 50 and 81 %"
    assert bounds(kept(0.6, 0.6, 0.6)) == "60 %"
    assert bounds(Adherence(None, None, None, 0, 0, 2, 0, None)) == "–"


def test_parts_of_sessions_are_told_to_a_tenth() -> None:
    assert [amount(0), amount(4.6), amount(5.0), amount(4.96)] == ["0", "4.6", "5", "5"]


def test_what_the_band_saw_and_what_was_said_are_counted_apart(here: Clinic, therapist: Browser) -> None:
    due = prescribe(here.chart, sessions=CORE_ONLY)
    by = [Source.SENSOR, Source.SENSOR, Source.PATIENT, Source.THERAPIST]
    judge(here.chart, STEADY, *(judged(one, Outcome.DONE, source) for one, source in zip(due, by, strict=False)), extra(NOW - DAY))

    assert span(therapist.get(PATH).text, "Course")[2:5] == ["2", "1", "1"]


def test_seven_days_hold_what_closed_in_them_and_the_course_all(here: Clinic, therapist: Browser) -> None:
    due = [one for one in prescribe(here.chart, sessions=CORE_ONLY) if one.end < NOW]
    judge(here.chart, STEADY, *(judged(one, Outcome.DONE) for one in due))
    page = therapist.get(PATH).text

    assert [span(page, name)[1] for name in ("7 days", "28 days", "Course")] == ["3 of 3", "12 of 12", "15 of 15"]


@pytest.mark.parametrize(
    ("week", "counts"),
    [
        ([Outcome.DONE, Outcome.DONE, Outcome.DONE], 1),
        ([Outcome.DONE, Outcome.DONE, Outcome.NOT_SEEN], 0),  # 67 %
        ([Outcome.DONE, Outcome.DONE, Outcome.UNKNOWN], 0),  # not by guesswork
        ([Outcome.DONE, Outcome.DONE, Outcome.EXCUSED], 1),
        ([Outcome.EXCUSED, Outcome.EXCUSED, Outcome.EXCUSED], 0),
    ],
)
def test_a_week_is_exercised_from_seventy_percent_of_what_was_planned(
    here: Clinic, therapist: Browser, week: list[Outcome], counts: int
) -> None:
    due = prescribe(here.chart, sessions=CORE_ONLY)
    judge(here.chart, STEADY, *(judged(one, outcome) for one, outcome in zip(due, week, strict=False)))

    assert f"<strong>{counts} of 8</strong> exercised weeks" in therapist.get(PATH).text


def test_the_rest_of_this_week_is_planned_and_counts_nothing(here: Clinic, therapist: Browser, clock: Clock) -> None:
    due = prescribe(here.chart, sessions=CORE_ONLY)
    clock.now = due[0].start - HOUR
    page = therapist.get(PATH).text

    (cells,) = grid(page).values()
    assert [cell for cell in cells if "core" in cell] == ["19 today○ core: planned", "21○ core: planned", "23○ core: planned"]
    assert cells[-2:] == ["–", "–"]


def test_a_session_s_facts_are_in_its_title(here: Clinic, therapist: Browser) -> None:
    take(here.chart)

    assert (
        'title="core, planned 18:30, window 17:30–20:30: done in part, began Fri 18:35, 22 min seen, 50 % of the dose, '
        '97 % worn and heard, seen by the band"'
    ) in therapist.get(PATH).text


def test_a_patient_without_a_plan_is_told_so(therapist: Browser) -> None:
    assert "Nothing was prescribed yet" in therapist.get(f"/patient/{SILENT}/calendar").text
