"""The cast of virtual patients."""

from datetime import date
from itertools import pairwise

import pytest

from ingest.batch import DAY, HOUR
from lab.day import Doing, midnight
from lab.people import CAST, Player, cast, exercise_windows
from lab.persona import SILENT
from tests.wrist import START

END = START + 3 * DAY
EVERYBODY = cast(1, len(CAST), END)


def named(player: Player) -> str:
    return player.persona.name


def test_the_cast_is_marked_as_virtual_and_grows_without_changing_who_is_in_it() -> None:
    three, seven = cast(1, 3, END), cast(1, 7, END)
    assert [player.patient for player in three] == ["virtual-steady", "virtual-desk", "virtual-silent"]
    assert [player.patient for player in seven[:3]] == [player.patient for player in three]
    assert len({player.patient for player in seven}) == len({player.band.address for player in seven}) == 7
    assert all(player.patient.startswith("virtual-") and player.band.address.startswith("virtual:") for player in seven)


def test_there_is_one_of_each_kind() -> None:
    names = ["steady", "desk", "silent", "drifting", "late", "off", "held", "passive"]
    assert [persona.name for persona, _ in CAST] == names
    assert [player.patient for player in cast(1, 10, END)[8:]] == ["virtual-steady-2", "virtual-desk-2"]


def test_only_the_silent_one_is_silent_from_three_days_before_the_end() -> None:
    for player in EVERYBODY:
        reach = [player.band.body.reachable(END + hours * HOUR) for hours in range(-71, 48)]
        assert any(reach) == (player.persona is not SILENT)
        assert player.band.body.reachable(END - 3 * DAY - 1)


def test_only_one_has_a_line_that_is_down_from_three_days_before_the_end() -> None:
    assert {player.patient: player.held_from for player in EVERYBODY if player.held_from} == {"virtual-held": END - 3 * DAY}


@pytest.mark.parametrize("player", EVERYBODY, ids=named)
def test_every_session_that_a_band_can_see_lies_in_a_window_in_which_it_is_listened_to(player: Player) -> None:
    start, end = midnight(date(2026, 11, 2), player.zone), midnight(date(2026, 11, 16), player.zone)
    windows = exercise_windows(player, start, end)
    assert all(before[1] <= after[0] for before, after in pairwise(windows))
    for session in player.band.body.stretches(start, end):
        if session.doing is Doing.EXERCISING:
            assert sum(begin <= session.start < session.end <= until for begin, until in windows) == 1


@pytest.mark.parametrize("player", EVERYBODY[:2], ids=named)
def test_who_is_regular_fills_every_window(player: Player) -> None:
    start, end = midnight(date(2026, 11, 2), player.zone), midnight(date(2026, 11, 16), player.zone)
    sessions = [s for s in player.band.body.stretches(start, end) if s.doing is Doing.EXERCISING]
    assert len(sessions) == len(exercise_windows(player, start, end)) == 2 * len(player.persona.exercise_days)


def test_nothing_is_listened_for_where_nothing_of_a_plan_can_be_seen() -> None:
    (passive,) = (player for player in EVERYBODY if player.persona.rests)
    assert exercise_windows(passive, START, END) == []
