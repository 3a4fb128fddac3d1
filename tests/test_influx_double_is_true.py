"""The protocol double and a real influxd answer the same requests alike: status, code, and what the annotated CSV says.

The real server is the one of KEEPUP_TEST_INFLUX_URL, or influxd on PATH; without either only the double's half would run, so nothing does.
"""

import csv
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from io import StringIO
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests import influx
from tests.influx import NOON, Influx

SPAN = "range(start: 2026-11-03T00:00:00Z, stop: 2026-11-04T00:00:00Z)"
ALL = {"start": "1970-01-01T00:00:00Z", "stop": "2100-01-01T00:00:00Z"}
LONGEST = 1_048_576
DIALECT = {"annotations": ["datatype", "group", "default"], "header": True, "delimiter": ","}

WRITES = {
    "plain": f'm,dev=a v=1.5,n=3i,s="x",ok=true,u=7u {NOON}\nm,dev=b v=-0.25 {NOON + 1}',
    "nothing": "",
    "a comment": "# nothing\n\n",
    "a year ahead": f"m v=1 {NOON + 365 * 86_400_000_000}",
    "two malformed of three": f"m v= {NOON}\nm v=1 {NOON}\nm v=abc {NOON}",
    "not a number": f"m v=NaN {NOON}",
    "out of bounds": f"m v=99999999999999999999i {NOON}",
    "a late time": "m v=1 99999999999999999999",
    "a tag twice": f"m,dev=a,dev=b v=1 {NOON}",
    "an empty tag": f"m,dev= v=1 {NOON}",
    "a reserved tag": f"m,_field=a v=1 {NOON}",
    "a conflict beside others": f'm,dev=a v=1 {NOON}\nm,dev=b v=2i,w=1 {NOON + 1}\nm,dev=c v="s" {NOON + 2}\nm,dev=d v=4 {NOON + 3}',
    "a string as long as may be": f'm s="{"y" * LONGEST}" {NOON}',
    "a string too long": f'm,dev=a s="{"y" * (LONGEST + 1)}",v=1 {NOON}\nm,dev=b s="short" {NOON}',
    "the same twice": f"m v=1,w=1 {NOON}\nm v=2 {NOON}",
    "the ends of lines": f'm,dev=a s="a\nb" {NOON}\nm,dev=b s="a\rb" {NOON}\nm,dev=c s="a\r\nb" {NOON}\nm,dev=d s="" {NOON}',
    "odd texts": f'm,dev=a s="a,b\\"c\\\\" {NOON}\nm,dev=b\\ \\,\\= s="  sp " {NOON}\nm,dev=c s="#x é☃" {NOON}',
    "odd floats": f"m v=0.1,w=1e308,x=-0.0,y=123456789012345680,z=1e-7 {NOON}",
}
QUERIES = {
    "all": "",
    "nothing": '|> filter(fn: (r) => r._measurement == "none")',
    "the last": "|> last()",
    "counted": "|> count()",
    "summed by band": '|> filter(fn: (r) => r._field == "n") |> group(columns: ["dev"]) |> sum()',
    "by day": '|> filter(fn: (r) => r._field == "n") |> aggregateWindow(every: 1d, fn: sum, createEmpty: false, timeSrc: "_start")',
    "kept": '|> filter(fn: (r) => r._field == "n" and (r.dev == "a" or r.dev == "b")) |> keep(columns: ["_time", "_value"])',
    "limited": '|> filter(fn: (r) => r._field == "n") |> limit(n: 1, offset: 1)',
    "a sum of strings": '|> filter(fn: (r) => r._field == "s") |> sum()',
    "unknown": "|> frobnicate()",
    "cut off": "|> filter(fn: (r) => r.dev ==",
    "NUL": '|> filter(fn: (r) => r.dev == "a\0b")',
    "a dollar": '|> filter(fn: (r) => r.dev == "a\\${1}b")',
}
PREDICATES = {
    "of a band": '_measurement="m" AND dev="a"',
    "but one": 'dev!="a"',
    "none": "",
    "escaped": '_measurement="m" AND dev="a\\"\\\\"',
    "a dollar escaped": 'dev="a\\$b"',
    "either": 'dev="a" OR dev="b"',
    "a field": '_measurement="m" AND _field="v"',
    "single quotes": "dev='a'",
    "over a line's end": 'dev="a\nb"',
    "unfinished": 'dev="a" AND',
    "another sign": "dev=~/a/",
}
BANDS = "\n".join(f'm,dev={dev} n={i}i,s="{dev}{i}" {NOON + i * 1_000_000}' for dev in "abc" for i in (1, 2))
"""A point a second of each of three bands, from a second after noon."""


