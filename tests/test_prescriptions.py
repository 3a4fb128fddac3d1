"""What the therapists of the virtual patients prescribed: good plans, and one with nothing active in it."""

from datetime import UTC, datetime, timedelta

import pytest

from detectors.plan.dose import session_minutes, signal
from detectors.plan.lint import lint
from detectors.plan.occurrence import Occurrence, Revision
from detectors.plan.plan import Fixed, Plan
from detectors.plan.read import read
from detectors.plan.schedule import occurrences
from ingest.batch import DAY, HOUR, MICROS, MINUTE
from lab.people import CAST, Player, cast
from lab.prescriptions import prescription

END = 1_793_577_600 * MICROS  # 2026-11-02T00:00Z: the clocks went back a week before, in America the day before
START = END - 56 * DAY
EVERYBODY = cast(1, len(CAST), END)
ACTIVE = [player for player in EVERYBODY if not player.persona.rests]


def named(player: Player) -> str:
    return player.persona.name


def plan(player: Player, start: int = START) -> Plan:
    reading = read(prescription(player, start, END))
    assert reading.plan is not None, reading.remarks
    return reading.plan


def planned(player: Player, start: int = START, end: int = END) -> list[Occurrence]:
    return occurrences([Revision(plan(player), START)], (), start, end)


@pytest.mark.parametrize("player", ACTIVE, ids=named)
def test_a_plan_with_exercise_has_nothing_wrong_with_it(player: Player) -> None:
    assert read(prescription(player, START, END)).remarks == ()
    assert [flaw for flaw in lint(plan(player)) if flaw.level != "info"] == []


def test_the_plan_without_active_exercise_is_told_so_and_wrong_in_nothing_else() -> None:
    (player,) = (player for player in EVERYBODY if player.persona.rests)
    flaws = {flaw.code: flaw.level for flaw in lint(plan(player))}
    assert flaws["R01"] == flaws["R04"] == "error"
    assert set(flaws) <= {"R01", "R03", "R04", "R07", "R10"}


@pytest.mark.parametrize("player", EVERYBODY, ids=named)
def test_the_plan_is_the_patients_and_holds_beyond_the_end_of_history(player: Player) -> None:
    prescribed = plan(player)
    assert (prescribed.patient, prescribed.zone) == (player.patient, player.zone)
    today = datetime.fromtimestamp(END / MICROS, UTC).astimezone(player.zone).date()
    assert prescribed.phases[0].start <= today - timedelta(days=56)
    assert prescribed.phases[0].end >= today + timedelta(weeks=3)
    assert prescribed.phases[-1].end >= today + timedelta(weeks=26)


def test_a_short_history_has_a_whole_course_all_the_same() -> None:
    phase = plan(EVERYBODY[0], END - 7 * DAY).phases[0]
    assert (phase.end - phase.start).days + 1 >= 56


@pytest.mark.parametrize("player", ACTIVE, ids=named)
def test_a_session_takes_as_long_as_the_person_exercises_and_every_exercise_can_be_seen(player: Player) -> None:
    core = plan(player).phases[0].sessions[0]
    assert {signal(item) for item in core.items} == {"exercise"}
    least, most = player.persona.exercise_min
    assert least - 3 <= session_minutes(core) <= most
    if player.persona.exercise_min == CAST[0][0].exercise_min:
        assert least / session_minutes(core) > 0.9, "what is done whole must not look like a part"


@pytest.mark.parametrize("player", EVERYBODY, ids=named)
def test_sessions_are_planned_on_the_persons_days_and_end_early_enough_to_be_asked_about(player: Player) -> None:
    fixed = [one for one in planned(player) if isinstance(one.session.when, Fixed)]
    for one in fixed:
        assert one.planned is not None
        begins, ends = (datetime.fromtimestamp(at / MICROS, UTC).astimezone(player.zone) for at in (one.planned, one.end))
        assert begins.weekday() in player.persona.exercise_days
        assert begins.hour * 60 + begins.minute == player.persona.exercise_at
        assert ends.hour * 60 + ends.minute <= 20 * 60
    assert len(fixed) in range(8 * len(player.persona.exercise_days) - 1, 8 * len(player.persona.exercise_days) + 2)


@pytest.mark.parametrize("player", [player for player in ACTIVE if player.persona.slackens_before_end is None], ids=named)
def test_what_is_done_lies_in_what_is_planned(player: Player) -> None:
    #  window  ┌ early 1 h ┬ planned ─ 90 min ┐····· made up within 24 h ┐
    #  done                   ▓▓▓▓▓                  or ▓▓▓▓▓
    sessions = [one for one in planned(player) if not one.quota]
    done = [s for s in player.band.body.stretches(START, END - 4 * DAY) if s.doing in ("exercising", "unseen") and s.start > START + DAY]
    for stretch in done:
        assert sum(one.start <= stretch.start and stretch.end <= one.grace for one in sessions) == 1
    late = sum(not any(one.start <= stretch.start < one.end for one in sessions) for stretch in done)
    assert (late > 4) == (player.persona.next_day_share > 0)
    assert player.persona.next_day_share > 0 or late == 0


def test_walks_are_asked_for_by_the_week_where_they_are() -> None:
    for player in EVERYBODY:
        week = [one for one in planned(player, END - 13 * DAY, END - 6 * DAY) if one.quota]
        assert len(week) == player.persona.walks_per_week
        assert all(6 * DAY < one.end - one.start <= 7 * DAY + HOUR + MINUTE for one in week)
