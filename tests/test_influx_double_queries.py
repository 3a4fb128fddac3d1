"""The protocol double answers every question the store puts, as its Flux says it, and refuses what it cannot compute."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from influxdb_client import InfluxDBClient, WritePrecision  # type: ignore[attr-defined] # the library exports it by a star
from influxdb_client.client.flux_csv_parser import FluxQueryException
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from ingest import flux
from ingest.batch import DAY, MINUTE
from lab.influxdb.flux import parse
from lab.influxdb.syntax import Array, Literal
from tests.influx import NOON, ORG, client, double

SPAN = "range(start: 2026-11-01T00:00:00Z, stop: 2026-11-06T00:00:00Z)"


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDBClient]:
    """Two bands, noon of 3 November and of the day after, two batches each of 10, 20, 30, 40 readings; and one heart rate.

    b1 acc   10 20      30 40
    b2 acc   10 20      30 40
    b1 hr    1
    """
    lines = [
        f'acc,dev={dev} body="{dev}{i}",n={10 * (i + 1)}i,arrived={NOON + i}i {NOON + i // 2 * DAY + i % 2 * MINUTE}'
        for dev in ("b1", "b2")
        for i in range(4)
    ]
    with double(tmp_path_factory.mktemp("double")) as (_, server), client(server.url) as found:
        found.buckets_api().create_bucket(bucket_name="raw", org=ORG)
        record = [*lines, f"hr,dev=b1 n=1i {NOON}"]
        found.write_api(write_options=SYNCHRONOUS).write("raw", record=record, write_precision=WritePrecision.US)  # type: ignore[arg-type] # its constants are plain strings
        yield found


def asked(influx: InfluxDBClient, query: str) -> list[dict[str, object]]:
    rows = [record.values for table in influx.query_api().query(query) for record in table]
    return [{name: value for name, value in row.items() if name not in ("result", "table")} for row in rows]


def told(influx: InfluxDBClient, steps: str) -> list[object]:
    return [row["_value"] for row in asked(influx, f'from(bucket: "raw") |> {SPAN} |> {steps}')]


def test_one_column_of_one_band_in_order_and_the_stop_excluded(influx: InfluxDBClient) -> None:
    found = asked(influx, flux.column("raw", "acc", "b1", "body", NOON, NOON + DAY))

    assert [list(row) for row in found] == [["_time", "_value"]] * 2
    assert [row["_value"] for row in found] == ["b10", "b11"]


def test_the_newest_before_an_instant(influx: InfluxDBClient) -> None:
    assert [row["_value"] for row in asked(influx, flux.newest("raw", "acc", "b2", "body", NOON + DAY))] == ["b21"]
    assert asked(influx, flux.newest("raw", "acc", "b2", "body", NOON)) == []


def test_arrivals_of_some_bands_or_all(influx: InfluxDBClient) -> None:
    some = asked(influx, flux.arrivals("raw", ["b2", "b3"], NOON, NOON + DAY))
    every = asked(influx, flux.arrivals("raw", [], NOON, NOON + DAY))

    assert [(row["_measurement"], row["dev"], row["_value"]) for row in some] == [("acc", "b2", NOON), ("acc", "b2", NOON + 1)]
    assert {row["dev"] for row in every} == {"b1", "b2"}


def test_readings_held_by_band_whatever_the_stream(influx: InfluxDBClient) -> None:
    assert asked(influx, flux.held("raw")) == [{"dev": "b1", "_value": 101}, {"dev": "b2", "_value": 100}]


def test_readings_held_by_day(influx: InfluxDBClient) -> None:
    midnight = NOON // DAY * DAY
    found = asked(influx, flux.held_by_day("raw", midnight, midnight + 2 * DAY))

    rows = [(row["dev"], flux.instant(row["_time"].isoformat()) - midnight, row["_value"]) for row in found]  # type: ignore[attr-defined] # a time
    assert sorted(rows) == sorted([("b1", 0, 30), ("b1", DAY, 70), ("b1", 0, 1), ("b2", 0, 30), ("b2", DAY, 70)])


@pytest.mark.parametrize(
    ("steps", "values"),
    [
        ('filter(fn: (r) => r._field == "n" and r["dev"] == "b1" and r._value > 10) |> count()', [3]),
        ('filter(fn: (r) => r._field == "n" and not (r.dev == "b1" or r._value < 40))', [40]),
        ('filter(fn: (r) => r._field == "n") |> filter(fn: (r) => exists r.dev and r._measurement != "hr") |> max()', [40, 40]),
        ('filter(fn: (r) => r._field == "n") |> group() |> mean()', [201 / 9]),
        ('filter(fn: (r) => r._field == "n") |> group(columns: ["_measurement"]) |> sum()', [200, 1]),
        (
            'filter(fn: (r) => r._field == "body") |> group() |> sort(columns: ["_value"], desc: true) |> limit(n: 3, offset: 1)',
            ["b22", "b21", "b20"],
        ),
        ('filter(fn: (r) => r._field == "body" and r.dev == "b1") |> first()', ["b10"]),
        (
            'filter(fn: (r) => r._field == "body" and r._time >= 2026-11-04T00:00:00Z) |> drop(columns: ["dev", "_start"])',
            ["b12", "b13", "b22", "b23"],
        ),
        ('filter(fn: (r) => r._measurement == "nothing") |> last()', []),
    ],
)
def test_the_steps_do_what_flux_says(influx: InfluxDBClient, steps: str, values: list[object]) -> None:
    assert told(influx, steps) == values


def test_two_results_have_their_names(influx: InfluxDBClient) -> None:
    last = f'from(bucket: "raw") |> {SPAN} |> filter(fn: (r) => r._field == "n" and r._measurement == "hr")'

    found = influx.query_api().query(f'{last} |> yield(name: "one")\n{last} |> count() |> yield(name: "two")')

    assert [(table.records[0]["result"], table.records[0].get_value()) for table in found] == [("one", 1), ("two", 1)]


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("", 400, "requires either query or AST"),
        ("// nothing", 400, "no result is asked for"),
        ('from(bucket: "raw")', 400, "unbounded read"),
        (f'from(bucket: "raw") |> {SPAN} |> frobnicate()', 400, "undefined identifier frobnicate"),
        (f'from(bucket: "raw") |> {SPAN} |> filter(fn: (r) => r.dev ==', 400, "unexpected end of the query"),
        (f'from(bucket: "raw") |> {SPAN} |> limit(n: 3', 400, "expected , or )"),
        ('from(bucket: "raw") |> range(start: 2026-11-06T00:00:00Z, stop: 2026-11-01T00:00:00Z)', 400, "empty range"),
        (
            f'from(bucket: "raw") |> {SPAN} |> filter(fn: (r) => r._field == "body") |> sum()',
            400,
            "unsupported input type for sum aggregate: string",
        ),
        (f'from(bucket: "raw") |> {SPAN} |> keep(columns: ["_value"])', 400, "schema collision"),
        (f'from(bucket: "nowhere") |> {SPAN}', 404, "could not find bucket"),
    ],
)
def test_what_cannot_be_computed_is_refused(influx: InfluxDBClient, query: str, status: int, reason: str) -> None:
    with pytest.raises(ApiException) as caught:
        influx.query_api().query(query)

    assert caught.value.status == status
    assert reason in caught.value.body.decode()


def test_an_error_in_the_midst_of_an_answer_is_told_in_it(influx: InfluxDBClient) -> None:
    with pytest.raises(FluxQueryException, match="unsupported input type for sum"):
        told(influx, 'filter(fn: (r) => r._field != "n") |> sum()')


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_nothing_in_a_quoted_text_is_code(text: str) -> None:
    (call,) = parse(f"keep(columns: [{flux.quoted(text)}])")

    assert call.arguments == {"columns": Array((Literal(text),))}
