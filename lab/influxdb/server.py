"""The protocol double of InfluxDB 2: a server that answers as its documented HTTP API does, and fails on demand.

    python -I -m lab.influxdb.server --port 8086 --file double.db --token T --org O [--now MICROS] [--faults]

Compared with influxd 2.7.12 on 22 November 2026, and again by tests/test_influx_double_is_true.py wherever there is one: status, code and
annotated CSV of writes (precision, malformed lines, conflicts of kind, too long strings, retention, size), queries (empty, refused, line
ends), deletions, tokens, buckets and the first setup. Known to differ: kinds are kept for a measurement, not for a shard of it; a body that
is not UTF-8 is refused; a sum or count over a group of several kinds is refused; brackets in a deletion, an empty bucket name, Flux beyond
KeepUp's are refused; messages are worded alike, not the same.

A 204 means that the points are on the disk. It listens on loopback alone. `--now` is the time of day it begins with (µs UTC): a server
without it takes points of any age. `--faults` opens /faults: GET what befell, POST a fault as JSON, DELETE the plan.
"""

import argparse
import json
import socket
import sqlite3
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ingest.sqlite import why
from lab.influxdb import desk
from lab.influxdb.accounts import Accounts
from lab.influxdb.api import Answer, Api, Request, said
from lab.influxdb.faults import Fault, Faults, Trouble
from lab.influxdb.points import Points
from lab.influxdb.refusal import Refused

VERSION = "v2.7.12-double"
OPEN = ("/ping", "/health", "/ready")
POSTED = ("/api/v2/write", "/api/v2/query", "/api/v2/delete")
NUMBERED = {"/api/v2/orgs": desk.orgs, "/api/v2/buckets": desk.buckets, "/api/v2/authorizations": desk.tokens}


class Double(ThreadingHTTPServer):
    """Serves one file. `faults` is the plan of trouble; `open_faults`: it may be changed over HTTP."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, port: int, file: Path, now: Callable[[], int] | None = None, faults: Faults | None = None, open_faults: bool = False
    ) -> None:
        """Port 0 is any that is free. Raises `sqlite3.Error`, `OSError`."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.api = Api(Accounts(file), Points(file), now)
        self.faults = faults or Faults()
        self.open_faults = open_faults
        self.file = file
        self.over = Event()
        self._open: set[socket.socket] = set()
        self._lock = Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def server_close(self) -> None:
        self.over.set()
        super().server_close()
        with self._lock:
            for connection in self._open:
                # One that was kept alive would be answered as if the server were still there.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.api.points.close()
        self.api.accounts.close()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away in the midst of an answer is no news.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Reset(Exception):
    """The connection ends here, without a word."""


