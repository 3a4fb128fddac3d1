"""What a virtual patient says: answers to questions about sessions, and how the back is. The truth is what the body did, never what
was made of it."""

from collections.abc import Iterator
from datetime import timedelta
from hashlib import blake2b
from typing import Literal

import numpy as np

from detectors.plan.occurrence import Occurrence
from detectors.plan.plan import Item, Kind
from detectors.report import Answer, Feeling, Pain, Said
from ingest.batch import DAY, MINUTE
from lab.day import EPOCH, Doing, instant
from lab.people import Player
from lab.prescriptions import PAIN_AT, PAIN_DAY

LEAST = 10 * MINUTE
"""What is shorter nobody would call a walk or a session."""


def reply(player: Player, asked_about: Occurrence, asked: int) -> Answer | None:
    """The answer to a question that reached the patient at `asked` (µs UTC), said some time later; `None`: none is given.

    The same question at the same time gets the same answer. A session that will yet be done is "not yet".
    """
    if not player.persona.answers:
        return None
    said_at = asked + int(_even(player, _session(asked_about), player.persona.answer_min) * MINUTE)
    wanted = int(asked_about.id.rsplit("/", 1)[1]) if asked_about.quota else 1
    if _times_done(player, asked_about, said_at) >= wanted:
        said = Said.YES
    else:
        said = Said.NOT_YET if _times_done(player, asked_about, asked_about.grace + DAY) >= wanted else Said.NOT_TODAY
    return Answer(id=_id(player, asked_about.id, asked), patient=player.patient, at=said_at, occurrence=asked_about.id, said=said)


def scores(player: Player, since: int, start: int, end: int) -> Iterator[Pain | Feeling]:
    """Said in [start, end), ascending: each week how the back is against the week before, then a score. Pain begins to ease at `since`.
    Times µs UTC."""
    day = (EPOCH + timedelta(microseconds=start - 8 * DAY)).astimezone(player.zone).date()
    day += timedelta(days=(PAIN_DAY - day.weekday()) % 7)
    before = None
    while (asked := instant(day, PAIN_AT, player.zone)) < end:
        at = asked + int(_even(player, f"pain/{day}", player.persona.answer_min) * MINUTE)
        score = _score(player, since, at, str(day))
        if start <= at < end:
            yield Feeling(id=_id(player, "feeling", asked), patient=player.patient, at=at, back=_against(before, score))
            yield Pain(id=_id(player, "pain", asked), patient=player.patient, at=at, score=score)
        before, day = score, day + timedelta(days=7)


def _times_done(player: Player, planned: Occurrence, by: int) -> int:
    """How often what was planned was begun in its time, and done by then."""
    doings = _doings(planned.session.items)
    return sum(
        planned.start <= stretch.start < planned.grace and stretch.end <= by and stretch.end - stretch.start >= LEAST
        for stretch in player.band.body.stretches(planned.start, planned.grace)
        if stretch.doing in doings
    )


def _doings(items: tuple[Item, ...]) -> frozenset[Doing]:
    if all(item.kind is Kind.PASSIVE for item in items):
        return frozenset({Doing.RESTING})
    if all(item.exercise == "walk" for item in items):
        return frozenset({Doing.WALKING})
    return frozenset({Doing.EXERCISING, Doing.UNSEEN})


def _score(player: Player, since: int, at: int, day: str) -> int:
    worst, least = player.persona.pain
    eased = min(max(at - since, 0) / (player.persona.pain_eases * DAY), 1)
    return min(max(round(worst + (least - worst) * eased + _even(player, f"score/{day}", (-0.4, 0.4))), 0), 10)


def _against(before: int | None, score: int) -> Literal["better", "same", "worse"]:
    if before is None or before == score:
        return "same"
    return "better" if score < before else "worse"


def _even(player: Player, about: str, least_most: tuple[float, float]) -> float:
    """Drawn evenly, and the same for the same thing."""
    seed = int.from_bytes(blake2b(f"{player.dev}/{about}".encode(), digest_size=8).digest())
    return float(np.random.default_rng([player.band.body.seed, seed]).uniform(*least_most))


def _session(planned: Occurrence) -> str:
    """Without the plan's id, which is made of the pseudonym."""
    return planned.id.partition("/")[2]


def _id(player: Player, about: str, asked: int) -> str:
    return blake2b(f"{player.dev}/{about}/{asked}".encode(), digest_size=12).hexdigest()
