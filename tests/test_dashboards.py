"""Every question the dashboards put is one that InfluxDB answers from what the store and the ingester's metrics hold there."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # PyYAML comes with amqtt, without types

from config.plugins import store as opener
from ingest.batch import HOUR, MINUTE, Stream
from ingest.buckets import kept, prepare, token
from ingest.influx import place
from ingest.minute import unknown
from lab.influxdb import flux
from tests import influx
from tests.batches import plain

DEPLOY = Path(__file__).resolve().parents[1] / "config/deploy/grafana"
BOARDS: dict[str, dict[str, Any]] = {file.stem: json.loads(file.read_text()) for file in sorted((DEPLOY / "dashboards").glob("*.json"))}
BAND = "b-1"
SAID = (
    b"keepup_dead_letters gauge",
    b"keepup_broker_up gauge",
    b"keepup_inbox_messages gauge",
    b"keepup_readings_total counter",
    b"keepup_dead_total,kind=time counter",
    b"keepup_complete_lag_seconds,dev=b-1 gauge",
)
"""As InfluxDB writes down what it reads of an ingester's metrics (seen of 2.7.12)."""


def asked(board: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(panel, query), then (variable, query)."""
    for panel in board["panels"]:
        yield from ((panel["title"], target["query"]) for target in panel["targets"])
    yield from ((variable["name"], variable["query"]["query"]) for variable in board["templating"]["list"])


QUERIES = [pytest.param(query, id=f"{name} {title} {i}") for name in BOARDS for i, (title, query) in enumerate(asked(BOARDS[name]))]


def meant(query: str, now: datetime) -> str:
    """As Grafana sends it: its variables replaced."""
    spans = {"v.timeRangeStart": now - timedelta(hours=6), "v.timeRangeStop": now, "${dev}": BAND}
    for name, value in spans.items():
        query = query.replace(name, value if isinstance(value, str) else f"{value:%Y-%m-%dT%H:%M:%SZ}")
    assert "${" not in query
    return query


def test_dashboards_ask_the_data_source_that_is_provisioned() -> None:
    source = yaml.safe_load((DEPLOY / "datasource.yml").read_text())["datasources"][0]

    assert sorted(BOARDS) == ["day", "fleet"]
    for board in BOARDS.values():
        assert {panel["datasource"]["uid"] for panel in board["panels"]} == {source["uid"]}
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert source["secureJsonData"] == {"token": "$__file{/tokens/grafana}", "tlsCACert": "$__file{/run/secrets/ca}"}


@pytest.mark.parametrize("query", QUERIES)
def test_a_question_is_flux(query: str) -> None:
    assert flux.parse(meant(query, datetime(2026, 11, 22, tzinfo=UTC)))


@pytest.fixture(scope="module")
def answer() -> Iterator[Callable[[str], list[dict[str, str]]]]:
    """What a real server answers a question, by a site's token that may only read: it holds an hour of one band, and what an ingester
    said of itself in the last ten minutes."""
    with influx.real() as real, closing(real.server()) as server:
        address = real.site()
        site = place(address)
        prepare(server, real.org, {f"{site.prefix}-health": 0})
        now = datetime.now(UTC)
        at = int(now.timestamp()) // 60 * MINUTE
        with closing(opener("influx")(address, real.token)) as store:
            minutes = unknown(at - HOUR, at)
            for name in set(minutes.dtype.names or ()) - {"t", "worn", "asleep"}:  # these two nobody keeps (alerts.refresh)
                minutes[name] = 1
            store.write_minutes(BAND, minutes)
            store.write([plain(Stream.BATTERY, at - HOUR, 9, BAND, 80), plain(Stream.ACC, at - HOUR, 9, BAND)], {}, at)
        server.write(f"{site.prefix}-health", [b"%b=%d %d" % (said, 9, at - ago * MINUTE) for ago in range(10) for said in SAID])
        token_ = token(server, real.org, [*kept(site), f"{site.prefix}-health"], "to read", ("read",))
        with closing(real.server(token_)) as reading:
            yield lambda query: list(reading.rows(meant(query, now).replace('bucket: "keepup', f'bucket: "{site.prefix}')))


@pytest.mark.parametrize("query", QUERIES)
def test_a_question_is_answered_from_what_is_held(answer: Callable[[str], list[dict[str, str]]], query: str) -> None:
    rows = answer(query)

    assert rows
    assert all(row["_value"] for row in rows)
