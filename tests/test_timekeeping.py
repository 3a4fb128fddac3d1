"""Times that never go back, whatever the system's clock does, and what is told of those that were wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.batch import DAY, HOUR, MICROS, MINUTE, Clock, Quality
from ingest.timekeeping import FARTHEST, STEP, ClockBehind, Leap, Timekeeper, Wrong

T = 1_767_225_600 * MICROS  # 2026-01-01T00:00Z


class Gateway:
    """`true` passes; the system's clock lies `off` beside it."""

    def __init__(self, off: int = 0, synced: bool | None = True, committed: int | None = None) -> None:
        self.true, self.off, self.synced = T, off, synced
        self.keeper = Timekeeper(lambda: self.true - 5 * DAY, lambda: (self.true + self.off, self.synced), committed)

    def after(self, micros: int) -> tuple[list[Wrong], Leap | None]:
        self.true += micros
        return self.keeper.look()


def test_a_clock_that_nothing_happens_to_is_told_as_it_is() -> None:
    gateway = Gateway()
    for _ in range(3):
        assert gateway.after(MINUTE) == ([], None)
        assert gateway.keeper.now() == gateway.true
    assert gateway.keeper.clock == Clock(0, Quality.SYNCED)
    assert Gateway(synced=None).keeper.clock is None


def test_a_gateway_that_boots_before_the_network_is_corrected_once_its_clock_is_set() -> None:
    #  true        0:00 boots ──── 0:10 set
    #  its clock   16:00 (yesterday) ── 16:10 → 0:10
    gateway = Gateway(off=-8 * HOUR, synced=False)
    assert gateway.after(10 * MINUTE) == ([], None)
    assert gateway.keeper.clock == Clock(0, Quality.UNSYNCED)
    gateway.off, gateway.synced = 0, True
    wrong, leap = gateway.after(0)
    before = T - 8 * HOUR + 10 * MINUTE
    assert wrong == [Wrong(T - 8 * HOUR, before, 8 * HOUR)]
    assert leap == Leap(before, T, T + 10 * MINUTE)  # off until midnight, then running by a wrong clock
    assert (gateway.keeper.now(), gateway.keeper.clock) == (gateway.true, Clock(0, Quality.SYNCED))
    assert gateway.after(MINUTE) == ([], None)


def test_a_clock_that_was_right_before_it_was_set_needs_no_correction() -> None:
    gateway = Gateway(synced=False)
    gateway.synced = True
    assert gateway.after(MINUTE) == ([], None)
    assert gateway.keeper.clock == Clock(0, Quality.SYNCED)


def test_a_boot_behind_what_is_committed_goes_on_from_there_at_full_speed_until_the_clock_is_set() -> None:
    # after a power cut the clock shows what was last saved, an hour before the newest reading
    gateway = Gateway(off=-3 * HOUR, synced=False, committed=T - 2 * HOUR)
    assert gateway.keeper.now() == T - 2 * HOUR
    gateway.after(MINUTE)
    assert gateway.keeper.now() == T - 2 * HOUR + MINUTE
    assert gateway.keeper.clock == Clock(-HOUR, Quality.UNSYNCED)
    gateway.off = 0  # set a moment before the kernel says so
    wrong, leap = gateway.after(0)
    assert wrong == [Wrong(T - 2 * HOUR, T - 2 * HOUR + MINUTE, 2 * HOUR)]
    assert leap == Leap(T - 2 * HOUR + MINUTE, T, T + MINUTE)
    gateway.synced = True
    assert gateway.after(MINUTE) == ([], None)


def test_a_clock_in_1970_waits_for_nothing_where_something_is_committed_and_refuses_to_begin_where_not() -> None:
    assert Gateway(off=-T, synced=False, committed=T).keeper.now() == T
    with pytest.raises(ClockBehind, match="never set"):
        Gateway(off=-T, synced=False)