class Spoken:
    """One server, and a bucket of its own for each thing that is tried."""

    def __init__(self, server: Influx) -> None:
        self.web = httpx.Client(base_url=f"{server.url}/api/v2", headers={"Authorization": f"Token {server.token}"}, timeout=20)
        self.org_id = self.web.get("/orgs", params={"org": server.org}).json()["orgs"][0]["id"]
        self.org, self.bucket = server.org, ""

    def fresh(self, kept: int = 0) -> httpx.Response:
        self.bucket = f"t-{uuid4().hex[:12]}"
        rules = [{"type": "expire", "everySeconds": kept}]
        return self.web.post("/buckets", json={"orgID": self.org_id, "name": self.bucket, "retentionRules": rules})

    def write(self, body: str, **other: str) -> httpx.Response:
        return self.web.post("/write", params={"org": self.org, "bucket": self.bucket, "precision": "us"} | other, content=body.encode())

    def query(self, steps: str = "", span: str = SPAN, bucket: str = "", org: str = "") -> httpx.Response:
        asked = {"query": f'from(bucket: "{bucket or self.bucket}") |> {span} {steps}', "type": "flux", "dialect": DIALECT}
        return self.web.post("/query", params={"org": org or self.org}, json=asked)

    def delete(self, asked: dict[str, Any], **other: str) -> httpx.Response:
        return self.web.post("/delete", params={"org": self.org, "bucket": self.bucket} | other, json=asked)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Spoken, Spoken]]:
    """The double and the real one; skips where there is none."""
    with ExitStack() as stack:
        real = stack.enter_context(influx.real())
        double, _ = stack.enter_context(influx.double(tmp_path_factory.mktemp("influx")))
        servers = Spoken(double), Spoken(real)
        for server in servers:
            stack.enter_context(closing(server.web))
        yield servers


def answered(answer: httpx.Response) -> tuple[int, str | None, list[list[str]]]:
    """Status, the code of an error, and the cells of the CSV, line by line."""
    if answer.status_code >= 400:
        return answer.status_code, answer.json()["code"], []
    csv.field_size_limit(2 * LONGEST)
    csv_ = "csv" in answer.headers.get("Content-Type", "")
    return answer.status_code, None, list(csv.reader(StringIO(answer.content.decode(), newline=""))) if csv_ else []


@pytest.mark.parametrize("body", WRITES.values(), ids=WRITES)
def test_a_write_is_answered_alike_and_leaves_the_same(both: tuple[Spoken, Spoken], body: str) -> None:
    told = []
    for server in both:
        server.fresh()
        told.append([answered(one) for one in (server.write(body), server.query())])

    assert told[0] == told[1]


@pytest.mark.parametrize("steps", QUERIES.values(), ids=QUERIES)
def test_a_query_is_answered_alike(both: tuple[Spoken, Spoken], steps: str) -> None:
    told = []
    for server in both:
        server.fresh()
        server.write(BANDS)
        told.append(answered(server.query(steps)))

    assert told[0] == told[1]


@pytest.mark.parametrize("predicate", PREDICATES.values(), ids=PREDICATES)
def test_a_deletion_is_answered_alike_and_leaves_the_same(both: tuple[Spoken, Spoken], predicate: str) -> None:
    # stop is the second of band a's two points, and goes with it
    told = []
    for server in both:
        server.fresh()
        server.write(BANDS)
        asked = {"start": "2026-11-03T12:00:01.5Z", "stop": "2026-11-03T12:00:02Z", "predicate": predicate}
        told.append([answered(one) for one in (server.delete(asked), server.query())])

    assert told[0] == told[1]


