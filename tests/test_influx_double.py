"""The official client of InfluxDB 2 finds in the protocol double what it knows of a real server."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from influxdb_client import BucketRetentionRules, InfluxDBClient, Permission, PermissionResource, Point  # type: ignore[attr-defined] # by a star
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from lab.influxdb.server import Double
from tests.influx import NOON, ORG, TOKEN, client
from tests.influx import double as doubled

SECONDS = NOON // 1_000_000
LINES = "\n".join(f"acc,dev=b{i % 2} x={i}i,y=-{i}i,z={i / 4} {NOON + i}" for i in range(6))
EVERYTHING = 'from(bucket: "raw") |> range(start: 2026-11-03T00:00:00Z, stop: 2026-11-04T00:00:00Z)'


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    with doubled(tmp_path) as (_, server):
        yield server


@pytest.fixture
def influx(double: Double) -> Iterator[InfluxDBClient]:
    with client(double.url) as found:
        found.buckets_api().create_bucket(bucket_name="raw", org=ORG)
        yield found


def write(influx: InfluxDBClient, record: object = LINES, bucket: str = "raw", precision: str = "us") -> None:
    influx.write_api(write_options=SYNCHRONOUS).write(bucket, record=record, write_precision=precision)  # type: ignore[arg-type] # its constants are plain strings


def rows(influx: InfluxDBClient, steps: str = "", query: str = EVERYTHING) -> list[dict[str, object]]:
    return [record.values for table in influx.query_api().query(f"{query} {steps}") for record in table]


def refusal(error: ApiException) -> tuple[int, str]:
    return error.status, error.body


def test_it_is_there_and_says_that_it_is_a_double(influx: InfluxDBClient) -> None:
    assert influx.ping()
    assert influx.ready().status == "ready"
    assert "double" in influx.version()


def test_what_is_written_is_read_back_one_table_for_each_series_and_field(influx: InfluxDBClient) -> None:
    write(influx)

    tables = influx.query_api().query(EVERYTHING)

    assert [(t.records[0]["dev"], t.records[0].get_field()) for t in tables] == [(d, f) for d in ("b0", "b1") for f in "xyz"]
    assert [(r.get_time().timestamp(), r.get_value()) for r in tables[0]] == [(SECONDS + i / 1e6, i) for i in (0, 2, 4)]
    assert [r.get_value() for r in tables[5]] == [0.25, 0.75, 1.25]
    assert {c.label for c in tables[0].columns if c.group} == {"_start", "_stop", "_field", "_measurement", "dev"}


def test_csv_comes_as_the_client_asks_for_it(influx: InfluxDBClient) -> None:
    write(influx, f'note,dev=b1 text="a, \\"b\\"",n=1i {NOON}\nnote,dev=b2 n=2i {NOON + 1}')

    raw = influx.query_api().query_raw(EVERYTHING).data.decode()

    span = "2026-11-03T00:00:00Z,2026-11-04T00:00:00Z"
    assert raw.split("\r\n") == [
        "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,long,string,string,string",
        "#group,false,false,true,true,false,false,true,true,true",
        "#default,_result,,,,,,,,",
        ",result,table,_start,_stop,_time,_value,_field,_measurement,dev",
        f",,0,{span},2026-11-03T12:00:00Z,1,n,note,b1",
        "",
        "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,string,string,string,string",
        "#group,false,false,true,true,false,false,true,true,true",
        "#default,_result,,,,,,,,",
        ",result,table,_start,_stop,_time,_value,_field,_measurement,dev",
        f',,1,{span},2026-11-03T12:00:00Z,"a, ""b""",text,note,b1',
        "",
        "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,long,string,string,string",
        "#group,false,false,true,true,false,false,true,true,true",
        "#default,_result,,,,,,,,",
        ",result,table,_start,_stop,_time,_value,_field,_measurement,dev",
        f",,2,{span},2026-11-03T12:00:00.000001Z,2,n,note,b2",
        "",
        "",
    ]


