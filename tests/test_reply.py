"""What a patient's page asks and takes, as values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import answers
from detectors.plan.occurrence import Revision
from detectors.plan.plan import Plan
from detectors.report import Pain, Report, Said
from ingest.batch import DAY, HOUR
from tests.asking import CORE, PERSON, QUESTION
from tests.clinic import NOW
from tests.prescribed import fixed, phase, plan
from web.reply import Reply, added, answered, asked, heard, pain_due


def scored(at: int) -> Pain:
    return Pain(id=f"score-{at}", patient=PERSON.id, at=at, score=0)


def test_a_score_is_due_a_week_after_the_last_or_when_the_plan_says() -> None:
    assert pain_due((), [], NOW)
    assert not pain_due((), [scored(NOW - 6 * DAY)], NOW)
    assert pain_due((), [scored(NOW - 7 * DAY + HOUR)], NOW)
    assert pain_due((), [scored(NOW - 8 * DAY)], NOW)


@pytest.mark.parametrize(
    ("check", "days"),
    [
        (None, 7),
        ({"every": "day"}, 1),
        ({"every": "2 weeks"}, 14),
        ({"every": "day", "scale": "better-same-worse"}, 7),
        ({"every": "day", "scale": "better-same-worse", "anchor": {"every": "3 days"}}, 3),
    ],
)
def test_the_plan_in_force_says_how_often_a_score_is_asked_for(check: dict[str, object] | None, days: int) -> None:
    given = plan(phase("2026-11-01", "2026-12-31", fixed("18:30"))).model_dump(by_alias=True)
    now = Plan.model_validate(given | {"pain_check": check})
    later = Plan.model_validate(given | {"pain_check": {"every": "30 days"}})
    revisions = [Revision(now, NOW - 9 * DAY), Revision(later, NOW + 1)]
    assert pain_due(revisions, [scored(NOW - days * DAY)], NOW)
    assert not pain_due(revisions, [scored(NOW - days * DAY + 13 * HOUR)], NOW)


@pytest.mark.parametrize(
    "occurrence",
    ["core/2026-11-22", "a/b/core/2026-11-22", "rx/core/2026-11-22/2"],
)
def test_the_question_is_read_from_whatever_id_a_plan_gives(occurrence: str) -> None:
    assert asked(occurrence) == QUESTION


def test_an_id_that_is_none_is_no_question() -> None:
    with pytest.raises(ValueError, match="no planned session"):
        asked("extra@1795357380000000")


@given(st.sampled_from(list(Said)), st.sampled_from([None, *answers.FEELINGS]), st.sampled_from([None, *answers.REASONS]))
def test_what_is_said_by_a_link_is_read_back_by_it_and_by_no_other(choice: Said, back: str | None, why: str | None) -> None:
    answer, feeling = answered(Reply.model_validate({"said": choice, "back": back}), "m-1", PERSON.id, CORE, NOW)
    reports: list[Report] = [answer, *([feeling] if feeling else [])]
    reports += [added(Reply.model_validate({"why": why}), "m-1", PERSON.id, CORE, NOW)] if why else []
    found = heard("m-1", reports)
    assert (found.said, found.back, found.why, found.pain) == (choice, back, why, None)
    assert found.flare == (back == "worse" or why == "it_hurt")
    assert heard("m-2", reports) == heard("m-2", [])
