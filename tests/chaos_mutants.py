"""Faults put into the line on purpose, each of which a storm is to find: `python tests/chaos_mutants.py NAME MODULE ARGUMENTS…` runs a
module of ours with one of them in it."""

import runpy
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from paho.mqtt.client import MQTTMessageInfo

from ingest.batch import CELL, MICROS, Batch
from ingest.body import decode, encode
from ingest.ingester import Ingester
from ingest.link import Arrived, Link
from ingest.receiver import Receiver
from ingest.sender import Sender
from ingest.wire import Ack, Parcel, pack, ranges, seal, seal_ack, unpack, unseal

DISK = 0.2
"""s that a commit takes, so that a kill meets what was answered and is not committed; less would need more storms."""
SHIFT = MICROS // 4
"""µs by which a band's clock seems to have been wrong when a row is sent again."""


def _deleted_on_puback() -> None:
    out: list[tuple[MQTTMessageInfo, list[int]]] = []

    def publish(self: Link, topic: str, payload: bytes) -> bool:
        sent = published(self, topic, payload)
        if sent and topic.endswith("/data"):
            out.append((self._unacked[-1], [seq for seq, _ in unseal(payload).rows]))
        return sent

    def answers(self: Sender, clock: float) -> bool:
        there = [seq for info, rows in out if info.is_published() for seq in rows]
        out[:] = [(info, rows) for info, rows in out if not info.is_published()]
        self._spool.trim(ranges(there), [])
        for seq in there:
            self._sent.pop(seq, None)
        return answered(self, clock)

    published, answered = Link.publish, Sender._answers
    setattr(Link, "publish", publish)  # noqa: B010 — a method's place
    setattr(Sender, "_answers", answers)  # noqa: B010 — as above


def _acked_before_the_commit() -> None:
    def take(self: Receiver, messages: list[Arrived]) -> None:
        seqs: dict[tuple[str, str], list[int]] = {}
        for arrived in messages:
            message = unseal(arrived.payload)
            if message.rows:
                seqs.setdefault((arrived.topic.rsplit("/", 1)[0], message.spool), []).extend(seq for seq, _ in message.rows)
        for (prefix, spool), some in seqs.items():
            self.link.publish(f"{prefix}/ack", seal_ack(Ack(spool, ranges(some))))
        time.sleep(DISK)
        kept(self, messages)

    kept = Receiver._take
    setattr(Receiver, "_take", take)  # noqa: B010 — a method's place


def _times_rewritten_on_resend() -> None:
    sent: set[int] = set()

    def publish(self: Link, topic: str, payload: bytes) -> bool:
        message = unseal(payload) if topic.endswith("/data") else None
        if message:
            rows = [(seq, _stamped_anew(parcel) if seq in sent else parcel) for seq, parcel in message.rows]
            payload = seal(replace(message, rows=rows))
        done = kept(self, topic, payload)
        if done and message:
            sent.update(seq for seq, _ in message.rows)
        return done

    kept = Link.publish
    setattr(Link, "publish", publish)  # noqa: B010 — a method's place


def _stamped_anew(row: bytes) -> bytes:
    parcel = unpack(row)
    bodies = [(n, encode(_moved(decode(body)))) for n, body in parcel.bodies]
    return pack(Parcel(bodies, parcel.spans))


def _moved(batch: Batch) -> Batch:
    crosses = (batch.t0 + SHIFT) // CELL != (batch.last + SHIFT) // CELL
    return batch if crosses else replace(batch, t0=batch.t0 + SHIFT, until=None)


def _acked_though_not_stored() -> None:
    def take(self: Ingester, messages: Sequence[tuple[str, bytes]]) -> list[tuple[str, Ack]]:
        acks = kept(self, messages)
        # from the first row to the one behind the last: what lies between, and what was committed since, is believed to be stored
        return [(at, replace(ack, stored=[(ack.stored[0][0], ack.stored[-1][1] + 1)] if ack.stored else [])) for at, ack in acks]

    kept = Ingester.take
    setattr(Ingester, "take", take)  # noqa: B010 — a method's place


MUTANTS: Mapping[str, Callable[[], None]] = {
    "spool deleted on PUBACK": _deleted_on_puback,
    "acked before the commit": _acked_before_the_commit,
    "times rewritten on resend": _times_rewritten_on_resend,
    "a range acked that was not stored": _acked_though_not_stored,
}
"""Name → what puts it in."""

if __name__ == "__main__":
    _, name, module, *args = sys.argv
    MUTANTS[name]()
    sys.argv = [module, *args]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
