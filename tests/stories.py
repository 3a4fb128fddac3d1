"""The virtual patients' lives as a demo has them, kept to be read, and the same under each other's names."""

import re
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from alerts.alert import Alert, Audience, Message, MessageState
from alerts.channel import Channel
from alerts.chart import Chart
from alerts.deliver import Way
from cli.demo import SAME_END
from cli.line import clinic
from cli.processes import ingesting, virtual_gateway
from cli.virtual import admitted, held, live_through
from detectors.finding import Finding
from detectors.localtime import midnight
from detectors.outcome import KIND, Judged, Outcome, judged
from ingest.batch import DAY
from lab.gateway import Orders
from lab.people import CAST, Player, cast

THERAPIST = "t-story"
EVERYBODY = len(CAST)


@dataclass(frozen=True)
class Told:
    """One message about an alert, sent or folded into a digest, or held for the morning."""

    to: Audience
    kind: str
    step: str
    state: MessageState
    nudge: bool
    day: int
    """The patient's local midnight before, µs UTC."""
    at: int
    """When it was settled, or is due; µs UTC."""


@dataclass(frozen=True)
class Life:
    """What the chart has of who wears one band."""

    player: Player
    alerts: Sequence[Alert]
    findings: Sequence[tuple[Finding, str]]
    told: Sequence[Told]

    @property
    def sessions(self) -> list[Judged]:
        return [judged(finding) for finding, state in self.findings if finding.kind == KIND and state != "retracted"]

    @property
    def outcomes(self) -> Counter[Outcome]:
        return Counter(one.outcome for one in self.sessions)

    def of(self, kind: str, audience: Audience) -> list[Alert]:
        return [alert for alert in self.alerts if (alert.kind, alert.audience) == (kind, audience)]


Story = Mapping[str, Life]
"""By persona."""


class Unheard:
    def __call__(self, message: Message) -> None:
        pass

    def close(self) -> None:
        pass


def lived(folder: Path, weeks: int, names: Mapping[str, str] | None = None) -> Story:
    """The demo's history with all its parts; `names`: band → another pseudonym for who wears it."""
    folder.mkdir(exist_ok=True)
    start = SAME_END - weeks * 7 * DAY
    players = [player._replace(patient=(names or {}).get(player.dev, player.patient)) for player in cast(1, EVERYBODY, SAME_END)]
    ways = [Way(Channel("mqtt", idempotent=True, open=lambda _: Unheard()), Unheard())]
    with ExitStack() as stack:
        behind = stack.enter_context(clinic(folder))
        behind.chart.employ(THERAPIST, "correct horse battery staple")
        admitted(behind, players, THERAPIST, start, SAME_END)
        orders = Orders(
            seed=1,
            patients=EVERYBODY,
            start=start,
            end=SAME_END,
            broker=stack.enter_context(ingesting(folder)),
            spool=folder / "spool.db",
            **held(players),
        )
        live_through(behind, orders, players, stack.enter_context(virtual_gateway(orders)), ways, lambda _: None)
        assert behind.chart.verify() == []
        return {player.persona.name: _life(behind.chart, folder, player) for player in players}


def _life(chart: Chart, folder: Path, player: Player) -> Life:
    alerts = sorted(chart.alerts(patient=player.patient), key=lambda alert: (alert.start, alert.kind, alert.audience))
    with closing(sqlite3.connect(folder / "chart.db")) as db:
        rows = db.execute(
            "SELECT m.audience, a.kind, m.step, m.state, m.nudge, coalesce(m.settled, m.due) AS at "
            "FROM message m JOIN alert a ON a.id = m.alert "
            "WHERE a.patient = ? AND m.state <> 'cancelled' ORDER BY at, a.kind, m.audience, m.step, a.key",
            [player.patient],
        ).fetchall()
    told = [
        Told(Audience(to), kind, step, MessageState(state), bool(nudge), midnight(at, player.zone), at)
        for to, kind, step, state, nudge, at in rows
    ]
    return Life(player, alerts, chart.findings(player.patient), told)


def in_general(story: Story) -> dict[str, object]:
    """What became of each band's wearer, without any name: alerts and findings, with when they were made and what they rest on."""
    return {name: (_alerts(life), _findings(life), list(life.told)) for name, life in story.items()}


def _alerts(life: Life) -> Sequence[object]:
    return sorted((a.kind, a.audience, _plain(a.key), a.state, a.start, a.end or 0, a.opened, a.changed) for a in life.alerts)


def _findings(life: Life) -> Sequence[object]:
    return sorted(
        (f.kind, _plain(f.key), f.start, f.end or 0, state, _plain(str(sorted(f.evidence.items())))) for f, state in life.findings
    )


def _plain(words: str) -> str:
    """A plan's id is made of the pseudonym."""
    return re.sub(r"\brx-[a-z]+\b", "rx", words)


def turned() -> dict[str, str]:
    """Every band on somebody who is called as another one's wearer: who says "drifting" stays steady, who says "silent" is heard."""
    bands = [player.dev for player in cast(1, EVERYBODY, SAME_END)]
    return dict(zip(bands, [*bands[3:], *bands[:3]], strict=True))


def told_twice(folder: Path, weeks: int) -> tuple[Story, Story]:
    """One history, once as the demo has it and once under each other's names."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        stories = [pool.submit(lived, folder / name, weeks, names) for name, names in (("theirs", None), ("turned", turned()))]
        theirs, other = (story.result() for story in stories)
    return theirs, other
