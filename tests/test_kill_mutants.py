"""Faults put into a chart on purpose: the proof by killing finds each of them, and for its own reason."""

import pytest

from tests.mutants import MUTANTS
from tests.storms import ordeal, sqlite

REASONS = {
    "marked sent before it is sent": "what_is_sent_has_arrived",
    "sent again though it may have arrived": "where_a_repeat_shows_nothing_is_repeated",
    "messages in a second transaction": "each_opened_alert_has_its_messages",
    "no place in the day is taken": "no_day_is_passed",
}
"""Mutant → the promise that it breaks."""


def test_every_mutant_is_tried() -> None:
    assert REASONS.keys() == MUTANTS.keys()


@pytest.mark.parametrize("mutant", REASONS)
def test_a_fault_put_in_on_purpose_is_found(mutant: str) -> None:
    with ordeal(sqlite, mutant) as lived:
        broken: set[str] = set()
        while REASONS[mutant] not in broken and lived.kills < 600:
            broken |= {what.partition(":")[0] for what in lived.course(120)}
    assert REASONS[mutant] in broken, lived
