"""Answers, addresses and texts of InfluxDB, the odd ones above all."""

from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.plugins import store as opener
from ingest.flux import instant, quoted, stamp
from ingest.influx import Server, place
from ingest.store import Rejected, StoreUnavailable
from lab.influxdb.server import Double
from tests import influx
from tests.influx import TOKEN, Influx


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Influx, Double]]:
    with influx.double(tmp_path_factory.mktemp("influx")) as found:
        yield found


@pytest.fixture
def address(both: tuple[Influx, Double]) -> str:
    return both[0].site()


class _saying:  # noqa: N801 — read as a word
    """A server that says one thing to everybody."""

    def __init__(self, answer: bytes) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.wfile.write(answer)
                self.close_connection = True

            def log_message(self, *_: object) -> None: ...

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_a_read_that_is_cut_off_is_no_shorter_answer() -> None:
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n"
    row = ",result,table,_time,_value\r\n,_result,0,2026-11-22T12:00:00Z,1\r\n"
    for body in (f"{len(row):x}\r\n{row}\r\n", f"{len(row) + 40:x}\r\n{row}"):
        with _saying((head + body).encode()) as url, closing(Server(url, "o", TOKEN)) as server, pytest.raises(StoreUnavailable):
            list(server.rows("from"))


def test_an_answer_that_ends_in_an_error_is_no_shorter_answer() -> None:
    body = b",result,table,_time,_value\r\n,_result,0,2026-11-22T12:00:00Z,1\r\n\r\n,error,reference\r\n,out of memory,1\r\n"
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with _saying(whole) as url, closing(Server(url, "o", TOKEN)) as server, pytest.raises(StoreUnavailable, match="broke off"):
        list(server.rows("from"))


def test_something_else_at_the_address_is_no_empty_store() -> None:
    body = b"<html>Welcome, stranger\n"
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with (
        _saying(whole) as url,
        closing(opener("influx")(f"{url}/o", TOKEN)) as store,
        pytest.raises(StoreUnavailable, match="something else"),
    ):
        store.readings()


def test_a_redirect_is_not_followed(both: tuple[Influx, Double]) -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: %b/api/v2/query\r\nContent-Length: 0\r\n\r\n" % both[0].url.encode()
    with (
        _saying(moved) as url,
        closing(opener("influx")(f"{url}/clinic", TOKEN)) as store,
        pytest.raises(StoreUnavailable, match="to another address"),
    ):
        store.readings()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "influx",
        "http://influx.example:8086/o",
        "https://h:8086",
        "https://h/o/p/q",
        "https://u@h/o",
        "ftp://h/o",
        "http://[/o",
        "https://h:99999/o",
    ],
)
def test_an_address_that_will_not_do_is_refused_in_words(text: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"looks like|use https"):
        place(text)


def test_an_address_names_server_organisation_and_site() -> None:
    assert (place("http://127.0.0.1/my%20org").url, place("http://127.0.0.1/my%20org").org) == ("http://127.0.0.1:8086", "my org")
    assert (place("https://[::1]:9/o/site").url, place("https://h/o/site").raw) == ("https://[::1]:9", "site-raw")


@given(st.integers(0, 4_102_444_800_000_000))
def test_an_instant_comes_back_from_its_stamp(at: int) -> None:
    assert instant(stamp(at)) == at


@given(st.text())
def test_a_quoted_text_cannot_end_its_quotes_or_become_code(text: str) -> None:
    inside = quoted(text)[1:-1]
    plain_text = inside.replace("\\\\", "")
    assert '"' not in plain_text.replace('\\"', "")
    assert "${" not in plain_text.replace("\\${", "")
    assert "\n" not in inside


def test_bodies_do_not_reach_the_message_of_a_refusal(address: str) -> None:
    at = place(address)
    with closing(Server(at.url, at.org, TOKEN)) as server, pytest.raises(Rejected) as refused:
        server.write(at.rest, [b'hr,dev=d1 body="secretbody'])
    assert "secretbody" not in str(refused.value)