def test_a_clock_set_back_is_caught_up_with_at_half_speed_and_the_time_until_then_is_not_trusted() -> None:
    #  0:00 ── 0:10 set back by an hour ────── 2:10 caught up
    gateway = Gateway()
    gateway.after(10 * MINUTE)
    gateway.off = -HOUR
    assert gateway.after(0) == ([], None)
    began = T + 10 * MINUTE
    assert gateway.keeper.clock == Clock(-HOUR, Quality.JUMPED)
    assert gateway.after(HOUR) == ([Wrong(began, began + HOUR // 2, grows=True)], None)
    assert gateway.keeper.clock == Clock(-HOUR // 2, Quality.JUMPED)
    gateway.after(HOUR - 20 * MICROS)
    assert gateway.keeper.clock == Clock(-10 * MICROS, Quality.JUMPED)
    assert gateway.after(20 * MICROS) == ([Wrong(began, began + HOUR, grows=True)], None)
    assert gateway.keeper.clock == Clock(0, Quality.SYNCED)
    assert gateway.after(MINUTE) == ([], None)
    assert gateway.keeper.now() == gateway.true - HOUR


def test_a_gateway_that_slept_says_that_it_did_not_run() -> None:
    # the clock that nobody sets sleeps with it
    gateway = Gateway()
    gateway.after(MINUTE)
    gateway.off = 8 * HOUR
    assert gateway.after(0) == ([], Leap(T + MINUTE, T + MINUTE + 8 * HOUR, T + MINUTE + 8 * HOUR))


def test_a_clock_set_back_by_more_than_a_day_ends_the_run_and_says_what_to_do() -> None:
    gateway = Gateway()
    gateway.off = -FARTHEST - MINUTE
    gateway.after(MINUTE)
    with pytest.raises(ClockBehind, match="another spool file"):
        gateway.after(MINUTE)
    with pytest.raises(ClockBehind, match="another spool file"):
        Gateway(committed=T + 2 * DAY)


def test_a_clock_that_leapt_ahead_and_is_set_back_was_wrong_in_between() -> None:
    #  true   16:20 leaps ── 16:50 set back
    #  shown  18:20 ─────── 18:50 ── at half speed ── 20:50 caught up
    gateway = Gateway()
    gateway.off = 2 * HOUR
    assert gateway.after(0) == ([], Leap(T, T + 2 * HOUR, T + 2 * HOUR))  # as if it had slept
    assert gateway.after(30 * MINUTE) == ([], None)
    gateway.off = 0
    assert gateway.after(0) == ([Wrong(T, T + 2 * HOUR + 30 * MINUTE)], None)
    assert gateway.keeper.clock == Clock(-2 * HOUR, Quality.JUMPED)
    gateway.after(4 * HOUR)
    assert (gateway.keeper.now(), gateway.keeper.clock) == (gateway.true, Clock(0, Quality.SYNCED))
    assert gateway.after(MINUTE) == ([], None)


def test_a_clock_that_was_set_back_and_is_mended_was_wrong_since() -> None:
    #  true   0:00 set back ── caught up 2:00 ── mended 3:00
    #  shown  0:00 ─ half speed ─ 1:00 ──────── 2:00 → 3:00
    gateway = Gateway()
    gateway.off = -HOUR
    gateway.after(0)
    gateway.after(2 * HOUR)
    assert gateway.after(HOUR) == ([], None)
    assert gateway.keeper.clock == Clock(0, Quality.SYNCED)
    gateway.off = 0
    assert gateway.after(0) == ([Wrong(T, T + 2 * HOUR)], Leap(T + 2 * HOUR, T + 2 * HOUR, T + 3 * HOUR))


def test_a_gateway_that_sleeps_every_night_was_right_all_day_if_its_clock_is_set_back_a_little() -> None:
    gateway = Gateway()
    gateway.off = 8 * HOUR
    gateway.after(0)
    gateway.after(9 * HOUR)
    gateway.off -= 2 * MINUTE
    assert gateway.after(0) == ([], None)


def test_a_step_that_stood_for_a_day_stands() -> None:
    gateway = Gateway()
    gateway.off = 2 * HOUR
    gateway.after(0)
    for _ in range(25):
        gateway.after(HOUR)
    gateway.off = 0
    assert gateway.after(0) == ([], None)


def test_a_boot_with_a_clock_ahead_ran_by_a_wrong_clock_from_when_it_booted() -> None:
    #  true   10:00 boots ── 10:10 set
    #  shown  14:00 ─────── 14:10
    gateway = Gateway(off=4 * HOUR, synced=False)
    gateway.after(10 * MINUTE)
    gateway.off, gateway.synced = 0, True
    wrong, leap = gateway.after(0)
    assert wrong == [Wrong(T, T + 4 * HOUR), Wrong(T + 4 * HOUR, T + 4 * HOUR + 10 * MINUTE, -4 * HOUR)]
    assert leap is None


def test_a_boot_with_a_clock_far_ahead_says_nothing_of_the_days_to_come() -> None:
    gateway = Gateway(off=3 * DAY, synced=False)
    gateway.after(10 * MINUTE)
    gateway.off, gateway.synced = 0, True
    wrong, _ = gateway.after(0)
    assert wrong == [Wrong(T, T + 10 * MINUTE), Wrong(T + 3 * DAY, T + 3 * DAY + 10 * MINUTE, -3 * DAY)]


@pytest.mark.parametrize("off", [-STEP + 1, STEP - 1])
def test_what_a_time_server_mends_every_day_is_nothing_to_tell_of(off: int) -> None:
    gateway = Gateway()
    gateway.off = off
    for _ in range(3):
        assert gateway.after(MINUTE) == ([], None)
    assert gateway.keeper.now() == gateway.true + off


strays = st.sampled_from([0, *(sign * far for sign in (-1, 1) for far in (2 * STEP, HOUR, 5 * HOUR))])
early = st.none() | st.integers(T - DAY // 4, T + DAY // 4)


@given(st.lists(st.tuples(st.integers(1, HOUR), strays), min_size=1, max_size=8), early, st.booleans())
def test_once_a_time_server_has_set_the_clock_every_time_given_was_right_or_is_called_wrong(
    lived: list[tuple[int, int]], committed: int | None, set_before: bool
) -> None:
    """`set_before`: the clock was set when the gateway began, and goes astray later."""
    gateway = Gateway(0 if set_before else lived[0][1], set_before, committed)
    given: list[tuple[int, int]] = []
    doubted: list[Wrong] = []
    for pause, off in [*lived, (MINUTE, 0)]:
        for _ in range(3):
            gateway.true += pause // 3
            given.append((gateway.keeper.now(), gateway.true))
        gateway.off, gateway.synced = off, set_before or (pause == MINUTE and off == 0)
        doubted += gateway.keeper.look()[0]
    gateway.synced = True
    for _ in range(60):  # 5 h behind and 6 h ahead at worst, caught up with at half speed
        doubted += gateway.after(HOUR // 2)[0]
    assert gateway.keeper.clock == Clock(0, Quality.SYNCED)
    assert [now for now, _ in given] == sorted(now for now, _ in given)
    for now, true in given:
        assert abs(now - true) < STEP or any(one.t0 <= now <= one.t1 for one in doubted)


@given(
    st.lists(st.tuples(st.integers(2, HOUR), st.integers(-DAY // 8, DAY // 8), st.sampled_from([None, False, True])), max_size=30), early
)
def test_times_never_go_back_and_a_leap_lies_between_two_of_them(lived: list[tuple[int, int, bool | None]], committed: int | None) -> None:
    gateway = Gateway(0, lived[0][2] if lived else True, committed)
    last = gateway.keeper.now()
    for pause, off, synced in lived:
        gateway.true += pause
        assert (now := gateway.keeper.now()) > last
        gateway.off, gateway.synced = off, synced
        wrong, leap = gateway.keeper.look()
        last = gateway.keeper.now()
        assert last >= now
        assert all(one.t0 < one.t1 <= now for one in wrong)
        assert not leap or now == leap.before <= leap.ran <= leap.after == last
        assert last >= gateway.true + off  # never behind a clock that may be right
