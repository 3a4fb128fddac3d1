"""Simulated people."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import DAY, HOUR, MICROS, MINUTE
from lab.body import Body
from lab.day import CHARGED, EPOCH, WORN, Doing, Stretch, instant, midnight
from lab.motion import POLL, reps
from lab.persona import DESK, DRIFTING, LATE, OFF, PASSIVE, SILENT, STEADY, Persona

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = date(2026, 11, 18)
START = midnight(WEDNESDAY, BERLIN)


def body(persona: Persona = STEADY, seed: int = 1, flat_from: int | None = None) -> Body:
    return Body(persona.name, BERLIN, persona, seed, flat_from)


def first(person: Body, doing: Doing, day: int = START) -> Stretch:
    return next(s for s in person.stretches(day, day + DAY) if s.doing == doing)


def within(person: Body, doing: Doing) -> tuple[np.ndarray, np.ndarray]:
    stretch = first(person, doing)
    at, counts = person.acceleration(stretch.start, stretch.end)
    return at, counts / 1024


def test_the_same_seed_is_the_same_person_and_another_seed_another() -> None:
    (_, once), (_, again), (_, other) = (body(seed=s).acceleration(START + 8 * HOUR, START + 9 * HOUR) for s in (1, 1, 2))
    assert once.tobytes() == again.tobytes() != other.tobytes()


def test_a_day_asked_for_alone_is_the_day_reached_through_others() -> None:
    alone, through = body(), body()
    for before in range(30, 0, -1):
        through.steps(START - before * DAY, START - (before - 1) * DAY)
    assert alone.stretches(START, START + DAY) == through.stretches(START, START + DAY)
    assert np.array_equal(alone.steps(START, START + DAY), through.steps(START, START + DAY))
    assert np.array_equal(alone.heart(START, START + DAY)[1], through.heart(START, START + DAY)[1])


@settings(max_examples=15, deadline=None)
@given(
    st.integers(-3 * 24 * 60, 24 * 60),
    st.lists(st.integers(0, 3600 * 1000), max_size=60),
    st.sampled_from([STEADY, DESK, SILENT, OFF, LATE, PASSIVE]),
)
def test_an_hour_in_one_piece_is_the_hour_in_any_pieces(minute: int, cuts: list[int], persona: Persona) -> None:
    person = body(persona, flat_from=START)
    start, end = START + minute * MINUTE, START + minute * MINUTE + HOUR
    edges = [start, *sorted(start + cut * 1000 for cut in cuts), end]
    pieces = list(pairwise(edges))
    for sense in (person.acceleration, person.heart):
        whole = sense(start, end)
        parts = [sense(a, b) for a, b in pieces]
        assert np.array_equal(np.concatenate([t for t, _ in parts]), whole[0])
        assert np.array_equal(np.concatenate([v for _, v in parts]), whole[1])
    assert np.array_equal(np.concatenate([person.steps(a, b) for a, b in pieces]), person.steps(start, end))


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 18)], ids=["23 hours", "25 hours", "24 hours"])
def test_a_day_is_filled_from_local_midnight_to_local_midnight(day: date) -> None:
    start, end = midnight(day, BERLIN), midnight(day.replace(day=day.day + 1), BERLIN)
    stretches = body().stretches(start, end)
    assert (stretches[0].start, stretches[-1].end) == (start, end)
    assert all(a.end == b.start for a, b in pairwise(stretches))
    assert stretches[0].doing == stretches[-1].doing == Doing.ASLEEP
    assert abs(stretches[0].end - instant(day, 410, BERLIN)) <= 20 * MINUTE


def test_people_live_by_the_clocks_of_their_own_zone() -> None:
    berlin, new_york = (Body("same", ZoneInfo(zone), STEADY, 1) for zone in ("Europe/Berlin", "America/New_York"))
    there = midnight(WEDNESDAY, new_york.zone)
    assert first(new_york, Doing.EXERCISING, there).start - first(berlin, Doing.EXERCISING).start == 6 * HOUR


def test_steady_exercises_three_evenings_a_week_and_breaks_up_sitting() -> None:
    week = body().stretches(START, START + 7 * DAY)
    sessions = [s for s in week if s.doing == Doing.EXERCISING]
    assert len(sessions) == 3
    assert all(20 * MINUTE <= s.end - s.start <= 30 * MINUTE for s in sessions)
    assert max(s.end - s.start for s in week if s.doing == Doing.SITTING) < 45 * MINUTE


def test_desk_sits_for_an_hour_and_more() -> None:
    workday = body(DESK).stretches(START, START + DAY)
    assert sum(s.doing == Doing.SITTING and s.end - s.start > HOUR for s in workday) >= 3


def test_a_sleeping_wrist_repeats_its_value_and_turns_now_and_then() -> None:
    _, g = within(body(), Doing.ASLEEP)
    assert (g[1:] == g[:-1]).all(axis=1).mean() > 0.95
    angle = np.degrees(np.arcsin(np.clip(g[:, 2], -1, 1)))
    assert 5 < (np.abs(np.diff(angle[::600])) > 5).sum() < 30


def test_typing_is_far_below_what_counts_as_movement() -> None:
    _, g = within(body(), Doing.SITTING)
    size = np.linalg.norm(g, axis=1)
    assert np.abs(size - size.mean()).mean() < 0.0295  # sedentary at the wrist (Bakrania 2016)


def test_a_walk_has_the_cadence_that_the_step_counter_counts() -> None:
    person = body()
    stretch = first(person, Doing.WALKING)
    _, g = within(person, Doing.WALKING)
    size = np.linalg.norm(g, axis=1)
    spectrum = np.abs(np.fft.rfft(size - size.mean()))
    peak = np.fft.rfftfreq(len(size), 0.1)[spectrum.argmax()]
    counted = len(person.steps(stretch.start, stretch.end)) / ((stretch.end - stretch.start) / MICROS)
    assert 1.65 < peak < 2.05
    assert abs(peak - counted) < 0.1
    assert np.maximum(size - 1, 0).mean() > 0.1  # moderate at the wrist (Hildebrand 2014)


def test_a_session_is_sets_of_ten_slow_lifts_of_sixty_to_ninety_degrees() -> None:
    person = body()
    stretch = first(person, Doing.EXERCISING)
    begins, lasts, _ = reps(stretch, person.key)
    at, g = within(person, Doing.EXERCISING)
    pitch = np.degrees(np.arcsin(np.clip(g[:, 1], -1, 1)))
    rests = np.flatnonzero(np.diff(begins) > 20)
    assert set(np.diff(rests)) == {10}
    for begin, lasting in zip(begins, lasts, strict=True):
        lift = pitch[(at >= stretch.start + begin * MICROS) & (at < stretch.start + (begin + lasting) * MICROS)]
        assert 50 < np.ptp(lift) < 100
        assert 2.5 < lasting < 3.5


def test_the_heart_beats_faster_in_exercise_and_is_not_felt_off_the_wrist() -> None:
    person = body()
    session, sleep = first(person, Doing.EXERCISING), first(person, Doing.ASLEEP)
    _, exercising = person.heart(session.start + 5 * MINUTE, session.end)
    _, asleep = person.heart(sleep.start, sleep.end)
    assert np.median(exercising) > np.median(asleep) + 30
    for stretch in person.stretches(START, START + 7 * DAY):
        if stretch.doing not in WORN:
            assert not person.heart(stretch.start, stretch.end)[1].any()
            assert not len(person.steps(stretch.start, stretch.end))


def test_the_heart_is_measured_about_once_a_minute() -> None:
    at, _ = body().heart(START, START + HOUR)
    assert np.array_equal(at // MINUTE, np.arange(START, START + HOUR, MINUTE) // MINUTE)


def test_the_battery_falls_until_it_is_charged() -> None:
    person = body()
    levels = [person.battery(START + hour * HOUR) for hour in range(24 * 7)]
    assert min(levels) > 40
    assert max(levels) >= 98
    rises = [later > earlier for earlier, later in pairwise(levels)]
    assert 0 < sum(rises) <= 3 * 3


def test_the_silent_band_goes_flat_and_stays_in_its_drawer() -> None:
    flat = START + 10 * HOUR
    person = body(SILENT, flat_from=flat)
    assert [person.battery(flat - hours * HOUR) for hours in (24, 12, 1, 0, -24)] == [20, 10, 0, 0, 0]
    assert person.reachable(flat - 1)
    assert person.unchanged_until(flat - 1) == flat
    assert not any(person.reachable(flat + days * DAY) for days in range(3))
    assert {s.doing for s in person.stretches(flat, flat + 3 * DAY)} == {Doing.DRAWER}
    assert not len(person.steps(flat, flat + 3 * DAY))


def test_a_band_on_its_charger_sees_nothing_of_the_session_that_is_done_meanwhile() -> None:
    #  off:  pottering ─┬ charging ─┬ the session, unseen ─┬ charging ─────┬ sitting
    person = body(OFF)
    stretches = person.stretches(START, START + 28 * DAY)
    unseen = [s for s in stretches if s.doing is Doing.UNSEEN]
    assert 3 <= len(unseen) < sum(s.doing is Doing.EXERCISING for s in stretches)
    for session in unseen:
        around = [s for s in stretches if s.doing in CHARGED and abs(s.start - session.start) < 4 * HOUR]
        assert all(before.end == after.start for before, after in pairwise(around))
        assert around[0].start < session.start < session.end < around[-1].end
        assert around[-1].end - around[0].start > 90 * MINUTE
        _, xyz = person.acceleration(session.start, session.end)
        assert np.ptp(xyz, axis=0).max() <= 2
        levels = [person.battery(at) for at in range(around[0].start, around[-1].end, 10 * MINUTE)]
        assert levels == sorted(levels)


def test_who_drifts_keeps_it_up_for_a_month_then_does_less_and_in_the_last_two_weeks_nothing() -> None:
    #  planned  3 3 3 3   3 3   3 3   a week
    #  done     3 3 3 3   fewer  0 0
    end = START + 56 * DAY
    person = Body("drifting", BERLIN, DRIFTING, 1, None, end)
    done = [s.start for s in person.stretches(START, end) if s.doing is Doing.EXERCISING]
    month = [at for at in done if at < START + 28 * DAY]
    assert len(month) == 12
    assert 0 < len(done) - len(month) < 6
    assert max(done) < end - 14 * DAY


def test_who_no_longer_exercises_wears_the_band_while_they_are_expected_to() -> None:
    #  window 17:00 ─────────── 19:30    what is not seen there was not done
    person = Body("drifting", BERLIN, DRIFTING, 1, None, START)
    for day in range(-14, 0):
        window = [instant(WEDNESDAY + timedelta(days=day), 60 * hour, BERLIN) for hour in (17, 19.5)]
        assert all(s.doing in WORN for s in person.stretches(*window))


def test_who_is_late_does_as_many_sessions_some_of_them_a_day_later() -> None:
    sessions = [s.start for s in body(LATE).stretches(START, START + 56 * DAY) if s.doing is Doing.EXERCISING]
    late = [at for at in sessions if (EPOCH + timedelta(microseconds=at)).astimezone(BERLIN).weekday() in (1, 3, 5)]
    assert abs(len(sessions) - 24) <= 1
    assert 6 < len(late) < 18


def test_a_hot_pack_looks_like_rest() -> None:
    person = body(PASSIVE)
    assert not any(s.doing is Doing.EXERCISING for s in person.stretches(START, START + 14 * DAY))
    lying = first(person, Doing.RESTING, START + DAY)
    _, bpm = person.heart(lying.start + 8 * MINUTE, lying.end)
    assert np.median(bpm[bpm > 0]) < PASSIVE.resting_hr + 6


def test_some_walks_lead_out_of_reach_and_back() -> None:
    person = body()
    away = [s for s in person.stretches(START, START + 7 * DAY) if s.away]
    assert away
    for walk in away:
        assert person.reachable(walk.start - 1)
        assert not person.reachable(walk.start)
        assert person.unchanged_until(walk.start) == walk.end
        assert person.reachable(walk.end)
        assert len(person.steps(walk.start, walk.end)) > 1000


def test_a_persona_is_only_parameters() -> None:
    idle = replace(STEADY, exercise_days=())
    assert not any(s.doing == Doing.EXERCISING for s in body(idle).stretches(START, START + 7 * DAY))


def test_samples_lie_on_the_sensors_polls() -> None:
    at, xyz = body().acceleration(START + 1, START + MINUTE + 1)
    assert not (at % POLL).any()
    assert (at[0], at[-1], xyz.shape) == (START + POLL, START + MINUTE, (600, 3))
