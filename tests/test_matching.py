"""Which bouts are which session: each serves one, in time before made up, a week's quota by its best days, what is left extra."""

from dataclasses import replace
from typing import Any

import pytest

from detectors.history import History
from detectors.outcome import Judged
from detectors.plan.occurrence import Revision
from detectors.plan.plan import Plan
from ingest.batch import DAY, HOUR, MINUTE
from ingest.bout import Bout
from tests.practised import BIRD_DOG, ONE, WALK, bouts, judge, mornings, planned, practised, reached, report, says, weekly
from tests.timeline import MIDNIGHT

TWO_DAYS = "2026-09-22"
SUNDAY = "2026-09-27"


def words(found: dict[str, Judged]) -> dict[str, str]:
    return {name: one.outcome.value for name, one in found.items()}


def week(*days: str, what: Plan, first: int = 0, hours: int | None = None, **known: Any) -> History:
    """Days from Monday (or the `first` after) on, each drawn by the hour from midnight, what is left of it still; up to so many hours."""
    line = "".join(day.ljust(24, "_") for day in days)[:hours]
    return practised(line, what, 60, MIDNIGHT + first * DAY, **known)


def test_two_sessions_at_once_each_take_the_bout_nearest_to_their_time() -> None:
    # windows 7–9 and 7:30–9:30       8:00 W 30         8:40 W 30
    what = planned(mornings(name="a"), mornings(name="b", at="08:30"), until="2026-09-21")
    line = "_" * 12 + "WWW_WWW" + "_" * 10
    found = judge(practised(line, what))
    assert {name: one.facts["began"] for name, one in found.items()} == {
        "a/2026-09-21": "2026-09-21T06:00Z",
        "b/2026-09-21": "2026-09-21T06:40Z",
    }


def test_one_walk_is_not_two_sessions() -> None:
    what = planned(mornings(name="a"), mornings(name="b", at="08:30"), until="2026-09-21")
    assert words(judge(practised("_" * 15 + "WWW" + "_" * 10, what))) == {"a/2026-09-21": "asked", "b/2026-09-21": "done"}


def test_a_walk_goes_to_the_shop_and_the_session_begins_when_it_begins() -> None:
    #  7:00 W 10 min        8:00 WWW
    found = judge(practised("______W_____WWW______", ONE))["set/2026-09-21"]
    assert (found.facts["began"], found.facts["seen_min"]) == ("2026-09-21T06:00Z", 30.0)


def test_what_two_bands_saw_is_not_added() -> None:
    seen = bouts("_" * 12 + "WW")
    both = [*seen, replace(seen[0], dev="bb", start=seen[0].start + 5 * MINUTE, end=seen[0].end + 4 * MINUTE)]
    assert judge(practised("_" * 18, ONE, bouts=both))["set/2026-09-21"].facts["seen_min"] == 24.0
    assert judge(practised("_" * 18, ONE, bouts=seen * 2))["set/2026-09-21"].facts["seen_min"] == 20.0


def test_a_walk_in_todays_window_is_todays_though_yesterdays_is_owed() -> None:
    what = planned(mornings(make_up="24h"), until=TWO_DAYS)
    # hours: Mon nothing; Tue 8:00 W
    found = judge(week("", "________W_", what=what))
    assert words(found) == {"set/2026-09-21": "asked", "set/2026-09-22": "done"}


def test_two_walks_in_todays_window_make_up_for_yesterdays() -> None:
    what = planned(mornings(make_up="24h"), until=TWO_DAYS)
    line = "_" * (6 * 24) + "_" * 6 + "WWW_WWW" + "___________"
    found = judge(practised(line, what))
    assert words(found) == {"set/2026-09-21": "late", "set/2026-09-22": "done"}


def test_the_longest_owed_is_made_up_first() -> None:
    what = planned(mornings(make_up="same_week"), until=TWO_DAYS)
    assert words(judge(week("", "____________W", what=what))) == {"set/2026-09-21": "late", "set/2026-09-22": "asked"}


def test_what_is_made_up_is_made_up_in_one_sitting() -> None:
    # ways to the shop after the window: 8 minutes, four times a day, hours apart
    what = planned(mornings(make_up="24h"), until="2026-09-21")
    errands = ("W" * 8 + "_" * 112) * 4
    assert words(judge(practised("_" * 180 + errands, what, 1))) == {"set/2026-09-21": "asked"}
    one_sitting = ("W" * 8 + "_" * 30) * 4
    assert judge(practised("_" * 180 + one_sitting, what, 1))["set/2026-09-21"].credit == 1.0
    too_long = ("W" * 8 + "_" * 31) * 4
    assert words(judge(practised("_" * 180 + too_long, what, 1))) == {"set/2026-09-21": "asked"}


