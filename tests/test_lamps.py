"""The leaflet's four lamps."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert, Audience, State
from detectors.outcome import Judged, Outcome, Source
from detectors.plan.plan import Plan
from ingest.batch import DAY, HOUR
from tests.clinic import BERLIN, NOW, STEADY
from tests.prescribed import fixed, phase
from tests.prescribed import plan as course
from web.day import last_days
from web.lamps import GLYPHS, WORDS, Known, Lamp, Light, lamps, lasting
from web.lamps import course as week_of

DAYS = last_days(28, NOW, BERLIN)
TODAY = DAYS[0].date
"""Sunday 22 November 2026."""
DOUBT = (Outcome.UNKNOWN, Outcome.UNCLEAR, Outcome.UNVERIFIABLE, Outcome.ASKED, Outcome.EXCUSED)
KINDS = ("likely_stopped", "not_seen_in_a_row", "adherence_low", "no_active_exercise", "active_overdue", "still_too_long", "silent_band")


def plan(stage: str = "active", weeks: int = 8, **more: object) -> Plan:
    begun = TODAY - timedelta(days=20)
    return course({**phase(begun, begun + timedelta(weeks=weeks), fixed("18:30"), stage=stage), **more})


def session(back: int, outcome: Outcome, credit: float | None = None) -> Judged:
    """Of the core set, so many days ago."""
    at = NOW - back * DAY
    return Judged(f"rx-01/core/{back}", "core", at, at + HOUR, outcome, credit, Source.SENSOR, 0.9, {})


def alert(kind: str, state: State = State.OPEN, label: str | None = None, **evidence: float | int | str) -> Alert:
    return Alert(kind, STEADY, kind, Audience.THERAPIST, kind, state, NOW - DAY, None, NOW, NOW, evidence, label=label)


def lit(
    its: Plan | None = None, *those: Judged, alerts: tuple[Alert, ...] = (), still: float | None = None
) -> tuple[Lamp, Lamp, Lamp, Lamp]:
    return lamps(Known(its, those, lasting(alerts), still, DAYS))


def lights(found: tuple[Lamp, ...]) -> list[str]:
    return [lamp.light.value for lamp in found]


def test_who_nothing_is_known_of_has_four_unknown_lamps() -> None:
    assert lights(lit()) == ["unknown"] * 4


def test_form_is_said_not_to_be_measured() -> None:
    correct = lit(plan(), *(session(n, Outcome.DONE, 1.0) for n in range(1, 10)))[1]

    assert (correct.light, correct.evidence) == (Light.UNKNOWN, "not measured yet")


@given(st.lists(st.tuples(st.integers(0, 27), st.sampled_from(DOUBT))), st.booleans())
def test_sessions_that_nobody_saw_light_nothing_green_or_red(those: list[tuple[int, Outcome]], prescribed: bool) -> None:
    found = lit(plan() if prescribed else None, *(session(back, outcome) for back, outcome in those))

    assert found[2].light is Light.UNKNOWN
    assert found[3].light is Light.UNKNOWN


@given(
    st.lists(st.tuples(st.integers(0, 27), st.sampled_from(Outcome), st.floats(0, 1))),
    st.sets(st.sampled_from(KINDS)),
    st.none() | st.floats(0, 900),
    st.sampled_from(["none", "passive", "active", "maintenance"]),
)
def test_every_lamp_has_a_colour_a_shape_a_word_and_a_line(
    those: list[tuple[int, Outcome, float]], kinds: set[str], still: float | None, stage: str
) -> None:
    its = None if stage == "none" else plan(stage, goals={"core_days": 2, "aerobic_minutes": 100} if stage == "maintenance" else None)
    found = lit(its, *(session(*one) for one in those), alerts=tuple(alert(kind) for kind in kinds), still=still)

    assert [lamp.name for lamp in found] == ["Active?", "Correct?", "Sticking?", "Keeping it up?"]
    for lamp in found:
        assert lamp.evidence
        assert "\n" not in lamp.evidence
        assert (lamp.glyph, lamp.word) == (GLYPHS[lamp.light], WORDS[lamp.light])
    assert not (found[2].light is Light.GREEN and kinds & {"likely_stopped", "not_seen_in_a_row", "adherence_low"})
    assert not (found[3].light is Light.GREEN and still is None and stage != "maintenance")
    assert len(set(GLYPHS.values())) == len(set(WORDS.values())) == 4


@given(st.lists(st.tuples(st.integers(0, 27), st.sampled_from(Outcome), st.floats(0, 1)), max_size=20), st.integers(0, 27))
def test_one_more_session_of_which_nothing_is_known_never_turns_a_lamp_green(those: list[tuple[int, Outcome, float]], back: int) -> None:
    before = lit(plan(), *(session(*one) for one in those))[2].light
    after = lit(plan(), *(session(*one) for one in those), session(back, Outcome.UNKNOWN))[2].light

    assert before is Light.GREEN or after is not Light.GREEN or before is Light.AMBER


def test_a_plan_without_active_exercise_is_red_from_the_plan_alone() -> None:
    pack = {"name": "heat", "when": {"per_week": 3}, "items": [{"exercise": "heat_pack", "kind": "passive", "minutes": 15}]}
    passive = course(phase("2026-11-01", "2026-12-20", pack))

    assert lit(passive)[0].light is Light.RED
    assert lit(course(phase("2026-11-01", "2026-12-20", fixed("18:30"), pack)))[0].light is not Light.RED
    ends = course(phase("2026-11-01", "2026-12-20", fixed("18:30")), phase("2026-12-21", "2026-12-30", pack, stage="passive"))
    assert lit(ends)[0].light is Light.RED


def test_a_long_passive_stage_and_an_overdue_step_are_amber() -> None:
    passive = phase("2026-11-01", "2026-11-20", fixed("18:30", name="soft"), stage="passive")
    long = course(passive, phase("2026-11-21", "2027-01-20", fixed("18:30")))

    assert lit(long)[0].light is Light.AMBER
    overdue = lit(plan(), alerts=(alert("active_overdue", stage="active", days=9),))[0]
    assert overdue.light is Light.AMBER
    assert overdue.evidence.startswith("active exercise overdue: in the active stage")


@pytest.mark.parametrize(
    ("done", "light"),
    [(12, Light.GREEN), (9, Light.GREEN), (8, Light.AMBER), (6, Light.AMBER), (5, Light.RED)],
)
def test_sticking_goes_by_four_weeks_of_sessions(done: int, light: Light) -> None:
    # 12 sessions over four weeks, none in the last; the first so many were done
    those = [session(27 - n, Outcome.DONE, 1.0) if n < done else session(27 - n, Outcome.NOT_SEEN, 0.0) for n in range(12)]

    assert lit(plan(), *those)[2].light is light


def test_bounds_too_far_apart_are_not_enough_data() -> None:
    sure = [session(n, Outcome.DONE, 1.0) for n in range(1, 7)]

    assert lit(plan(), *sure)[2].light is Light.GREEN
    vague = lit(plan(), *sure, *(session(n, Outcome.UNKNOWN) for n in range(7, 11)))[2]
    assert vague.light is Light.UNKNOWN
    assert "not enough data" in vague.evidence


def test_weeks_long_past_say_nothing_green_of_a_week_of_which_nothing_is_known() -> None:
    # 27 to 10 days ago d × 18 | 9 to 7 days ago nothing due | the last 7 days u × 7, or only some of them, or fewer due
    past = [session(back, Outcome.DONE, 1.0) for back in range(10, 28)]
    unknown = [session(back, Outcome.UNKNOWN) for back in range(7)]

    assert lit(plan(), *past)[2].light is Light.GREEN
    assert lit(plan(), *past, *unknown)[2].light is Light.UNKNOWN
    assert lit(plan(), *past, unknown[0], *(session(back, Outcome.DONE, 1.0) for back in range(1, 7)))[2].light is Light.GREEN
    assert lit(plan(), *past, session(1, Outcome.DONE, 1.0), session(3, Outcome.DONE, 1.0))[2].light is Light.GREEN
    assert lit(plan(), *past, unknown[0], *(session(back, Outcome.NOT_SEEN, 0.0) for back in (4, 5, 6)))[2].light is Light.AMBER


def test_two_sessions_are_too_few_to_say_anything() -> None:
    assert lit(plan(), session(1, Outcome.NOT_SEEN, 0.0), session(2, Outcome.NOT_SEEN, 0.0))[2].light is Light.UNKNOWN


@pytest.mark.parametrize(
    ("told", "light"),
    [
        (alert("likely_stopped", count=4), Light.RED),
        (alert("likely_stopped", State.ACKED, count=4), Light.RED),
        (alert("likely_stopped", State.RETRACTED, count=4), Light.UNKNOWN),
        (alert("likely_stopped", State.ACKED, label="not a miss", count=4), Light.UNKNOWN),
        (alert("adherence_low", level="red", adherence=0.4), Light.RED),
        (alert("adherence_low", level="amber", adherence=0.6), Light.AMBER),
        (alert("not_seen_in_a_row", count=2), Light.AMBER),
    ],
)
def test_what_was_found_lights_the_lamp_while_it_lasts(told: Alert, light: Light) -> None:
    assert lit(plan(), alerts=(told,))[2].light is light


def test_sitting_long_is_amber_and_not_knowing_is_unknown() -> None:
    kept = [session(back, Outcome.DONE, 1.0) for back in range(1, 7)]
    found = [lit(plan(), *kept, still=still)[3].light for still in (None, 30, 49, 50)]
    assert found == [Light.UNKNOWN, Light.GREEN, Light.GREEN, Light.AMBER]
    assert lit(plan(), alerts=(alert("still_too_long", still_min=64),), still=20)[3].light is Light.AMBER
    assert lit(None, still=30)[3].light is Light.UNKNOWN


@pytest.mark.parametrize("stage", ["active", "maintenance"])
def test_who_sits_little_has_kept_up_nothing_by_that(stage: str) -> None:
    its, missed = plan(stage), [session(back, Outcome.NOT_SEEN, 0.0) for back in range(1, 28)]
    done = [session(back, Outcome.DONE, 1.0) for back in range(1, 28)]

    assert lit(its, still=10)[3].light is Light.UNKNOWN
    assert lit(its, *missed, still=10)[3].light is (Light.RED if stage == "maintenance" else Light.UNKNOWN)
    assert lit(its, *missed, still=10)[3].evidence.endswith("28 days 0 %; longest still today 10 min")
    assert lit(its, *done, still=10)[3].light is Light.GREEN


def test_a_plan_that_is_over_is_neither_active_nor_kept_up() -> None:
    # 1 Sep … 27 Oct the plan | 22 Nov today
    over = course(phase("2026-09-01", "2026-10-27", fixed("18:30")))
    found = lit(over, *(session(back, Outcome.DONE, 1.0) for back in range(26, 28)), still=10)

    assert (found[0].light, found[0].evidence) == (Light.UNKNOWN, "plan over since 27 Oct")
    assert Light.GREEN not in {lamp.light for lamp in found}


def test_a_goal_for_which_nothing_is_planned_is_not_known_and_never_a_lapse() -> None:
    its = plan("maintenance", goals={"core_days": 2, "aerobic_minutes": 150})
    both = [session(back, Outcome.DONE, 1.0) for back in (1, 3, 8, 10)]
    none = [session(back, Outcome.NOT_SEEN, 0.0) for back in (1, 3, 8, 10)]
    found = lit(its, *both)[3]

    assert (found.light, found.evidence) == (Light.UNKNOWN, "7 days: 2 of 2 core days, aerobic minutes not known, 150 wanted")
    assert lit(its, *none)[3].light is Light.RED, "the goal that is planned for may lapse all the same"
    walked = Judged("extra@1", "walk", NOW - DAY, NOW - DAY + HOUR, Outcome.EXTRA, None, Source.SENSOR, None, {"seen_min": 160.0})
    assert lit(its, *both, walked)[3].light is Light.GREEN


def test_goals_of_maintenance_are_counted_from_judged_sessions() -> None:
    its = plan("maintenance", goals={"core_days": 2})
    week = [session(1, Outcome.DONE, 1.0), session(3, Outcome.DONE, 1.0)]
    # two done; one done and one in doubt; one done; none done in two weeks; nothing judged
    assert lit(its, *week)[3].light is Light.GREEN
    assert "2 of 2 core days" in lit(its, *week)[3].evidence
    assert lit(its, week[0], session(3, Outcome.UNKNOWN))[3].light is Light.UNKNOWN
    assert lit(its, week[0], session(3, Outcome.NOT_SEEN, 0.0))[3].light is Light.AMBER
    assert lit(its, session(3, Outcome.NOT_SEEN, 0.0), session(10, Outcome.NOT_SEEN, 0.0))[3].light is Light.RED
    assert lit(its)[3].light is Light.UNKNOWN


@pytest.mark.parametrize(
    ("its", "says"),
    [
        (phase("2026-11-02", "2026-12-27", fixed("18:30")), "week 3 of 8"),
        (phase("2026-11-09", "2026-12-27", fixed("18:30"), stage="passive"), "passive stage, week 2"),
        (phase("2026-09-01", "2026-10-27", fixed("18:30")), "plan over since 27 Oct"),
        (phase("2026-12-01", "2027-01-27", fixed("18:30")), "plan begins 1 Dec"),
    ],
)
def test_where_in_the_course_somebody_is(its: dict[str, object], says: str) -> None:
    assert week_of(course(its), date(2026, 11, 22)) == says
    assert week_of(None, TODAY) is None
