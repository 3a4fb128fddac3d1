"""Every text a patient may ever read, by the rules of the house: easy, short, kind, bare on a lock screen, never the same twice."""

from datetime import date
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import answers
from alerts.catalogue import MESSAGES, OTHER
from alerts.corrections import CORRECTIONS, TAKEN_BACK
from alerts.readability import GRADE, faults, grade, ideas, syllables, telling
from alerts.schema.messages import NUDGES, SLOTS
from alerts.variety import FORTNIGHT, Levels, choose, fields, pick
from detectors.report import Said
from tests.golden_texts import kept

EVERYTHING: dict[str, Levels] = {
    **MESSAGES,
    "any other": OTHER,
    **{f"correction of {kind}": levels for kind, levels in CORRECTIONS.items()},
    "correction of any other": TAKEN_BACK,
}
LONGEST = {"session": "morning core and balance set", "day": "Wednesday", "minutes": "240", "percent": "20"}
FORTY = {**LONGEST, "session": "w" * 40}
"""The longest name a plan may give; only its length is of interest."""
EVERY_WAY = sorted({(detail, way) for levels in EVERYTHING.values() for detail in range(3) for way in levels[detail]})
PAGE = [
    *(text for ways in answers.THANKS.values() for text in ways),
    *answers.red_flags(),
    *answers.BUTTONS.values(),
    *answers.FEELINGS.values(),
    *answers.REASONS.values(),
    *(text for name, text in vars(answers).items() if name.isupper() and isinstance(text, str)),
]


def test_the_grade_tells_hard_words_from_easy_ones() -> None:
    assert grade("Time for a short walk.") < 3
    assert grade("Sedentary behaviour necessitates intermittent ambulation.") > 12


@pytest.mark.parametrize(("word", "many"), [("walk", 1), ("little", 2), ("done", 1), ("wanted", 2), ("battery", 3), ("18", 1)])
def test_syllables_are_counted_by_their_vowels(word: str, many: int) -> None:
    assert syllables(word) == many


@pytest.mark.parametrize(
    "text",
    [
        "You missed your set.",
        "You must walk now.",
        "You only did one.",
        "It hurts because of your chair.",
        "This will prevent pain.",
        "Walking cures your back.",
        "Sedentary behaviour necessitates intermittent ambulation.",
        "We did not see it. Did you do it? Tell us now please.",
        "Go for a walk. " * 11,
    ],
)
def test_what_no_patient_is_to_read_is_found(text: str) -> None:
    assert faults(text)


@pytest.mark.parametrize("text", ["Time for your 6:30 plan.", "Your back", "Two of 3", "From your therapist."])
def test_what_no_lock_screen_is_to_show_is_found(text: str) -> None:
    assert telling(text)


def test_what_a_patient_reads_is_easy_short_and_kind_whatever_it_is_filled_with() -> None:
    assert {text: found for _, way in EVERY_WAY if (found := faults(text := way.format(**LONGEST)))} == {}
    assert [way for _, way in EVERY_WAY if len(way.format(**FORTY)) > 160] == []


def test_a_lock_screen_shows_nothing_clinical_no_name_and_no_number() -> None:
    assert {way: found for detail, way in EVERY_WAY if detail == 0 and (found := telling(way) + sorted(fields(way)))} == {}


def test_the_middle_level_names_nothing() -> None:
    assert [way for detail, way in EVERY_WAY if detail == 1 and fields(way)] == []


@pytest.mark.parametrize("text", PAGE)
def test_the_answer_page_is_easy_short_and_kind(text: str) -> None:
    # a label of a word or two has no grade worth the name
    assert [fault for fault in faults(text) if "grade" not in fault or len(text.split()) > 2] == []


@pytest.mark.parametrize("levels", EVERYTHING.values(), ids=EVERYTHING)
def test_there_are_as_many_ways_as_a_fortnight_could_need(levels: Levels) -> None:
    assert [len(set(ways)) for ways in levels] == [SLOTS * FORTNIGHT] * 3
    assert NUDGES <= SLOTS