def test_a_stream_and_a_csv_iterator_tell_the_same(influx: InfluxDBClient) -> None:
    write(influx)
    api = influx.query_api()

    assert len(list(api.query_stream(EVERYTHING))) == 18
    assert len([line for line in api.query_csv(EVERYTHING) if line and line[0] == "" and line[1] == ""]) == 18


def test_nothing_found_is_no_error(influx: InfluxDBClient) -> None:
    assert influx.query_api().query(EVERYTHING) == []


def test_a_point_of_the_client_with_odd_characters_comes_back_as_it_was(influx: InfluxDBClient) -> None:
    write(influx, Point("a b,c").tag("d=e", "f ,=g\\h").field("i j", 'k "l" \\ m\nn').time(NOON, "us"))

    (row,) = rows(influx)

    assert (row["_measurement"], row["d=e"], row["_field"], row["_value"]) == ("a b,c", "f ,=g\\h", "i j", 'k "l" \\ m\r\nn')


def test_the_same_point_again_replaces_its_fields_and_keeps_the_others(influx: InfluxDBClient) -> None:
    write(influx, f"acc,dev=b1 x=1i,y=2i {NOON}")
    write(influx, f"acc,dev=b1 x=3i,z=4i {NOON}")
    write(influx, f"acc,dev=b1 x=5i {NOON}")

    assert {row["_field"]: row["_value"] for row in rows(influx)} == {"x": 5, "y": 2, "z": 4}


@pytest.mark.parametrize(("precision", "scale"), [("s", 10**6), ("ms", 10**3), ("us", 1)])
def test_a_precision_is_kept_to(influx: InfluxDBClient, precision: str, scale: int) -> None:
    write(influx, f"acc,dev=b1 x=1i {NOON // scale}", precision=precision)

    assert rows(influx)[0]["_time"].timestamp() == SECONDS  # type: ignore[attr-defined] # a time it is


def test_a_gzipped_body_is_unpacked(double: Double, influx: InfluxDBClient) -> None:
    with InfluxDBClient(double.url, TOKEN, org=ORG, enable_gzip=True) as packing:
        write(packing)

    assert len(rows(influx)) == 18


def test_one_malformed_line_and_nothing_is_written(influx: InfluxDBClient) -> None:
    with pytest.raises(ApiException) as caught:
        write(influx, f"{LINES}\nacc,dev=b1 x= {NOON}")

    assert caught.value.status == 400
    assert '"code": "invalid"' in caught.value.body
    assert "unable to parse 'acc,dev=b1 x=" in caught.value.body
    assert rows(influx) == []


def test_a_field_of_another_kind_is_dropped_and_the_rest_is_written(influx: InfluxDBClient) -> None:
    write(influx, f"acc,dev=b1 x=1i {NOON}")

    with pytest.raises(ApiException) as caught:
        write(influx, f"acc,dev=b1 x=2i {NOON + 1}\nacc,dev=b1 x=2.5,y=1i {NOON + 2}\nacc,dev=b2 x=3i {NOON + 3}")

    assert caught.value.status == 422
    assert "is type float, already exists as type integer dropped=1" in caught.value.body
    assert [row["_value"] for row in rows(influx)] == [1, 2, 3]


def test_what_is_older_than_the_bucket_keeps_is_dropped_and_the_rest_is_written(tmp_path: Path) -> None:
    with doubled(tmp_path, now=lambda: NOON) as (_, server), client(server.url) as influx:
        influx.buckets_api().create_bucket(bucket_name="raw", org=ORG, retention_rules=BucketRetentionRules(every_seconds=3600))

        with pytest.raises(ApiException) as caught:
            write(influx, "\n".join(f"acc,dev=b1 x=1i {NOON - hours * 3_600_000_000}" for hours in (0, 1, 2)))

        assert caught.value.status == 422
        assert "dropped 1 points outside retention policy" in caught.value.body
        assert len(rows(influx)) == 2


