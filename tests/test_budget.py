"""What a patient gets on one local day, counted where it arrives: eight dispatchers at once, receivers that fail, and midnight between."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alerts import tables
from alerts.channels import email, ntfy
from alerts.chart import Chart
from alerts.deliver import Way, deliver
from alerts.hours import day
from alerts.reconcile import Change, Turn
from ingest.batch import HOUR, MINUTE
from tests.killing import SETTINGS, Clock
from tests.rounds import ANN, BOB, NEW_YORK, NOON, silent, still
from tests.witness import witnessing

EVENING = NOON + 8 * HOUR
CHANNELS = {ANN.id: ["email"], BOB.id: ["ntfy"], ANN.therapist: [], BOB.therapist: []}


def contacts(name: str, port: int) -> dict[str, object]:
    where = {who: f"{who}@example.org" if name == "email" else who for who in (ANN.id, BOB.id)}
    return {**SETTINGS[name](port), "contacts": where}


def nudging(chart: Chart) -> set[str]:
    with chart._database.reading() as tx:
        return {row.id for row in tx.execute(tables.message.select().where(tables.message.c.nudge))}


def test_eight_dispatchers_with_failing_receivers_over_midnight_bring_nobody_more_than_a_day_allows(url: str, tmp_path: Path) -> None:
    # 20:00 eight nudges and eight notes for each ── tries fail, one in three ── midnight ── 7:30 there are places again
    clock = Clock(tmp_path / "clock")
    charts = [Chart(url, channels=lambda who: CHANNELS[who]) for _ in range(8)]
    for who in (ANN, BOB):
        charts[0].admit(who, NOON)
        found = [finding for n in range(8) for finding in (still(EVENING, 55 + n, patient=who), silent(EVENING, 13 + n, who))]
        charts[0].record(who.id, [Change(Turn.OPENED, finding) for finding in found], EVENING)
    with witnessing(clock) as (witness, ports), ThreadPoolExecutor(8) as threads:
        witness.moody = True
        ways = [Way(one, one.open(contacts(one.name, ports[one.name]))) for one in (email.CHANNEL, ntfy.CHANNEL)]
        for now in range(EVENING, EVENING + 16 * HOUR, 20 * MINUTE):
            clock.now = now
            list(threads.map(lambda chart, at=now: deliver(chart, ways, at), charts))
        letters = witness.letters
    nudges = nudging(charts[0])
    for chart in charts:
        chart.close()
    days: dict[tuple[str, str], set[str]] = defaultdict(set)
    for letter in letters:
        days[letter.to, day(letter.at, NEW_YORK)].add(letter.id)
    assert {who for who, _ in days} == {ANN.id, BOB.id}
    assert {on for _, on in days} == {"2026-11-03", "2026-11-04"}
    assert max(map(len, days.values())) == tables.SLOTS
    assert max(len(ids & nudges) for ids in days.values()) == tables.NUDGES
    mails = [letter.id for letter in letters if letter.channel == "email"]
    assert len(mails) == len(set(mails))