@pytest.mark.parametrize("ways", answers.THANKS.values(), ids=answers.THANKS)
def test_every_thanks_has_six_ways(ways: tuple[str, ...]) -> None:
    assert len(set(ways)) == 6


@pytest.mark.parametrize(("kind", "detail"), list(product(sorted(EVERYTHING), range(3))))
def test_nobody_reads_the_same_twice_in_a_fortnight_though_numbers_change(kind: str, detail: int) -> None:
    # three messages a day for twenty days, `recent` as of the last fortnight; the minutes differ each time
    chance, sent, ways = Random(3), list[str](), list[str]()  # noqa: S311 — any fixed turns will do
    for n in range(SLOTS * 20):
        known = {**LONGEST, "minutes": str(50 + n), "percent": str(n), "day": ["Monday", "Tuesday"][n % 2]}
        said = choose(EVERYTHING[kind], detail, known, chance.getrandbits(128), sent[-(SLOTS * FORTNIGHT - 1) :])
        sent.append(f"Virtual: {said}" if n % 2 else said)
        ways.append(next(way for way in EVERYTHING[kind][detail] if way.format(**known) == said))
        assert ways[-1] not in ways[-SLOTS * FORTNIGHT : -1]


def test_once_every_way_was_said_the_oldest_comes_round() -> None:
    assert pick(("a b.", "c {day}.", "e."), 7, ["e.", "c Monday.", "a b.", "e."]) == "c {day}."


@given(st.integers(0))
def test_the_same_turn_gives_the_same_words(turn: int) -> None:
    assert pick(OTHER[0], turn, ()) == pick(OTHER[0], turn, ()) == OTHER[0][turn % len(OTHER[0])]


@pytest.mark.parametrize(("kind", "detail"), list(product(sorted(MESSAGES), range(3))))
def test_what_is_not_known_is_left_out_and_not_made_up(kind: str, detail: int) -> None:
    said = choose(MESSAGES[kind], detail, {}, 5, ())
    assert "{" not in said
    assert said in MESSAGES[kind][0] + MESSAGES[kind][1] + MESSAGES[kind][2]


def test_one_idea_is_one_sentence_that_says_something() -> None:
    assert [ideas("Nice start. You did a part."), ideas("Thank you."), ideas("Did you do it? We did not see it.")] == [1, 0, 2]


def test_the_question_names_day_and_session() -> None:
    assert answers.question("core", date(2026, 11, 23)) == "Monday 23 November: core set. Did you do it?"
    assert answers.question("easy walk", date(2026, 11, 23), week=True) == "Week of Monday 23 November: easy walk. Did you do it?"
    assert faults(answers.question("morning core and balance", date(2026, 9, 23))) == []


def test_every_answer_and_every_reason_has_its_button() -> None:
    assert set(answers.BUTTONS) == {said.value for said in Said}
    assert list(answers.PAIN) == [str(score) for score in range(11)]


def test_the_card_names_a_help_line_only_where_somebody_set_one() -> None:
    assert answers.red_flags()[0] == "Call for help now if any of these are new."
    assert answers.red_flags("112")[0] == "Call 112 now if any of these are new."
    assert grade(" ".join(answers.red_flags())) <= GRADE


def test_every_way_is_as_reviewed() -> None:
    said = "\n".join(f"{kind} [{detail}]\n  " + "\n  ".join(ways[detail]) for kind, ways in EVERYTHING.items() for detail in range(3))
    page = "\n".join(
        [f"thanks {key}\n  " + "\n  ".join(ways) for key, ways in answers.THANKS.items()] + ["red flags", *answers.red_flags()]
    )
    whole = f"{said}\n{page}\n"
    assert kept("catalogue.txt", whole) == whole
