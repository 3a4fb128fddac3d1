"""What is planned when: weekly numbers, pauses, revisions."""

import pytest

from detectors.plan.occurrence import Revision
from detectors.plan.schedule import occurrences
from ingest.batch import DAY, HOUR
from tests.prescribed import EVER, always, fixed, ids, phase, plan, quota, utc, wall


def test_a_week_asks_for_its_number_and_ends_on_sunday_at_midnight() -> None:
    found = occurrences(always(plan(phase("2027-03-22", "2027-04-04", quota(3)))), (), *EVER)
    assert ids(found) == [f"rx-01/walk/2027-W{week}/{n}" for week in (12, 13) for n in (1, 2, 3)]
    assert {(wall(each.start), wall(each.end), each.planned) for each in found[:3]} == {("2027-03-22 00:00", "2027-03-29 00:00", None)}
    assert found[0].end - found[0].start == 7 * DAY - HOUR, "summer time begins on that Sunday"
    assert all(each.grace == each.end and each.quota for each in found)


@pytest.mark.parametrize(("days", "asked"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4)])
def test_part_of_a_week_asks_for_its_share(days: int, asked: int) -> None:
    found = occurrences(always(plan(phase("2027-03-01", f"2027-03-{days:02}", quota(4)))), (), *EVER)
    assert len(found) == asked
    assert {wall(each.end) for each in found} == {f"2027-03-{days + 1:02} 00:00"}


def test_a_week_that_two_phases_share_is_numbered_through() -> None:
    # W53:  Mo Tu We Th Fr | Sa Su
    #       walk 4 a week  | walk 5 a week
    one = plan(
        phase("2026-12-28", "2027-01-01", quota(4), name="start"),
        phase("2027-01-02", "2027-01-10", quota(5), name="build"),
    )
    found = occurrences(always(one), (), *EVER)
    assert ids(found)[:4] == [f"rx-01/walk/2026-W53/{n}" for n in (1, 2, 3, 4)]
    assert [wall(each.start) for each in found[:4]] == ["2026-12-28 00:00"] * 3 + ["2027-01-02 00:00"]
    assert ids(found)[4:] == [f"rx-01/walk/2027-W01/{n}" for n in (1, 2, 3, 4, 5)]


def test_a_paused_day_excuses_its_session_and_lessens_the_weeks_number() -> None:
    pauses = [{"from": "2027-03-01", "to": "2027-03-03", "why": "travel"}, {"from": "2027-03-05", "to": "2027-03-05"}]
    one = plan(phase("2027-03-01", "2027-03-07", fixed("12:00", ["mon", "thu", "fri"]), quota(7)), pauses=pauses)
    found = occurrences(always(one), (), *EVER)
    assert [each.excused for each in found if not each.quota] == ["travel", None, "pause"]
    walks = [each for each in found if each.quota]
    assert len(walks) == 3
    assert {(wall(each.start), wall(each.end), each.excused) for each in walks} == {("2027-03-04 00:00", "2027-03-08 00:00", None)}


def test_a_week_paused_throughout_is_excused_as_it_would_have_been_asked() -> None:
    one = plan(phase("2027-03-01", "2027-03-14", quota(3)), pauses=[{"from": "2027-02-01", "to": "2027-03-07", "why": "flare"}])
    found = occurrences(always(one), (), *EVER)
    assert [(each.id[-5:], each.excused) for each in found] == [
        *((f"W09/{n}", "flare") for n in (1, 2, 3)),
        *((f"W10/{n}", None) for n in (1, 2, 3)),
    ]


def test_what_had_begun_keeps_the_plan_it_began_under() -> None:
    #        Tu 2 March                     We 3 March
    #  old   [17:30 core 18:30 … 21:30]     —
    #  new         ^ from 18:00             [11:00 core 12:00 … 15:00]
    old = plan(phase("2027-03-01", "2027-03-31", fixed("18:30")))
    new = plan(phase("2027-03-01", "2027-03-31", fixed("12:00")))
    revisions = [Revision(old, utc("2027-03-01 00:00")), Revision(new, utc("2027-03-02 17:00"))]
    found = occurrences(revisions, (), utc("2027-03-02 00:00"), utc("2027-03-04 00:00"))
    assert [wall(each.planned) for each in found] == ["2027-03-02 18:30", "2027-03-03 12:00"]


def test_a_session_that_has_begun_is_not_planned_again_later_that_day() -> None:
    morning = plan(phase("2027-03-01", "2027-03-31", fixed("08:00")))
    evening = plan(phase("2027-03-01", "2027-03-31", fixed("18:30")))
    revisions = [Revision(morning, utc("2027-03-01 00:00")), Revision(evening, utc("2027-03-02 11:00"))]
    found = occurrences(revisions, (), utc("2027-03-02 00:00"), utc("2027-03-04 00:00"))
    assert [wall(each.planned) for each in found] == ["2027-03-02 08:00", "2027-03-03 18:30"]
    assert found[1:] == occurrences(revisions, (), utc("2027-03-02 12:00"), utc("2027-03-04 00:00")), "asked for alone, too"


def test_nothing_is_planned_before_the_first_revision() -> None:
    one = plan(phase("2027-03-01", "2027-03-07", fixed("12:00"), quota(7)))
    found = occurrences([Revision(one, utc("2027-03-03 11:30"))], (), *EVER)
    assert next(wall(each.planned) for each in found if not each.quota) == "2027-03-04 12:00", "on the third its window had begun"
    walks = [each for each in found if each.quota]
    assert len(walks) == 4
    assert wall(walks[0].start) == "2027-03-04 00:00"


def test_a_week_that_has_begun_is_not_asked_for_by_a_later_plan_too() -> None:
    #  W09        Mo Tu We Th Fr Sa Su    W10
    #  old        4 walks a week →
    #  new, from Wednesday noon  ^ 6 a week, its phase from Thursday on
    old = plan(phase("2027-03-01", "2027-03-31", quota(4)))
    new = plan(phase("2027-03-04", "2027-03-31", quota(6)))
    revisions = [Revision(old, utc("2027-02-20 00:00")), Revision(new, utc("2027-03-03 11:00"))]
    found = occurrences(revisions, (), utc("2027-02-28 00:00"), utc("2027-03-09 00:00"))
    assert ids(found) == [*(f"rx-01/walk/2027-W09/{n}" for n in range(1, 5)), *(f"rx-01/walk/2027-W10/{n}" for n in range(1, 7))]


def test_a_new_plan_takes_what_days_of_the_week_the_old_one_left() -> None:
    old = plan(phase("2027-03-01", "2027-03-05", quota(4)), id_="rx-01")
    new = plan(phase("2027-03-01", "2027-03-31", quota(7)), id_="rx-02")
    revisions = [Revision(old, utc("2027-02-20 00:00")), Revision(new, utc("2027-03-03 11:00"))]
    found = occurrences(revisions, (), utc("2027-02-28 00:00"), utc("2027-03-07 20:00"))
    assert ids(found) == [
        f"{walk}/{n}" for walk, times in (("rx-01/walk/2027-W09", 3), ("rx-02/walk/2027-W09", 2)) for n in range(1, times + 1)
    ]