def test_strangers_are_turned_away_and_a_token_does_what_it_may(double: Double, influx: InfluxDBClient) -> None:
    raw = influx.buckets_api().find_bucket_by_name("raw")
    influx.buckets_api().create_bucket(bucket_name="rest", org=ORG)
    resource = PermissionResource(type="buckets", id=raw.id, org_id=raw.org_id)
    writing = influx.authorizations_api().create_authorization(raw.org_id, [Permission(action="write", resource=resource)])

    with client(double.url, "stranger") as stranger, pytest.raises(ApiException) as unknown:
        write(stranger)
    with client(double.url, writing.token) as writer:
        write(writer)
        with pytest.raises(ApiException) as forbidden:
            write(writer, bucket="rest")
        with pytest.raises(ApiException) as missing:
            write(writer, bucket="nowhere")
        with pytest.raises(ApiException) as unreadable:
            rows(writer)

    assert refusal(unknown.value) == (401, '{"code": "unauthorized", "message": "unauthorized access"}')
    assert refusal(forbidden.value) == (403, '{"code": "forbidden", "message": "insufficient permissions for write"}')
    assert refusal(missing.value) == (404, '{"code": "not found", "message": "bucket \\"nowhere\\" not found"}')
    assert unreadable.value.status == 404
    assert len(rows(influx)) == 18


def test_a_revoked_token_opens_nothing(double: Double, influx: InfluxDBClient) -> None:
    org = influx.organizations_api().find_organizations(org=ORG)[0].id
    api = influx.authorizations_api()
    given = api.create_authorization(org, [Permission(action="read", resource=PermissionResource(type="buckets", org_id=org))])

    assert [one.id for one in api.find_authorizations(org_id=org)].count(given.id) == 1
    with client(double.url, given.token) as reader:
        assert rows(reader) == []
        api.delete_authorization(given)
        with pytest.raises(ApiException, match="401"):
            rows(reader)


def test_buckets_are_made_once_changed_and_dropped_with_what_they_hold(influx: InfluxDBClient) -> None:
    api = influx.buckets_api()
    made = api.create_bucket(bucket_name="tiles", org=ORG, retention_rules=BucketRetentionRules(type="expire", every_seconds=5_184_000))
    write(influx, bucket="tiles")

    with pytest.raises(ApiException, match="already exists") as twice:
        api.create_bucket(bucket_name="tiles", org=ORG)
    made.retention_rules[0].every_seconds = 86_400
    api.update_bucket(made)

    assert twice.value.status == 422
    assert api.find_bucket_by_name("tiles").retention_rules[0].every_seconds == 86_400
    api.delete_bucket(made)
    assert api.find_bucket_by_name("tiles") is None
    assert {one.name for one in api.find_buckets_iter()} == {"raw"}


def test_what_a_predicate_names_is_deleted_and_nothing_else(influx: InfluxDBClient) -> None:
    write(influx)

    influx.delete_api().delete("2026-11-03T12:00:00Z", "2026-11-03T12:00:00.000003Z", '_measurement="acc" AND dev="b1"', "raw", ORG)

    assert sorted(row["_value"] for row in rows(influx, '|> filter(fn: (r) => r._field == "x")')) == [0, 2, 4, 5]  # type: ignore[type-var] # numbers


def test_a_fresh_server_is_set_up_once(tmp_path: Path) -> None:
    asked = {"username": "op", "password": "a-long-one", "org": "new", "bucket": "first", "token": "t1", "retentionPeriodSeconds": 7200}
    with doubled(tmp_path, onboarded=False) as (_, server), httpx.Client(base_url=f"{server.url}/api/v2") as web:
        before, made, again = web.get("/setup"), web.post("/setup", json=asked), web.post("/setup", json=asked)
        buckets = web.get("/buckets", headers={"Authorization": "Token t1"}).json()["buckets"]

    assert (before.json(), made.status_code, again.status_code) == ({"allowed": True}, 201, 422)
    assert made.json()["auth"]["token"] == asked["token"]
    assert [(one["name"], one["retentionRules"][0]["everySeconds"]) for one in buckets] == [("first", 7200)]