def test_whatever_is_asked_for_wrongly_is_refused_alike(both: tuple[Spoken, Spoken]) -> None:
    told = []
    for server in both:
        made = server.fresh()
        name, number = server.bucket, made.json()["id"]
        permission = {"action": "read", "resource": {"type": "buckets", "id": number, "orgID": server.org_id}}
        token = server.web.post("/authorizations", json={"orgID": server.org_id, "permissions": [permission]}).json()["token"]
        reader, stranger = ({"Authorization": f"Token {one}"} for one in (token, "nobody's"))
        at = {"org": server.org, "bucket": name}
        post = server.web.post
        answers = [
            *(server.write("m v=1 1", **other) for other in ({"precision": "u"}, {"bucket": "nope"}, {"org": "nope"}, {"bucket": ""})),
            *(post("/write", params=at, content=b"m v=1 1", headers=headers) for headers in (reader, stranger)),
            post("/write", params=at, content=b"no gzip", headers={"Content-Encoding": "gzip"}),
            *(server.query(**{key: "nope"}) for key in ("org", "bucket")),
            *(server.query(span=span) for span in ("last()", "range(start: 5, stop: 5)", "range(start: 6, stop: 5)")),
            *(post("/query", params=at, json=asked) for asked in WRONG_QUERIES),
            *(server.delete(asked) for asked in ({}, {"start": ALL["start"]}, {"start": 5, "stop": 6}, ALL | {"predicate": 5})),
            *(server.delete(ALL, **{key: "nope"}) for key in ("org", "bucket")),
            post("/delete", params=at, json=ALL, headers=reader),
            server.web.get("/write"),
            server.web.get("/buckets", params={"limit": "x"}),
            server.web.get("/buckets/none"),
            *(post("/setup", json=asked) for asked in ({"username": "x", "org": "x", "bucket": "x"}, {"username": 5})),
            server.fresh(600),
            server.fresh(-1),
            post("/buckets", json={"orgID": server.org_id, "name": name}),
            *(post("/buckets", json={"orgID": server.org_id, "name": "x"} | wrong) for wrong in WRONG_BUCKETS),
            *(post("/authorizations", json={"orgID": server.org_id, "permissions": wrong}) for wrong in WRONG_PERMISSIONS),
            *(server.web.patch(f"/buckets/{number}", json=wrong) for wrong in WRONG_CHANGES),
        ]
        told.append([(one.request.method, one.request.url.path.split("/")[3], answered(one)[:2]) for one in answers])

    assert [one[2][0] for one in told[0]] == [status for *_, (status, _) in told[1]]
    assert told[0] == told[1]


WRONG_BUCKETS: list[dict[str, Any]] = [{"name": 5}, {"name": "_x"}, {"retentionRules": 5}, {"retentionRules": [5]}, {"description": 5}]
WRONG_CHANGES: list[Any] = [[], {"name": 5}, {"retentionRules": [{"everySeconds": 60}]}]
WRONG_QUERIES: list[Any] = [[], {}, {"query": 5}, {"query": "x", "dialect": 5}]
WRONG_PERMISSIONS: list[Any] = [
    *(None, [], 5, [5], [{}], [{"action": "read"}], [{"action": "read", "resource": "x"}]),
    *([{"action": "read", "resource": {"type": "frogs"}}], [{"action": "x", "resource": {"type": "buckets"}}]),
]


def test_a_token_that_may_not_read_finds_no_bucket(both: tuple[Spoken, Spoken]) -> None:
    told = []
    for server in both:
        permission = {"action": "write", "resource": {"type": "buckets", "id": server.fresh().json()["id"], "orgID": server.org_id}}
        token = server.web.post("/authorizations", json={"orgID": server.org_id, "permissions": [permission]}).json()["token"]
        asked = {"query": f'from(bucket: "{server.bucket}") |> {SPAN}'}
        told.append(
            answered(server.web.post("/query", params={"org": server.org}, json=asked, headers={"Authorization": f"Token {token}"}))
        )

    assert told == [(404, "not found", [])] * 2


def test_what_is_older_than_a_bucket_keeps_is_refused_in_the_same_words(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The double is given the time of day, which the other tests' double has not."""
    with influx.real() as real, influx.double(tmp_path_factory.mktemp("late"), now=lambda: time.time_ns() // 1_000) as (double, _):
        told = []
        for server in (Spoken(double), Spoken(real)):
            with closing(server.web):
                server.fresh(3_600)
                now = time.time_ns() // 1_000
                answer = server.write("\n".join(f"m,dev=b{hours} v=1 {now - hours * 3_600_000_000}" for hours in (0, 2, 3)))
                words = re.sub(r"\d{4}-\S+Z|(?<=database: )[0-9a-f]{16}", "_", answer.json()["message"])
                left = answered(server.query("|> count()", "range(start: -1d)"))[2]
                told.append((answer.status_code, answer.json()["code"], words, [row[5:] for row in left]))

    assert told[0] == told[1]
    assert told[0][0] == 422
