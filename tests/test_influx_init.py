"""`keepup influx init`, and a site that stores where it prepared; over the protocol double."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

import pytest

from config.plugins import store as opener
from ingest.body import encode
from ingest.broker import free_port
from ingest.catalog import Catalog
from ingest.link import Link
from ingest.store import StoreUnavailable
from ingest.wire import Message, Parcel, pack, seal
from lab.influxdb.server import Double
from tests import influx
from tests.batches import NOON, plain
from tests.influx import TOKEN, Influx
from tests.verbs import ended, started, until


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Influx, Double]]:
    (tmp_path / "operator").write_text(TOKEN + "\n")
    with influx.double(tmp_path) as found:
        yield found


def init(folder: Path, server: Influx, *args: str) -> tuple[int, str, str]:
    """`keepup influx init` with a token's file in `folder`: exit code, what it printed, what it complained of."""
    told = ["--org", "clinic", "--token-file", str(folder / "operator"), "--write-token-to", str(folder / "token"), *args]
    code, verb = ended(folder / f"init-{len(os.listdir(folder))}", "influx", "init", server.url, *told)
    return code, verb.out, verb.said


def test_a_prepared_server_keeps_each_thing_as_long_as_it_should(tmp_path: Path, both: tuple[Influx, Double]) -> None:
    code, out, _ = init(tmp_path, both[0], "--json")
    address = f"{both[0].url}/clinic"
    assert code == 0
    assert json.loads(out) == {
        "store": address,
        "buckets": dict.fromkeys(["keepup-raw", "keepup-tiles", "keepup"], "made"),
        "token": "made",
        "read_token": None,
    }
    assert {b.name: b.kept // 86_400 for b in both[1].api.accounts.buckets()} == {"keepup-raw": 30, "keepup-tiles": 60, "keepup": 730}
    token = tmp_path / "token"
    assert S_IMODE(token.stat().st_mode) == 0o600
    with closing(opener("influx")(address, token.read_text().strip())) as store:
        store.write([plain()], {}, NOON)
        assert store.readings() == {"d1": 3}
        store.trim(NOON)


def test_its_token_opens_nothing_else(tmp_path: Path, both: tuple[Influx, Double]) -> None:
    init(tmp_path, both[0])
    elsewhere = both[0].site()
    with closing(opener("influx")(elsewhere, (tmp_path / "token").read_text().strip())) as store:
        for asked in (store.readings, lambda: store.write_bouts("d1", 0, 1, []), lambda: store.write([plain()], {}, NOON)):
            with pytest.raises(StoreUnavailable, match="keepup influx init"):
                asked()
    with closing(both[0].server((tmp_path / "token").read_text().strip())) as mine, pytest.raises(StoreUnavailable), mine.spoken():
        mine.client.buckets_api().create_bucket(bucket_name="another", org=both[1].api.accounts.org("clinic"))


def test_to_run_it_again_changes_nothing_and_keeps_the_token(tmp_path: Path, both: tuple[Influx, Double]) -> None:
    init(tmp_path, both[0])
    token = (tmp_path / "token").read_text()
    with closing(opener("influx")(f"{both[0].url}/clinic", token.strip())) as store:
        store.write([plain()], {}, NOON)
        code, out, _ = init(tmp_path, both[0])
        assert code == 0
        assert out.count("was there;") == 3
        assert f"The token in {tmp_path / 'token'} works." in out
        assert store.readings() == {"d1": 3}
    assert (tmp_path / "token").read_text() == token
    assert len(both[1].api.accounts.tokens()) == 2


def test_a_bucket_that_keeps_for_ever_is_told_when_to_forget(tmp_path: Path, both: tuple[Influx, Double]) -> None:
    accounts = both[1].api.accounts
    accounts.add_bucket(accounts.org("clinic"), "keepup-raw")
    _, out, _ = init(tmp_path, both[0])
    assert "keepup-raw was there, and keeps now as long as it should; 30 days" in out


def test_a_token_file_that_does_not_serve_is_left_and_named(tmp_path: Path, both: tuple[Influx, Double]) -> None:
    (tmp_path / "token").write_text("of-another-server")
    code, _, said = init(tmp_path, both[0])
    assert code == 1
    assert "move the file aside and run this again" in said
    assert "of-another-server" not in said
    assert (tmp_path / "token").read_text() == "of-another-server"


def test_a_token_that_may_not_prepare_is_refused_in_words(tmp_path: Path, both: tuple[Influx, Double]) -> None:
    (tmp_path / "operator").write_text("nobodys")
    code, _, said = init(tmp_path, both[0])
    assert code == 1
    assert "init itself takes an operator's token" in said
    assert "nobodys" not in said
    assert not (tmp_path / "token").exists()


def test_an_ingester_told_of_the_store_keeps_readings_there(tmp_path: Path, both: tuple[Influx, Double]) -> None:
    init(tmp_path, both[0])
    address, port = f"{both[0].url}/clinic", free_port()
    message = seal(Message("s1", 1, rows=[(1, pack(Parcel([(3, encode(plain()))])))]))
    env = {"KEEPUP_STORE": address, "KEEPUP_INFLUX_TOKEN_FILE": str(tmp_path / "token")}
    with started(tmp_path / "ingest", "ingest", tmp_path / "clinic", "--port", str(port), **env) as verb:
        assert until(lambda: "Listening" in verb.said)
        link = Link(f"mqtt://127.0.0.1:{port}", "gateway", ["keepup/1/home/g1/ack"])
        link.start()
        try:
            assert until(link.up)
            link.publish("keepup/1/home/g1/data", message)
            assert until(lambda: not link.arrived.empty())  # the answer, which comes after the store's
        finally:
            link.stop()
        with closing(opener("influx")(address, TOKEN)) as store:
            assert store.readings() == {"d1": 3}
        assert verb.stopped() == 0
    assert not (tmp_path / "clinic" / "store").exists()
    with closing(Catalog(tmp_path / "clinic" / "catalog.db")) as catalog:
        assert not catalog.dead()


@pytest.mark.parametrize(
    ("args", "env", "says"),
    [
        (["--store", "postgres"], {}, "looks like http"),
        (["--store", "http://influx.example:8086/o"], {}, "use https"),
        (["--store", "http://127.0.0.1:8086/o"], {}, "KEEPUP_INFLUX_TOKEN_FILE"),
        (["--store", "http://127.0.0.1:8086/o"], {"KEEPUP_INFLUX_TOKEN_FILE": "/nonexistent"}, "cannot be read"),
    ],
)
def test_a_store_that_will_not_do_is_refused_before_anything_begins(
    tmp_path: Path, args: list[str], env: dict[str, str], says: str
) -> None:
    code, verb = ended(tmp_path / "verb", "ingest", tmp_path / "clinic", *args, **env)
    assert code in (1, 2)
    assert says in verb.said
    assert not (tmp_path / "clinic").exists()
