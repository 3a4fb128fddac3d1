"""Virtual time under asyncio."""

import asyncio
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.batch import HOUR, MICROS
from lab.clock import Clock, run

NOON = 1_790_000_000 * MICROS


def test_an_hour_of_sleep_takes_no_time_and_moves_the_clock_by_an_hour() -> None:
    clock = Clock(NOON)
    began = time.monotonic()
    run(asyncio.sleep(3600), clock)
    assert clock.now() == NOON + HOUR
    assert time.monotonic() - began < 1


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=30))
def test_sleepers_wake_in_order_and_to_the_microsecond(millis: list[int]) -> None:
    clock = Clock(NOON)
    woke: list[tuple[int, int]] = []

    async def sleeper(milli: int) -> None:
        await asyncio.sleep(milli / 1000)
        woke.append((clock.now() - NOON, milli * 1000))

    async def all_of_them() -> None:
        await asyncio.gather(*(sleeper(milli) for milli in millis))

    run(all_of_them(), clock)
    assert [at for at, _ in woke] == sorted(milli * 1000 for milli in millis)
    assert all(at == meant for at, meant in woke)


def test_eight_weeks_in_thirds_of_an_hour_end_on_the_microsecond() -> None:
    clock = Clock(NOON)

    async def thirds() -> None:
        for _ in range(8 * 7 * 24 * 3):
            await asyncio.sleep(1200)

    run(thirds(), clock)
    assert clock.now() == NOON + 8 * 7 * 24 * HOUR


def test_time_stands_still_while_a_thread_works() -> None:
    clock = Clock(NOON)

    async def work_against_a_deadline() -> bool:
        async with asyncio.timeout(5):
            return await asyncio.to_thread(threading.Event().wait, 0.1)

    assert run(work_against_a_deadline(), clock) is False
    assert clock.now() == NOON


def test_a_call_from_another_thread_is_heard_while_the_loop_has_nothing_else_to_do() -> None:
    clock = Clock(NOON)

    async def called() -> bool:
        loop, heard = asyncio.get_running_loop(), asyncio.Event()
        threading.Timer(0.05, loop.call_soon_threadsafe, (heard.set,)).start()
        return await heard.wait()

    assert run(called(), clock)
    assert clock.now() == NOON


def test_a_call_from_another_thread_is_heard_while_timers_never_cease() -> None:
    clock = Clock(NOON)

    async def called() -> None:
        loop, heard = asyncio.get_running_loop(), asyncio.Event()
        threading.Timer(0.05, loop.call_soon_threadsafe, (heard.set,)).start()
        while not heard.is_set():  # noqa: ASYNC110 timers that never cease are the point
            await asyncio.sleep(60)

    run(called(), clock)
    assert clock.now() > NOON


def test_a_held_clock_waits_for_the_outside() -> None:
    clock = Clock(NOON)

    async def answered() -> None:
        loop, answer = asyncio.get_running_loop(), asyncio.Event()
        threading.Timer(0.1, loop.call_soon_threadsafe, (answer.set,)).start()
        with clock.held():
            await asyncio.wait_for(answer.wait(), 30)

    run(answered(), clock)
    assert clock.now() == NOON


def test_a_clock_at_a_thousand_times_real_time_does_not_jump() -> None:
    clock = Clock(NOON, speed=1000)
    began = time.monotonic()
    run(asyncio.sleep(100), clock)
    assert clock.now() >= NOON + 100 * MICROS
    assert time.monotonic() - began >= 0.099


def test_history_runs_at_once_and_the_present_at_its_own_pace() -> None:
    # virtual   |-- two hours, jumped --|-- 0.2 s, real --|
    # real                              |0                |0.2
    clock = Clock(NOON - 2 * HOUR, present=NOON)

    async def through() -> tuple[int | None, float]:
        await asyncio.sleep(7100)
        behind = clock.behind
        while not clock.live:  # noqa: ASYNC110 virtual time is caught up with by letting it pass
            await asyncio.sleep(0.05)
        began = time.monotonic()
        await asyncio.sleep(0.2)
        return behind, time.monotonic() - began

    behind, lasted = run(through(), clock)
    assert behind is not None
    assert 100 * MICROS <= behind < 160 * MICROS
    assert (clock.behind, clock.speed) == (0, 1.0)
    assert clock.now() >= NOON + MICROS // 5
    assert lasted > 0.19


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_that_leads_nowhere_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Clock(NOON, speed=speed)
