"""A 204 of the protocol double outlives kill -9, and a request is there whole or not at all."""

import subprocess
from collections import Counter
from contextlib import closing
from pathlib import Path
from threading import Thread

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.broker import free_port
from lab.influxdb.lines import Value, parse
from lab.influxdb.points import Points
from tests.influx import ORG, TOKEN, client, double_process

TOGETHER, KINDS = 40, "xyz"
WRITERS, ROUNDS = 3, 2
ENOUGH = 25
"""Requests answered before the process is killed."""


def keep_writing(url: str, name: str, answered: list[str], killed: subprocess.Popen[str]) -> None:
    """Bodies one after the other, each a time of its own, until nobody answers; the writer that has had enough kills the server."""
    with httpx.Client(headers={"Authorization": f"Token {TOKEN}"}) as web:
        while True:
            number = f"{name}-{len(answered)}"
            body = "\n".join(f"acc,dev={name},body={number} x={i}i {i}" for i in range(TOGETHER))
            try:
                done = web.post(f"{url}/api/v2/write", params={"org": ORG, "bucket": "raw", "precision": "us"}, content=body)
            except httpx.TransportError:
                return
            assert done.status_code == 204
            answered.append(number)
            if len(answered) == ENOUGH:
                killed.kill()


def test_a_204_outlives_kill_9_and_no_request_is_there_in_part(tmp_path: Path) -> None:
    port, answered = free_port(), list[str]()
    url = f"http://127.0.0.1:{port}"
    for round_ in range(ROUNDS):
        with double_process(tmp_path, port) as running:
            with client(url) as influx:
                if not round_:
                    influx.buckets_api().create_bucket(bucket_name="raw", org=ORG)
            mine: list[list[str]] = [[] for _ in range(WRITERS)]
            threads = [Thread(target=keep_writing, args=(url, f"w{round_}{i}", mine[i], running)) for i in range(WRITERS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            answered += [one for each in mine for one in each]
    with double_process(tmp_path, port), client(url) as influx:
        tables = influx.query_api().query('from(bucket: "raw") |> range(start: 0) |> group(columns: ["body"]) |> count()')
    held = Counter({record["body"]: record.get_value() for table in tables for record in table})

    assert len(answered) >= ENOUGH * ROUNDS
    assert set(answered) <= set(held)
    assert set(held.values()) == {TOGETHER}


POINT = st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.dictionaries(st.sampled_from(KINDS), st.integers(-9, 9), min_size=1))


@settings(max_examples=40)
@given(bodies=st.lists(st.lists(POINT, max_size=8), max_size=5))
def test_whatever_is_written_in_whatever_portions_the_last_value_of_each_field_stands(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[list[tuple[str, int, dict[str, int]]]]
) -> None:
    told: dict[tuple[str, str, int], Value] = {}
    with closing(Points(tmp_path_factory.mktemp("points") / "p.db")) as points:
        for body in bodies:
            lines = [f"acc,dev={dev} {','.join(f'{name}={value}i' for name, value in fields.items())} {at}" for dev, at, fields in body]
            points.write("raw", parse("\n".join(lines)))
            told |= {(dev, name, at): value for dev, at, fields in body for name, value in fields.items()}
        held = [
            ((dict(series.tags)["dev"], name, at), value)
            for place, series, kinds in points.series("raw")
            for name in kinds
            for at, value in points.values(place, name, 0, 9)
        ]

    assert dict(held) == told
    assert len(held) == len(told)
