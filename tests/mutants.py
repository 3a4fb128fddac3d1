"""Faults put into a chart on purpose, each of which the ordeal is to find (research note `alerts` §6.4)."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from alerts import claims, outbox
from alerts.alert import Message, MessageState


def _sent_before_sending() -> None:
    def sending(tx: Connection, site: str, row: Any, words: tuple[str, bool], now: int) -> Message:
        message = kept(tx, site, row, words, now)
        claims._set(tx, row.id, state=MessageState.SENT.value, settled=now)
        return message

    kept, claims._sending = claims._sending, sending


def _ambiguous_sent_again() -> None:
    def recover(tx: Connection, now: int, idempotent: Collection[str], channels: Collection[str] | None) -> int:
        return kept(tx, now, [*idempotent, "email", "ntfy"], channels)

    kept, claims.recover = claims.recover, recover


def _messages_in_a_second_transaction() -> None:
    def tell(tx: Connection, *about: Any) -> None:
        tx.exec_driver_sql("COMMIT")
        tx.exec_driver_sql("BEGIN IMMEDIATE")
        kept(tx, *about)

    kept = outbox.tell
    setattr(outbox, "tell", tell)  # noqa: B010 — its signature is not repeated here


def _no_budget() -> None:
    claims._slot = lambda *_: True


MUTANTS: Mapping[str, Callable[[], None]] = {
    "marked sent before it is sent": _sent_before_sending,
    "sent again though it may have arrived": _ambiguous_sent_again,
    "messages in a second transaction": _messages_in_a_second_transaction,
    "no place in the day is taken": _no_budget,
}
"""Name → what puts it in."""