class _Handler(BaseHTTPRequestHandler):
    server: Double
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _answer(self) -> None:
        try:
            request = self._request()
            fault = self.server.faults.next(request.path)
            answer = self._troubled(request, fault) if fault else self._routed(request)
        except Refused as error:
            answer = _refused(error)
        except (sqlite3.Error, OSError) as error:
            answer = _refused(Refused("internal error", f"unexpected error writing points to database: {why(self.server.file, error)}"))
        except _Reset:
            self._reset()
            return
        self._say(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815 — the library's names

    def _request(self) -> Request:
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length") or "0"
        if not (length.isascii() and length.isdigit()):
            self.close_connection = True
            raise Refused("invalid", "bad Content-Length")
        body = self.rfile.read(int(length))
        return Request(self.command, url.path, dict(parse_qsl(url.query)), headers, body)

    def _routed(self, request: Request) -> Answer:
        path, api = request.path, self.server.api
        if path in OPEN:
            return _state(path)
        if path == "/faults" and self.server.open_faults:
            return self._planned(request)
        if path == "/api/v2/setup":
            return api.setup(request)
        if path in POSTED:
            if request.method != "POST":
                raise Refused("method not allowed", "allow: OPTIONS, POST")
            return {"write": api.write, "query": api.query, "delete": api.delete}[path.rpartition("/")[2]](request)
        for prefix, answer in NUMBERED.items():
            if path.rstrip("/") == prefix or path.startswith(prefix + "/"):
                number = path.removeprefix(prefix).strip("/") or None
                if number and len(number) != 16:
                    raise Refused("invalid", "id must have a length of 16 bytes")
                return answer(api, request, number)
        raise Refused("not found", "path not found")

    def _troubled(self, request: Request, fault: Fault) -> Answer:
        match fault.trouble:
            case Trouble.THROTTLED:
                raise Refused("too many requests", "too many requests", Retry_After=f"{fault.seconds:.0f}")
            case Trouble.UNAVAILABLE:
                raise Refused("unavailable", "service unavailable")
            case Trouble.UNAUTHORIZED:
                raise Refused("unauthorized", "unauthorized access")
            case Trouble.FULL:
                raise Refused("internal error", "unexpected error writing points to database: [shard 1] write wal: no space left on device")
            case Trouble.PARTIAL:
                return self.server.api.write(request, drop_first=True)
            case Trouble.SLOW:
                self.server.over.wait(fault.seconds)
                return self._routed(request)
            case Trouble.HANG:
                self.server.over.wait(fault.seconds)
            case Trouble.RESET_AFTER:
                self._routed(request)
            case Trouble.RESET:
                pass
        raise _Reset

    def _planned(self, request: Request) -> Answer:
        faults = self.server.faults
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            try:
                asked = request.json
                faults.plan(Fault(Trouble(asked.pop("trouble", "")), **asked))
            except (TypeError, ValueError) as error:
                raise Refused("invalid", f"no such fault: {error}. Troubles are {', '.join(Trouble)}.") from error
        return said(200, {"planned": [asdict(one) for one in faults.planned], "befell": faults.befell})

    def _say(self, answer: Answer) -> None:
        self.send_response(answer.status)
        whole = answer.body if isinstance(answer.body, bytes) else None
        headers = {"X-Influxdb-Build": "OSS", "X-Influxdb-Version": VERSION, **answer.headers}
        if whole is None:
            headers["Transfer-Encoding"] = "chunked"
        elif answer.status != 204:
            headers["Content-Length"] = str(len(whole))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if isinstance(answer.body, bytes):
            self.wfile.write(answer.body if self.command != "HEAD" else b"")
            return
        for part in answer.body:
            if part:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: object) -> None: ...


def _refused(error: Refused) -> Answer:
    kind = {"Content-Type": "application/json; charset=utf-8", "X-Platform-Error-Code": error.code}
    return Answer(error.status, error.body, kind | error.headers)


def _state(path: str) -> Answer:
    if path == "/ping":
        return Answer(204)
    if path == "/ready":
        return said(200, {"status": "ready"})
    told = {"name": "influxdb", "message": "ready for queries and writes", "status": "pass", "checks": []}
    return said(200, told | {"version": VERSION, "commit": "protocol double"})


def _clock(start: int) -> Callable[[], int]:
    began = time.monotonic_ns()
    return lambda: start + (time.monotonic_ns() - began) // 1_000


def main(words: list[str]) -> None:
    reader = argparse.ArgumentParser(prog="lab.influxdb.server", description="The protocol double of InfluxDB 2, on loopback.")
    reader.add_argument("--port", type=int, required=True)
    reader.add_argument("--file", type=Path, required=True)
    reader.add_argument("--token", required=True)
    reader.add_argument("--org", required=True)
    reader.add_argument("--now", type=int, help="the time of day it begins with, µs UTC")
    reader.add_argument("--faults", action="store_true", help="open /faults")
    asked = reader.parse_args(words)
    with Double(asked.port, asked.file, _clock(asked.now) if asked.now is not None else None, open_faults=asked.faults) as double:
        double.api.accounts.onboard(asked.org, asked.token)
        print(json.dumps({"url": double.url}), flush=True)  # noqa: T201 — whoever started it waits for this line
        double.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