def test_the_best_sitting_makes_up_not_the_first() -> None:
    what = planned(mornings(make_up="24h"), until="2026-09-21")
    found = judge(practised("_" * 18 + "W" + "_" * 12 + "WWW" + "_" * 4, what))["set/2026-09-21"]
    assert (found.credit, found.facts["began"]) == (1.0, "2026-09-21T09:10Z")


def test_a_whole_session_on_tuesday_stands_for_wednesdays_where_the_week_decides() -> None:
    what = planned(mornings(make_up="same_week", days=["wed"]), until=SUNDAY)
    early = week("", "____________W", "_________", what=what)
    found = judge(early)
    assert words(found) == {"extra@2026-09-22T10:00Z": "extra", "set/2026-09-23": "done"}
    assert found["extra@2026-09-22T10:00Z"].facts["stands_for"] == "rx-01/set/2026-09-23"
    assert found["set/2026-09-23"].facts["began"] == "2026-09-22T10:00Z"
    wednesday = week("_________", what=what, first=2, earlier=list(found.values())[:1])
    assert words(judge(wednesday)) == {"set/2026-09-23": "done"}
    none = planned(mornings(make_up="24h", days=["wed"]), until=SUNDAY)
    assert words(judge(week("", "____________W", "_________", what=none))) == {
        "extra@2026-09-22T10:00Z": "extra",
        "set/2026-09-23": "asked",
    }


def test_one_early_session_stands_for_one() -> None:
    what = planned(mornings(make_up="same_week", days=["wed", "thu"]), until=SUNDAY)
    found = judge(week("", "____________W", "", "_________", what=what))
    assert words(found) == {"extra@2026-09-22T10:00Z": "extra", "set/2026-09-23": "done", "set/2026-09-24": "asked"}
    # Wednesday is out of sight on Thursday, and what stood for it stays with it
    assert words(judge(week("_________", what=what, first=3, earlier=list(found.values())[:2]))) == {"set/2026-09-24": "asked"}


def test_before_a_plan_is_in_force_no_session_is_extra() -> None:
    history = practised("______WWW___" + "_" * 30, planned(mornings(days=["tue"])))
    assert list(judge(history)) == ["extra@2026-09-21T05:00Z"]
    since = [Revision(one.plan, MIDNIGHT + 10 * HOUR) for one in history.told.plans]
    assert judge(replace(history, told=replace(history.told, plans=since))) == {}


def test_last_weeks_walk_does_not() -> None:
    what = planned(mornings(make_up="same_week", days=["mon"]))
    found = judge(week("________W", *[""] * 5, "____________W", "_________", what=what))
    assert words(found) == {"set/2026-09-21": "done", "extra@2026-09-27T10:00Z": "extra", "set/2026-09-28": "asked"}


def test_an_extra_that_a_quota_may_still_take_is_told_when_the_week_is_over() -> None:
    what = planned(weekly(1), until=SUNDAY)
    days = ["________W", "____________W", "", "", "", "", ""]
    assert judge(week(*days, what=what, hours=167)) == {}
    assert words(judge(week(*days, what=what))) == {"walks/2026-W39/1": "done", "extra@2026-09-22T10:00Z": "extra"}


def test_ten_minutes_are_no_extra_session_and_nothing_is_without_a_plan_in_force() -> None:
    day = "_" * 18 + "_" * 6
    assert list(judge(practised(day + "WW" + "____", ONE))) == ["set/2026-09-21"]
    assert list(judge(practised(day + "xxx" + "____", ONE))) == ["set/2026-09-21"]
    # the phase ends on Monday
    assert list(judge(practised(day + "_" * 126 + "WWW" + "____", ONE))) == ["set/2026-09-21"]


def test_a_week_fills_its_quota_with_its_best_days() -> None:
    # minutes: Mon 10 + 10, Tue 30, Wed 5, Thu 30
    what = planned(weekly(2), until=SUNDAY)
    walks = [walk(0, 9, 10), walk(0, 18, 10), walk(1, 9, 30), walk(2, 9, 5), walk(3, 9, 30)]
    found = judge(week(*[""] * 7, what=what, bouts=walks))
    assert {name: one.facts["began"] for name, one in found.items()} == {
        "walks/2026-W39/1": "2026-09-22T07:00Z",
        "walks/2026-W39/2": "2026-09-24T07:00Z",
    }
    three = judge(week(*[""] * 7, what=planned(weekly(4), until=SUNDAY), bouts=walks))
    assert [(one.outcome.value, one.credit, one.facts.get("ask")) for one in three.values()] == [
        ("done", 1.0, None),
        ("done", 1.0, None),
        ("partial", 0.67, None),  # the day's walks add up
        ("asked", None, "not_seen"),
    ]


def walk(day: int, hour: int, minutes: int) -> Bout:
    start = MIDNIGHT + day * DAY + hour * HOUR
    return Bout("aa", "walk", start, start + minutes * MINUTE)


