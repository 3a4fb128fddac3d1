"""One day's data in any order, in any portions, over several gateways, while it is lived: the same findings, and nobody is told twice."""

import json
from collections import Counter
from collections.abc import Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.alert import Alert, Message
from alerts.channel import Channel
from alerts.deliver import Way, deliver
from detectors.finding import Finding
from detectors.plan.plan import Plan
from ingest.batch import DAY, HOUR, MINUTE, Batch
from tests.practised import WINDOW
from tests.prescribed import phase
from tests.storms import MEMORY
from tests.test_watch import EIGHT, PATIENT, day, opened
from tests.timeline import MIDNIGHT

# 8:00 walks, as planned for 8:30 ── 9:00 is still ── 10:40 walks ── 12:00 is still, though a walk is planned for 13:00 ── 14:00 walks
LINE = "WWWWWW" + "______" + "____WW" + "WWWWWW" + "______" * 2 + "WWWWWW"
FIRST = "s1"
"""The gateway that everybody knows of."""
LAST = EIGHT + len(LINE) * 10 * MINUTE
EVENING = MIDNIGHT + 21 * HOUR
"""All is there by then: a question that waits for the morning leaves too little time to answer it, and then silence counts for nothing."""
SETTLED = MIDNIGHT + 3 * DAY
"""By then every question was answered, or is past answering."""
WALK = [{"exercise": "walk", "kind": "aerobic", "minutes": 20}]
PRESCRIBED: dict[str, Any] = {
    "rx": 1,
    "id": "rx-01",
    "patient": PATIENT,
    "therapist": "t-01",
    "issued": "2026-01-01",
    "region": "low_back",
    "timezone": "Europe/Berlin",
    "phases": [
        phase(
            "2026-09-21",
            "2026-09-21",
            *(
                {"name": f"walk {at[:2]}", "when": {"days": ["mon"], "at": at}, "items": WALK, "window": WINDOW}
                for at in ("08:30", "13:00")
            ),
        )
    ],
}


@dataclass(frozen=True, slots=True)
class Portion:
    """Some of the day's batches, and when a gateway brings them."""

    at: int
    gateway: str
    batches: Sequence[Batch]


def batches() -> list[Batch]:
    return day(LINE)


def end(batch: Batch) -> int:
    return int(batch.times[-1]) + MINUTE


DELAYS = st.lists(
    st.sampled_from([0, 0, 0, 10, 60, 180, 300]).map(lambda minutes: minutes * MINUTE), min_size=len(batches()), max_size=len(batches())
)


def brought(delays: Sequence[int], late: Set[int]) -> list[Portion]:
    """Each batch comes when its half-hour is over, or so much later; the `late` by gateways nobody knew of, so that nobody waited."""
    came: dict[tuple[int, str], list[Batch]] = {}
    for n, (batch, delay) in enumerate(zip(batches(), delays, strict=True)):
        came.setdefault((end(batch) + delay, f"late-{n}" if n in late else FIRST), []).insert(0, batch)
    return [Portion(at, gateway, some) for (at, gateway), some in sorted(came.items())]


@dataclass(frozen=True, slots=True)
class Ended:
    findings: list[tuple[Finding, str]]
    alerts: list[Alert]
    got: list[Message]


class Phone:
    """Takes every message."""

    def __init__(self) -> None:
        self.got: list[Message] = []

    def __call__(self, message: Message) -> None:
        self.got.append(message)

    def close(self) -> None: ...


def lived(folder: Path, portions: Sequence[Portion], every: int = HOUR) -> Ended:
    """The day as it is lived: judged and delivered every so often, and whenever something came."""
    with ExitStack() as stack:
        site, phone = opened(folder, stack), Phone()
        site.chart.plans.assign(PATIENT, json.dumps(PRESCRIBED), Plan.model_validate(PRESCRIBED), EIGHT - DAY, "t-01", EIGHT)
        watch, ways = site.watch(), [Way(Channel("mqtt", True, lambda _: phone), phone)]
        left = list(portions)
        moments = {*range(EIGHT + 30 * MINUTE, EVENING, every), *range(EVENING, SETTLED, 6 * HOUR), SETTLED}
        gateways = {FIRST}
        for now in sorted(moments | {portion.at + MINUTE for portion in portions}):
            while left and left[0].at <= now:
                portion = left.pop(0)
                gateways.add(portion.gateway)
                site.hear(portion.batches, complete(left, portion.gateway, now), portion.gateway)
            for gateway in sorted(gateways):
                site.hear([], complete(left, gateway, now), gateway)
            watch.judge(now)
            deliver(site.chart, ways, now)
        return Ended(site.chart.findings(), site.chart.alerts(), phone.got)


def complete(left: Sequence[Portion], gateway: str, now: int) -> int:
    """What a gateway may claim: nothing before this is still with it."""
    return min((batch.t0 for portion in left if portion.gateway == gateway for batch in portion.batches), default=now)


def live(ended: Ended) -> list[tuple[str, int, int | None, dict[str, float | int | str]]]:
    """What is held true in the end, but for the keys: a span keeps the first one it was given."""
    return sorted((f.kind, f.start, f.end, f.evidence) for f, state in ended.findings if state != "retracted")


@cache
def on_time() -> Ended:
    with TemporaryDirectory() as folder:
        return lived(Path(folder), [Portion(end(batch), FIRST, [batch]) for batch in batches()])


def test_the_day_is_what_it_says() -> None:
    found = Counter((f.kind, f.evidence.get("outcome")) for f, _ in on_time().findings)
    sessions = {("planned_session", outcome): n for outcome, n in (("done", 1), ("not_seen", 1), ("extra", 2))}
    assert found == sessions | {("still_too_long", None): 2, ("silent_band", None): 1}
    kinds = {alert.id: alert.kind for alert in on_time().alerts}
    got = Counter(kinds[str(message.alert)] for message in on_time().got if message.recipient == PATIENT)
    assert got == {"still_too_long": 2, "planned_session": 1, "silent_band": 1}


@given(DELAYS, st.sets(st.integers(0, len(batches()) - 1), max_size=4))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_in_whatever_order_a_day_arrives_the_findings_are_the_same_and_nobody_is_told_twice(delays: list[int], late: set[int]) -> None:
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        ended = lived(Path(folder), brought(delays, late))
    assert live(ended) == live(on_time())
    kinds = {alert.id: alert for alert in ended.alerts}
    told = Counter(message.alert for message in ended.got if message.recipient == PATIENT and not message.step.startswith("correction"))
    assert max(told.values(), default=0) <= 1, [(kinds[str(alert)], n) for alert, n in told.items()]
