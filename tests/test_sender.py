"""What the sender sends, and what it sends again: rounds at given clocks, with a script in the broker's place."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.budget import BUDGET
from ingest.link import Arrived, Link
from ingest.sender import HURRY, PATIENCE, WINDOW, Sender
from ingest.spool import Spool
from ingest.wire import Ack, Message, ranges, seal_ack, unseal
from tests.batches import NOON, plain


class Script(Link):
    """A link that is up and takes everything; what it took is in `took`, row by row."""

    def __init__(self) -> None:
        super().__init__("mqtt://127.0.0.1:1", "script")
        self.connections = 1
        self.took: list[int] = []
        self.sent: list[bytes] = []
        self.statuses: list[Message] = []
        self.down = False

    @property
    def outstanding(self) -> int:
        return 0

    def up(self) -> bool:
        return not self.down

    def publish(self, topic: str, payload: bytes) -> bool:
        message = unseal(payload)
        self.sent.append(payload)
        if not message.rows:
            assert topic == "keepup/1/home/gate/status"
            self.statuses += [] if self.down else [message]
        else:
            self.took += [seq for seq, _ in message.rows]
        return not self.down


class Gate:
    """A spool and its sender, moved by hand."""

    def __init__(self, path: Path, budget: int = BUDGET) -> None:
        self.spool, self.link = Spool(path, budget), Script()
        self.sender = Sender(self.spool, self.link, "keepup/1/home/gate")

    def hear(self, rows: int) -> None:
        for _ in range(rows):
            self.spool.commit([plain(t0=NOON)], [], {})

    def answer(self, *rows: int) -> None:
        self.link.arrived.put(Arrived("ack", seal_ack(Ack(self.spool.id, ranges(rows)))))

    def move(self, clock: float) -> list[int]:
        """Which rows went out in the rounds at this time."""
        before = len(self.link.took)
        while self.sender.turn(clock):
            pass
        return self.link.took[before:]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path / "spool.db")
    yield made
    made.spool.close()


def test_a_row_that_went_astray_is_sent_again_though_others_are_answered(gate: Gate) -> None:
    #   clock   100 ......... each second one more row, answered at once ......... 100 + PATIENCE
    #   row 3   sent, lost                                                          sent again
    gate.hear(5)
    assert sorted(gate.move(100.0)) == [1, 2, 3, 4, 5]
    gate.answer(1, 2, 4, 5)
    for second in range(1, int(PATIENCE)):
        gate.hear(1)
        assert gate.move(100.0 + second) == [5 + second]
        gate.answer(5 + second)
    assert gate.move(100.0 + PATIENCE) == []
    assert gate.move(101.0 + PATIENCE) == [3]
    gate.answer(3)
    gate.move(102.0 + PATIENCE)
    assert gate.spool.waiting() == 0


def test_rows_that_went_astray_in_a_long_backlog_are_sent_again_and_no_other(gate: Gate) -> None:
    gate.hear(200)
    gate.move(100.0)
    gate.answer(*(seq for seq in range(1, 201) if seq % 50))
    gate.move(101.0)
    gate.hear(1)
    gate.move(120.0)
    assert sorted(gate.move(101.0 + PATIENCE)) == [50, 100, 150, 200]


def test_a_slow_ingester_is_sent_nothing_twice(gate: Gate) -> None:
    gate.hear(1)
    gate.move(99.0)
    gate.answer(1)
    for second in range(100):
        gate.hear(3)
        gate.move(100.0 + second)
        if second >= PATIENCE:
            first = 3 * (second - int(PATIENCE)) + 2
            gate.answer(first, first + 1, first + 2)
    assert set(Counter(gate.link.took).values()) == {1}
    assert len(gate.link.took) == 301


def test_an_ingester_that_comes_later_is_soon_sent_all_it_was_not_there_to_hear(gate: Gate) -> None:
    #   clock   100               102                      103
    #   rows    60 sent, lost     20 of them ask again     they are answered: the other 40 follow at once
    gate.hear(60)
    gate.move(100.0)
    asked = [*gate.move(100.1 + HURRY), *gate.move(100.2 + HURRY)]  # a round in five is for the backlog, and finds nothing
    assert len(asked) == WINDOW
    gate.answer(*asked)
    rest = [*gate.move(101.0 + HURRY), *gate.move(101.1 + HURRY)]
    assert sorted([*asked, *rest]) == list(range(1, 61))


def test_after_a_reconnection_everything_is_sent_again_and_soon_once_more(gate: Gate) -> None:
    gate.hear(3)
    gate.move(100.0)
    gate.link.connections += 1
    assert sorted(gate.move(101.0)) == [1, 2, 3]
    assert gate.move(101.0 + HURRY) == []
    assert sorted(gate.move(101.1 + HURRY)) == [1, 2, 3]
    assert gate.move(101.2 + 2 * HURRY) == []
    gate.answer(1, 2, 3)
    gate.move(102.0 + 2 * HURRY)
    assert gate.spool.waiting() == 0
