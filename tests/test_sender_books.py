"""What the sender tells beside its rows: the books of the days that changed; and what is fresh passes what is old."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.batch import DAY, Stream
from ingest.sender import AHEAD, ALL_BOOKS_EVERY, PATIENCE, PORTION, ROWS, STATUS_EVERY, WINDOW
from tests.batches import NOON, plain
from tests.test_sender import Gate

TODAY = NOON // DAY


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path / "spool.db")
    yield made
    made.spool.close()


def told(gate: Gate) -> list[dict[str, list[tuple[int, int]]]]:
    """The books of the statuses since this was last asked."""
    new = [{dev: list(days) for dev, days in status.books.items()} for status in gate.link.statuses]
    gate.link.statuses.clear()
    return new


def test_a_connection_begins_with_the_books_of_all_days_and_then_what_changed_is_told(gate: Gate) -> None:
    gate.spool.commit([plain(t0=NOON - 3 * DAY), plain(dev="d2")], [], {})
    gate.move(100.0)
    assert told(gate) == [{"d1": [(TODAY - 3, 3)], "d2": [(TODAY, 3)]}]
    gate.answer(1, 2)
    gate.move(101.0)
    assert told(gate) == [{}]
    gate.spool.commit([plain(dev="d2", t0=NOON + 1)], [], {})
    gate.move(102.0 + STATUS_EVERY)
    assert told(gate) == [{"d2": [(TODAY, 6)]}]
    gate.link.connections += 1
    gate.move(103.0 + 2 * STATUS_EVERY)
    assert told(gate)[0] == {"d1": [(TODAY - 3, 3)], "d2": [(TODAY, 6)]}


def test_books_that_could_not_be_published_are_told_the_next_time(gate: Gate) -> None:
    gate.move(100.0)
    gate.spool.commit([plain()], [], {})
    gate.move(101.0)
    told(gate)
    gate.spool.commit([plain(t0=NOON + 1)], [], {})
    gate.answer(1)
    gate.link.down = True
    gate.move(102.0 + STATUS_EVERY)
    assert told(gate) == []
    gate.link.down = False
    gate.move(103.0 + STATUS_EVERY)
    assert told(gate)[-1] == {"d1": [(TODAY, 6)]}


def test_all_books_are_told_again_every_so_often(gate: Gate) -> None:
    gate.spool.commit([plain()], [], {})
    gate.move(100.0)
    gate.answer(1)
    told(gate)
    every = [books for half in range(241) for books in (gate.move(100.0 + half * (STATUS_EVERY + 0.1)), told(gate))[1]]
    assert sum(1 for books in every if books) == 240 * (STATUS_EVERY + 0.1) // ALL_BOOKS_EVERY == 12


def test_an_ingester_that_was_away_is_told_all_books_as_soon_as_it_answers_again(gate: Gate) -> None:
    #   clock   100          131                      162             163
    #           connected    row 1 and books, lost    row 1 again     answered: all books again
    gate.move(100.0)
    gate.spool.commit([plain()], [], {})
    gate.move(101.0 + STATUS_EVERY)
    assert told(gate)[-1] == {"d1": [(TODAY, 3)]}
    gate.move(102.0 + STATUS_EVERY + PATIENCE)
    assert told(gate) == [{}]
    gate.answer(1)
    gate.move(103.0 + STATUS_EVERY + PATIENCE)
    assert told(gate) == [{"d1": [(TODAY, 3)]}]


def test_many_books_go_in_several_messages(gate: Gate) -> None:
    for day in range(50):
        gate.spool.commit([plain(dev=f"d{i}", t0=NOON - day * DAY, n=1) for i in range(50)], [], {})
    gate.move(100.0)
    first, second = told(gate)[:2]
    assert [sum(map(len, part.values())) for part in (first, second)] == [PORTION, 500]
    both = {(dev, day) for part in (first, second) for dev, days in part.items() for day, _ in days}
    assert len(both) == 2500


def test_readings_given_up_are_no_longer_in_the_books(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "small.db", budget=1)
    gate.spool.commit([plain(Stream.ACC, n=40)], [], {})
    gate.move(100.0)
    assert told(gate) == [{"d1": [(TODAY, 40)]}]
    gate.spool.commit([plain(Stream.ACC, NOON + DAY, n=40)], [], {})
    gate.move(101.0 + STATUS_EVERY)
    assert told(gate) == [{"d1": [(TODAY, 0), (TODAY + 1, 40)]}]
    gate.spool.close()


def test_behind_a_backlog_that_nobody_answers_what_is_fresh_leaves_at_once(gate: Gate) -> None:
    #   an ingester answers, and is then heard of no more: rows 2 … 2201 wait, 2000 are on their way; then row by row
    gate.hear(1)
    gate.move(99.0)
    gate.answer(1)
    gate.hear(AHEAD + 200)
    assert len(gate.move(100.0)) == AHEAD
    for i in range(ROWS):
        gate.hear(1)
        assert gate.move(100.5 + 0.4 * i) == [AHEAD + 202 + i]
    gate.hear(1)
    assert gate.move(121.0) == []
    gate.answer(*gate.link.took[1:2])
    assert gate.move(122.0) == [AHEAD + 202 + ROWS]


def test_while_a_backlog_drains_what_is_fresh_leaves_in_the_next_round(gate: Gate) -> None:
    gate.hear(1_200)
    on_their_way, clock, fresh = gate.move(100.0), 100.0, 1_200
    while on_their_way:
        clock += 0.5
        gate.answer(*on_their_way[:100])
        del on_their_way[:100]
        if clock < 105:
            gate.hear(1)
            fresh += 1
        went = gate.move(clock)
        if clock < 105:
            assert fresh in went
        on_their_way += went
    gate.move(clock + 1)
    assert gate.spool.waiting() == 0
    assert sorted(set(gate.link.took)) == list(range(1, fresh + 1))


def test_an_ingester_that_is_away_is_asked_by_a_few_rows_and_gets_all_once_it_answers(gate: Gate) -> None:
    gate.hear(300)
    gate.move(100.0)
    asked = [gate.move(101.0 + i * (PATIENCE + 1)) for i in range(1, 5)]
    assert [len(rows) for rows in asked] == [WINDOW] * 4
    back = 101.0 + 4 * (PATIENCE + 1) + 1
    gate.answer(asked[-1][0])
    again = gate.move(back)
    assert {*again, *asked[-1]} == set(range(1, 301))
    gate.answer(*range(1, 301))
    gate.move(back + 1)
    assert gate.spool.waiting() == 0
