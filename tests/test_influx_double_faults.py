"""Trouble by plan: the protocol double fails as a server does, once or for good, and afterwards is itself again."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from lab.influxdb.faults import Fault, Faults, Trouble
from lab.influxdb.server import Double
from tests.influx import NOON, ORG, TOKEN
from tests.influx import double as doubled

QUERY = {"query": 'from(bucket: "raw") |> range(start: 0) |> count()', "type": "flux"}
PING = b"GET /ping HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    with doubled(tmp_path) as (_, server):
        server.api.accounts.add_bucket(server.api.accounts.org(ORG), "raw")
        yield server


@pytest.fixture
def web(double: Double) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{double.url}/api/v2", headers={"Authorization": f"Token {TOKEN}"}, timeout=5) as found:
        yield found


def write(web: httpx.Client, *times: int, timeout: float = 5) -> httpx.Response:
    body = "\n".join(f"acc,dev=b1 x=1i {NOON + time}" for time in times or (0,))
    return web.post("/write", params={"org": ORG, "bucket": "raw", "precision": "us"}, content=body, timeout=timeout)


def held(web: httpx.Client) -> int:
    lines = web.post("/query", params={"org": ORG}, json=QUERY).text.split()
    return int(lines[1].split(",")[lines[0].split(",").index("_value")]) if lines else 0


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        (Trouble.THROTTLED, 429, "too many requests"),
        (Trouble.UNAVAILABLE, 503, "unavailable"),
        (Trouble.FULL, 500, "internal error"),
        (Trouble.UNAUTHORIZED, 401, "unauthorized"),
    ],
)
def test_a_refusal_comes_once_and_nothing_is_written(double: Double, web: httpx.Client, trouble: Trouble, status: int, code: str) -> None:
    double.faults.plan(Fault(trouble, seconds=7))

    first = write(web)

    assert (first.status_code, first.json()["code"], first.headers.get("Retry-After")) == (status, code, "7" if status == 429 else None)
    assert held(web) == 0
    assert write(web).status_code == 204
    assert held(web) == 1


def test_a_partial_write_drops_the_first_point_alone(double: Double, web: httpx.Client) -> None:
    double.faults.plan(Fault(Trouble.PARTIAL))

    answer = write(web, 1, 2, 3)

    assert answer.status_code == 422
    assert "partial write" in answer.json()["message"]
    assert held(web) == 2


@pytest.mark.parametrize(("trouble", "after"), [(Trouble.RESET, 0), (Trouble.RESET_AFTER, 1)])
def test_a_connection_is_reset_before_or_after_the_commit(double: Double, web: httpx.Client, trouble: Trouble, after: int) -> None:
    double.faults.plan(Fault(trouble))

    with pytest.raises(httpx.ReadError):
        write(web)

    assert held(web) == after


def test_a_hanging_server_says_nothing_and_does_nothing(double: Double, web: httpx.Client) -> None:
    double.faults.plan(Fault(Trouble.HANG, seconds=60))

    with pytest.raises(httpx.ReadTimeout):
        write(web, timeout=0.2)

    assert held(web) == 0


def test_a_slow_server_does_it_in_the_end(double: Double, web: httpx.Client) -> None:
    double.faults.plan(Fault(Trouble.SLOW, seconds=0.05))

    assert write(web).status_code == 204
    assert held(web) == 1


def test_what_is_too_large_is_refused_whole_and_no_size_is_until_it_is_said(double: Double, web: httpx.Client) -> None:
    body = b"#" * 25_000_001
    taken = web.post("/write", params={"org": ORG, "bucket": "raw"}, content=body)
    double.api.largest = 25_000_000

    answer = web.post("/write", params={"org": ORG, "bucket": "raw"}, content=body)

    assert taken.status_code == 204
    assert (answer.status_code, answer.json()["code"]) == (413, "request too large")


def test_trouble_waits_for_its_turn_and_its_path() -> None:
    faults = Faults(Fault(Trouble.FULL, after=1, times=2), Fault(Trouble.SLOW, path="/api/v2/query", times=None))

    befallen = [faults.next(path) for path in ("/api/v2/write", "/api/v2/query", "/ping", *["/api/v2/write"] * 3, "/api/v2/query")]

    assert [fault and fault.trouble for fault in befallen] == [None, "slow", None, "full", "full", None, "slow"]
    assert faults.befell == {"slow": 2, "full": 2}
    faults.clear()
    assert faults.next("/api/v2/query") is None


def test_the_plan_is_changed_over_http_only_where_that_was_asked_for(double: Double, web: httpx.Client) -> None:
    address, trouble = f"{double.url}/faults", {"trouble": "unavailable", "times": None}

    shut = web.post(address, json=trouble)
    double.open_faults = True
    opened, wrong = web.post(address, json=trouble), web.post(address, json={"trouble": "rain"})

    assert (shut.status_code, opened.status_code, wrong.status_code) == (404, 200, 400)
    assert write(web).status_code == 503
    assert json.loads(web.get(address).text)["befell"] == {"unavailable": 1}
    web.delete(address)
    assert write(web).status_code == 204


def test_a_server_that_is_closed_answers_nobody_on_a_connection_that_was_kept_alive(tmp_path: Path) -> None:
    with socket.socket() as line:
        line.settimeout(5)
        with doubled(tmp_path) as (_, server):
            line.connect(("127.0.0.1", server.server_port))
            line.sendall(PING)
            assert line.recv(1_024).startswith(b"HTTP/1.1 204")

        with suppress(ConnectionError):  # which end says it first is chance
            line.sendall(PING)
            assert line.recv(1_024) == b""


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "buckets", {"orgID": 5, "name": "x"}),
        ("POST", "buckets", {"orgID": "ORG", "name": "x", "retentionRules": [{"everySeconds": "long"}]}),
        ("POST", "authorizations", {"orgID": "ORG", "permissions": [{"action": "read", "resource": {"type": "buckets", "id": 5}}]}),
        ("POST", "authorizations", {"orgID": "ORG", "permissions": {"action": "read"}}),
        ("POST", "orgs", {"name": 5}),
        ("POST", "delete?org=clinic&bucket=raw", {"start": 1, "stop": 2}),
        ("POST", "query?org=clinic", {"query": ["x"]}),
        ("POST", "buckets", ["x"]),
        ("GET", "buckets?offset=far", None),
    ],
)
def test_an_ill_typed_request_is_refused_and_nothing_is_printed(
    web: httpx.Client, capfd: pytest.CaptureFixture[str], method: str, path: str, body: object
) -> None:
    org = web.get("/orgs").json()["orgs"][0]["id"]
    asked = None if body is None else json.dumps(body).replace('"ORG"', f'"{org}"')

    answer = web.request(method, f"/{path}", content=asked)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert capfd.readouterr().err == ""
