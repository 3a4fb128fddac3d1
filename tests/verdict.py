"""What must hold once a course is over, however often somebody died in it: the chart against the letters that arrived. Empty: all of it."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, create_engine, select

from alerts import tables
from alerts.alert import Audience, State
from alerts.chart import Chart
from alerts.hours import day, quiet
from alerts.policy import CORRECT_WITHIN
from tests.ordeal import PEOPLE, REACH, WANTED
from tests.witness import Letter

PATIENTS = {who.id: who for who in PEOPLE}
IDEMPOTENT = {"ntfy"}


@dataclass(frozen=True, slots=True)
class Books:
    """All there is, as it was written and as it arrived."""

    chart: Chart
    alerts: Mapping[str, Row[Any]]
    messages: Mapping[str, Row[Any]]
    tried: Mapping[str, Sequence[Row[Any]]]
    moves: Mapping[str, Sequence[tuple[int, State | None, State]]]
    """Alert → (when, from, to), in order."""
    letters: Sequence[Letter]

    def state(self, alert: str, now: int) -> State | None:
        return next((new for at, _, new in reversed(self.moves[alert]) if at <= now), None)

    def places(self, alert: str) -> set[tuple[str, str]]:
        """Recipient and channel of each message that must tell of it."""
        row = self.alerts[alert]
        recipient = row.patient if row.audience == Audience.PATIENT else PATIENTS[row.patient].therapist
        return {(recipient, channel) for channel in REACH[recipient]}

    def written(self, alert: str, step: str) -> list[Row[Any]]:
        return [m for m in self.messages.values() if m.alert == alert and m.step == step]


def opened(url: str, chart: Chart, letters: Sequence[Letter]) -> Books:
    engine = create_engine(url)
    with engine.connect() as tx:
        alerts = {row.id: row for row in tx.execute(select(tables.alert))}
        messages = {row.id: row for row in tx.execute(select(tables.message))}
        tried = defaultdict(list)
        for row in tx.execute(select(tables.attempt).order_by(tables.attempt.c.n)):
            tried[row.message].append(row)
    engine.dispose()
    moves = {alert: [(e.at, e.old, e.new) for e in chart.events(alert) if e.new is not None] for alert in alerts}
    return Books(chart, alerts, messages, tried, moves, letters)


def faults(url: str, letters: Sequence[Letter], *, calm: bool) -> list[str]:
    """Every promise that was broken, in words. `calm`: no receiver failed, so everything that could be told was."""
    chart = Chart(url)
    books = opened(url, chart, letters)
    found = [f"{promise.__name__}: {what}" for promise in PROMISES for what in promise(books)]
    chart.close()
    return [*found, *(f"all_is_told: {what}" for what in all_is_told(books) if calm)]


def no_alert_is_lost_or_doubled(books: Books) -> Iterator[str]:
    yield from (f"{alert} is lost" for alert in WANTED.keys() - books.alerts.keys())
    for alert in books.alerts.keys() - WANTED.keys():
        yield f"nobody wanted {books.alerts[alert]}"
    for alert in WANTED.keys() & books.alerts.keys():
        if books.alerts[alert].state != WANTED[alert]:
            row = books.alerts[alert]
            yield f"{row.patient} {row.kind} {row.key} {row.audience} is {row.state}, not {WANTED[alert]}"
    keys = Counter((row.patient, row.kind, row.audience, row.key) for row in books.alerts.values())
    yield from (f"{key} is there {n} times" for key, n in keys.items() if n > 1)


def each_opened_alert_has_its_messages(books: Books) -> Iterator[str]:
    for alert, moves in books.moves.items():
        wakes = [f"wake-{rev}" for rev, (_, old, new) in enumerate(moves) if (old, new) == (State.SNOOZED, State.OPEN)]
        firsts = ["first" for _, old, new in moves if new is State.OPEN and old in (None, State.SUPPRESSED)]
        for step in firsts + wakes:
            if {(m.recipient, m.channel) for m in books.written(alert, step)} != books.places(alert):
                yield f"{alert} lacks a message of {step}"
        told = {m.step for m in books.messages.values() if m.alert == alert}
        if told - {"correction"} - set(firsts + wakes):
            yield f"{alert} has messages {told} for {firsts + wakes}"


def nothing_is_left_lying(books: Books) -> Iterator[str]:
    for m in books.messages.values():
        if m.state in ("held", "queued", "sending"):
            yield f"{m.recipient} {m.step} {m.id} is {m.state}"
        if any(a.ended is None for a in books.tried[m.id]):
            yield f"an attempt at {m.id} never ended"


def what_is_sent_has_arrived(books: Books) -> Iterator[str]:
    there = {letter.id for letter in books.letters}
    yield from (f"{m.recipient} {m.step} {m.id} never did" for m in books.messages.values() if m.state == "sent" and m.id not in there)


def what_arrived_was_written(books: Books) -> Iterator[str]:
    for letter in books.letters:
        m = books.messages.get(letter.id)
        if m is None or (m.recipient, m.channel) != (letter.to, letter.channel):
            yield f"{letter} was not"
        elif m.state not in ("sent", "unknown", "dead", "cancelled"):
            yield f"{letter} is {m.state}"


def where_a_repeat_shows_nothing_is_repeated(books: Books) -> Iterator[str]:
    times = Counter(letter.id for letter in books.letters if letter.channel not in IDEMPOTENT)
    yield from (f"{id} arrived {n} times" for id, n in times.items() if n > 1)  # noqa: A001 — the message's
    for m in books.messages.values():
        if m.channel in IDEMPOTENT and m.state == "unknown":
            yield f"{m.id} could have been repeated"


def nobody_gets_two_messages_of_one_thing(books: Books) -> Iterator[str]:
    things = Counter((m.alert or m.id, m.recipient, m.channel, m.step) for m in books.messages.values())
    yield from (f"{thing} has {n}" for thing, n in things.items() if n > 1)


def no_day_is_passed(books: Books) -> Iterator[str]:
    days: dict[tuple[str, str], set[str]] = defaultdict(set)
    for letter in books.letters:
        if letter.to in PATIENTS:
            zone = PATIENTS[letter.to].zone
            days[letter.to, day(letter.at, zone)].add(letter.id)
            if quiet(letter.at, zone):
                yield f"{letter} came in the quiet hours"
    for (who, on), ids in days.items():
        nudges = sum(m.nudge for m in books.messages.values() if m.id in ids)
        if len(ids) > tables.SLOTS or nudges > tables.NUDGES:
            yield f"{who} got {len(ids)} messages on {on}, {nudges} of them nudges"


def the_audit_tells_the_same(books: Books) -> Iterator[str]:
    yield from (str(fault) for fault in books.chart.verify())
    if books.chart.replayed() != {id: row.state for id, row in books.alerts.items()}:  # noqa: A001 — the alert's
        yield "it tells other states"


def who_was_told_wrongly_is_corrected_and_nobody_else(books: Books) -> Iterator[str]:
    for alert, row in books.alerts.items():
        corrected = {(m.recipient, m.channel) for m in books.written(alert, "correction")}
        when = next((at for at, _, new in books.moves[alert] if new is State.RETRACTED), None)
        told = set() if when is None else {(m.recipient, m.channel) for m in books.messages.values() if _reached(books, m, alert, when)}
        if corrected != told:
            yield f"{row.patient} {row.kind} {row.key}: {sorted(told)} were told, {sorted(corrected)} corrected"


def _reached(books: Books, m: Row[Any], alert: str, when: int) -> bool:
    """Whether its last try, or that of the digest that holds it, came before `when` and may have arrived."""
    tries = [*books.tried[m.id], *(books.tried[m.digest] if m.state == "digest" else ())]
    arrived = any(a.outcome in ("sent", "unknown") and when - CORRECT_WITHIN <= a.started <= when for a in tries)
    return m.alert == alert and m.step != "correction" and arrived


COUNTS = re.compile(r"(\d+) new note|Please set (\d+) note")


def each_digest_counts_what_is_folded_into_it_once(books: Books) -> Iterator[str]:
    for m in books.messages.values():
        if (m.state == "digest") != (m.digest is not None and m.state != "unknown"):
            yield f"{m.id} is {m.state} with digest {m.digest}"
        whole = None if m.digest is None else books.messages[m.digest]
        if whole is not None and (whole.step, whole.recipient, whole.channel) != ("digest", m.recipient, m.channel):
            yield f"{m.id} was folded into {m.digest}, which is another's"
    for letter in books.letters:
        if letter.id not in books.messages or books.messages[letter.id].step != "digest":
            continue
        held = [m for m in books.messages.values() if m.digest == letter.id and m.state == "digest"]
        fresh = {m.alert for m in held if m.step != "correction" and books.state(m.alert, letter.at) is State.OPEN}
        aside = {m.alert for m in held if m.step == "correction"}
        said = [sum(int(n or 0) for n in column) for column in zip(*COUNTS.findall(letter.text), strict=True)] or [0, 0]
        if said != [len(fresh), len(aside)]:
            yield f"{letter} counts {said}, held are {len(fresh)} and {len(aside)}"


PROMISES: Sequence[Callable[[Books], Iterator[str]]] = (
    no_alert_is_lost_or_doubled,
    each_opened_alert_has_its_messages,
    nothing_is_left_lying,
    what_is_sent_has_arrived,
    what_arrived_was_written,
    where_a_repeat_shows_nothing_is_repeated,
    nobody_gets_two_messages_of_one_thing,
    no_day_is_passed,
    the_audit_tells_the_same,
    who_was_told_wrongly_is_corrected_and_nobody_else,
    each_digest_counts_what_is_folded_into_it_once,
)


def all_is_told(books: Books) -> Iterator[str]:
    """Where no receiver failed nothing is given up, and what was cancelled was over, expired, or a nudge at night."""
    for m in books.messages.values():
        if m.state == "dead":
            yield f"{m.id} was given up"
        if m.state == "cancelled" and m.alert is not None and not _rightly(books, m):
            row = books.alerts[m.alert]
            yield f"{m.recipient} was never told: {row.kind} {row.key}, {m.step}"


def _rightly(books: Books, m: Row[Any]) -> bool:
    ended = books.state(m.alert, m.settled) is not State.OPEN
    return ended or (m.expires is not None and m.settled >= m.expires) or (m.nudge and m.settled == m.written)