def test_a_quota_is_judged_when_the_week_is_over() -> None:
    what = planned(weekly(2), until=SUNDAY)
    assert judge(week("________W", *[""] * 6, what=what, hours=167)) == {}
    assert words(judge(week("________W", *[""] * 6, what=what))) == {"walks/2026-W39/1": "done", "walks/2026-W39/2": "asked"}


def test_days_of_a_quota_are_as_far_apart_as_the_plan_says() -> None:
    what = planned(weekly(2, min_gap="2d"), until=SUNDAY)
    together = week("________W", "________W", *[""] * 5, what=what)
    apart = week("________W", "", "________W", *[""] * 4, what=what)
    assert words(judge(together)) == {"walks/2026-W39/1": "done", "walks/2026-W39/2": "asked", "extra@2026-09-22T06:00Z": "extra"}
    assert words(judge(apart)) == {"walks/2026-W39/1": "done", "walks/2026-W39/2": "done"}


@pytest.mark.parametrize(("said", "expected"), [("not_today", "not_seen"), ("not_yet", "asked")])
def test_one_question_and_one_answer_serve_all_a_week_owes(said: str, expected: str) -> None:
    what = planned(weekly(3), until=SUNDAY)
    last = "walks/2026-W39/3"
    empty = week("________W", *[""] * 6, what=what)
    assert [one.facts.get("ask") for one in judge(empty).values()] == [None, None, "not_seen"]
    answered = week("________W", *[""] * 6, what=what, reports=[says(said, MIDNIGHT + 7 * DAY, last)])
    assert list(words(judge(answered)).values()) == ["done", expected, expected]
    silent = week("________W", *[""] * 6, what=what, asked=reached(MIDNIGHT + 7 * DAY + HOUR, last))
    assert list(words(judge(silent, 24)).values()) == ["done", "not_seen", "not_seen"]


def test_one_yes_is_one_walk_done_and_of_the_others_nobody_knows() -> None:
    # Mon W   Tue–Sun nothing   Mon: "did you do it?" "yes"      four walks a week
    what, answer = planned(weekly(4), until=SUNDAY), MIDNIGHT + 7 * DAY + HOUR
    asked = reached(MIDNIGHT + 7 * DAY, "walks/2026-W39/4")
    for which in (2, 4):  # of whichever it is said
        said = [says("yes", answer, f"walks/2026-W39/{which}")]
        answered = week("________W", *[""] * 6, what=what, reports=said, asked=asked)
        for after in (0, 24, 48, 240):
            found = judge(answered, after)
            yes = [name for name, one in found.items() if one.source == "patient" and one.outcome == "done"]
            assert yes == [f"walks/2026-W39/{which}"]
            assert found["walks/2026-W39/1"].source == "sensor"
        expected = {4: ["done", "unclear", "unclear", "done"], 2: ["done", "done", "not_seen", "not_seen"]}
        assert list(words(judge(answered, 240)).values()) == expected[which]
    # and what is seen after all is done all the same
    seen = week("________W", "________W", *[""] * 5, what=what, reports=[says("yes", answer, "walks/2026-W39/4")])
    assert list(words(judge(seen)).values()) == ["done", "done", "unclear", "done"]


def test_a_time_out_of_some_days_excuses_the_last_of_a_weeks_walks() -> None:
    # four of seven days off: of three walks, one is due
    what = planned(weekly(3), until=SUNDAY)
    out = report("pause", MIDNIGHT, first="2026-09-22", last="2026-09-25")
    found = judge(week(*[""] * 7, what=what, reports=[out]))
    assert list(words(found).values()) == ["asked", "excused", "excused"]
    assert [one.facts.get("ask") for one in found.values()] == ["not_seen", None, None]


def test_more_walks_than_days_may_be_two_a_day() -> None:
    what = planned(weekly(8), until=SUNDAY)
    found = judge(week("________W____W", *["________W"] * 6, what=what))
    assert set(words(found).values()) == {"done"}
    assert len(found) == 8


def test_a_walk_that_served_last_weeks_quota_is_not_told_again_as_extra() -> None:
    # the chart has Monday's week; the history begins on Wednesday
    what = planned(weekly(1), until=SUNDAY)
    days = ["", "", "________W", "", "", "", ""]
    whole = judge(week(*days, what=what))
    assert words(judge(week(*days[2:], what=what, first=2))) == {"extra@2026-09-23T06:00Z": "extra"}
    assert judge(week(*days[2:], what=what, first=2, earlier=list(whole.values()))) == {}


def test_a_session_of_walk_and_exercise_that_nobody_planned_is_called_exercise() -> None:
    what = planned(mornings(WALK, BIRD_DOG), until="2026-09-21")
    line = "_" * 18 + "_" * 12 + "WWWxx" + "____"
    found = judge(practised(line, what))
    assert found["extra@2026-09-21T09:00Z"].session == "exercise"
