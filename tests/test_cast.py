"""The cast of virtual patients."""

from datetime import date

from ingest.batch import DAY, HOUR
from lab.day import Doing, midnight
from lab.people import cast, exercise_windows
from lab.persona import SILENT
from tests.wrist import START

END = START + 3 * DAY


def test_the_cast_is_marked_as_virtual_and_grows_without_changing_who_is_in_it() -> None:
    three, seven = cast(1, 3, END), cast(1, 7, END)
    assert [player.patient for player in three] == ["virtual-steady", "virtual-desk", "virtual-silent"]
    assert [player.patient for player in seven[:3]] == [player.patient for player in three]
    assert len({player.patient for player in seven}) == len({player.band.address for player in seven}) == 7
    assert all(player.patient.startswith("virtual-") and player.band.address.startswith("virtual:") for player in seven)


def test_only_the_silent_one_is_silent_from_three_days_before_the_end() -> None:
    for player in cast(1, 3, END):
        reach = [player.band.body.reachable(END + hours * HOUR) for hours in range(-71, 48)]
        assert any(reach) == (player.persona is not SILENT)
        assert player.band.body.reachable(END - 3 * DAY - 1)


def test_every_session_lies_in_the_window_that_the_plan_expects() -> None:
    for player in cast(1, 2, END):
        start, end = midnight(date(2026, 11, 2), player.zone), midnight(date(2026, 11, 16), player.zone)
        windows = exercise_windows(player, start, end)
        sessions = [s for s in player.band.body.stretches(start, end) if s.doing == Doing.EXERCISING]
        assert len(sessions) == len(windows) == 2 * len(player.persona.exercise_days)
        for session, (begin, end) in zip(sessions, windows, strict=True):
            assert begin <= session.start < session.end <= end
