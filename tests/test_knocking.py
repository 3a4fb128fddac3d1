"""How many passwords are tried, at once and in a minute."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from alerts.chart import ChartUnavailable
from tests.clinic import NOW, SECRET, THERAPIST, Clinic
from web.door import AT_ONCE, TRIES, Door, Shut


@pytest.fixture
def door(here: Clinic) -> Door:
    return Door(here.chart, SECRET, lambda: NOW)


def knocks(door: Door, many: int, fits: Callable[[], bool]) -> list[bool | None]:
    """All at the same time; `None`: the door was shut."""

    def knock(_: int) -> bool | None:
        try:
            return door.knock(THERAPIST, fits)
        except Shut:
            return None

    with ThreadPoolExecutor(many) as crowd:
        return list(crowd.map(knock, range(many)))


def test_guesses_at_the_same_time_are_no_more_than_guesses_in_turn(door: Door) -> None:
    tried = []

    def fits() -> bool:
        tried.append(1)
        return False

    for _ in range(10):
        knocks(door, 20, fits)
    assert len(tried) == TRIES


def test_no_more_passwords_are_tried_at_once_than_there_is_memory_for(door: Door) -> None:
    #  20 knock; nobody who was let in goes on before all others were told
    all_told = Barrier(20)

    def fits() -> bool:
        all_told.wait(10)
        return True

    def knock(_: int) -> bool:
        try:
            return door.knock(THERAPIST, fits)
        except Shut:
            all_told.wait(10)
            return False

    with ThreadPoolExecutor(20) as crowd:
        assert sum(crowd.map(knock, range(20))) == AT_ONCE
    assert door.knock(THERAPIST, lambda: True)


def test_only_wrong_guesses_count(door: Door) -> None:
    for _ in range(2 * TRIES):
        assert door.knock(THERAPIST, lambda: True)
        with pytest.raises(ChartUnavailable):
            door.knock(THERAPIST, _out_of_reach)
    for _ in range(TRIES):
        assert not door.knock(THERAPIST, lambda: False)
    with pytest.raises(Shut, match="Wait one minute"):
        door.knock(THERAPIST, lambda: True)


def _out_of_reach() -> bool:
    raise ChartUnavailable("the disk is full")
