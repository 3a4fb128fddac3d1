"""InfluxDB 2 over HTTP: lines in, rows out, and its answers in words that say what to do next.

Through `influxdb-client` in its synchronous mode only: the batching mode is a buffer in memory that drops what it cannot send.
"""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any
from urllib.parse import unquote, urlsplit

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.dialect import Dialect
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from ingest.flux import stamp
from ingest.link import loopback
from ingest.store import Rejected, StoreUnavailable

PORTION = 500_000
"""Bytes in one request: below the million that proxies take by default."""
PATIENCE = 30.0
"""s for a server to answer; whoever writes gives the same again."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a site's buckets are."""

    url: str
    org: str
    prefix: str = "keepup"

    @property
    def raw(self) -> str:
        return f"{self.prefix}-raw"

    @property
    def tiles(self) -> str:
        return f"{self.prefix}-tiles"

    @property
    def rest(self) -> str:
        return self.prefix


def place(address: str) -> Place:
    """http(s)://host:port/ORG, or /ORG/PREFIX where one server holds several sites. Raises `StoreUnavailable`."""
    try:
        parts = urlsplit(address)
        port = parts.port or 8086
    except ValueError as error:
        raise StoreUnavailable(_FORM) from error
    names = [unquote(name) for name in parts.path.split("/") if name]
    if parts.scheme not in ("http", "https") or not parts.hostname or not 1 <= len(names) <= 2 or parts.username or parts.query:
        raise StoreUnavailable(_FORM)
    if parts.scheme == "http" and not loopback(parts.hostname):
        raise StoreUnavailable(f"{parts.hostname} is another machine: use https:// so that nobody on the way can read along.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Place(f"{parts.scheme}://{host}:{port}", *names)


class Server:
    """One server, one organisation, one token. Every method may raise `StoreUnavailable`."""

    def __init__(self, url: str, org: str, token: str, patience: float = PATIENCE) -> None:
        self._name = f"InfluxDB at {urlsplit(url).netloc}"
        # no retries, and so no redirects: a token goes where it was meant to go, and a caller that holds knows when to try again
        self.client = InfluxDBClient(url, token, org=org, timeout=round(patience * 1000), retries=False)
        self._writer = self.client.write_api(write_options=SYNCHRONOUS)

    def write(self, bucket: str, lines: Sequence[bytes]) -> None:
        """On return all of it survives a power cut. Raises `Rejected`; then other portions, and what was sound beside it, may be there."""
        start = size = 0
        for i, line in enumerate(lines):
            if size + len(line) >= PORTION and i > start:
                self._post(bucket, lines[start:i])
                start, size = i, 0
            size += len(line) + 1
        if lines:
            self._post(bucket, lines[start:])

    def _post(self, bucket: str, lines: Sequence[bytes]) -> None:
        try:
            with self.spoken(writing=True):
                body = b"\n".join(lines)
                self._writer.write(bucket, record=body, write_precision=WritePrecision.US)  # type: ignore[arg-type]  # its constants are plain strings
        except _TooLarge as error:
            if len(lines) == 1:
                raise Rejected(f"{self._name} takes no request of {len(lines[0])} bytes. Raise its limit, or its proxy's.") from error
            for half in (lines[: len(lines) // 2], lines[len(lines) // 2 :]):
                self._post(bucket, half)

    def rows(self, query: str) -> Iterator[dict[str, str]]:
        """Rows of the answer as they come, column → text: an answer of any length takes no more memory than one row."""
        with self.spoken():
            answer: Any = self.client.query_api().query_raw(query, dialect=_PLAIN)
            answer.auto_close = False  # else it is closed at its last byte, while lines of it are still to be read
            try:
                yield from self._tables(csv.reader(TextIOWrapper(answer, "utf-8", newline="")))
            finally:
                answer.close()

    def delete(self, bucket: str, start: int, stop: int, which: str = "") -> None:
        """What lies in [start, stop), µs UTC."""
        last = stamp(stop - 1).replace("Z", "999Z")  # the server's own range includes its end, down to the nanosecond
        with self.spoken():
            self.client.delete_api().delete(stamp(start), last, which, bucket)

    def close(self) -> None:
        self.client.close()

    def _tables(self, lines: Iterator[list[str]]) -> Iterator[dict[str, str]]:
        head: list[str] = []
        for line in lines:
            if not any(line):
                head = []  # an empty line, and then another table with a head of its own
            elif not head:
                head = line
                if head[1:3] not in (["result", "table"], ["error", "reference"]):
                    raise ValueError("the head of no table")
            elif "error" in head:
                raise StoreUnavailable(f"{self._name} broke off its answer. Look into its log; what was asked is asked again.")
            elif len(line) != len(head):
                raise ValueError("a row is not as long as its head")
            else:
                yield dict(zip(head, line, strict=True))

    @contextmanager
    def spoken(self, writing: bool = False) -> Iterator[None]:
        """Whatever goes wrong inside becomes `StoreUnavailable`, or `Rejected` where the fault is in what was written."""
        try:
            yield
        except ApiException as error:
            if writing and error.status == 413:
                raise _TooLarge from error
            if writing and error.status in (400, 422):
                raise Rejected(f"{self._name} will not take it: {_said(error)}.") from error
            raise StoreUnavailable(f"{self._name} {_advice(error)}") from error
        except (HTTPError, OSError) as error:
            raise StoreUnavailable(
                f"{self._name} does not answer ({type(error).__name__}). See that it runs and that this machine reaches it."
            ) from error
        except (ValueError, csv.Error) as error:
            raise StoreUnavailable(f"{self._name} answered what InfluxDB 2 does not say. Is something else at this address?") from error


_PLAIN = Dialect(header=True, annotations=[], delimiter=",")


class _TooLarge(Exception):
    pass


def _advice(error: ApiException) -> str:
    status = int(error.status or 0)
    if status == 400 and "organization name" in _said(error):
        status = 404  # as it is said of a question
    if status in _ADVICE:
        return _ADVICE[status]
    if status == 429:
        wait = dict(error.headers or {}).get("Retry-After", "")
        return f"asks for a pause{f' of {wait} s' if str(wait).isdigit() else ''}. It is asked again; give it more room if this stays so."
    if 300 <= status < 400:
        return "points to another address. Name that one instead: nothing is sent on unasked."
    if status == 0:
        return "could not be spoken to safely: its certificate was not accepted. Name its authority in SSL_CERT_FILE."
    return f"cannot do it now ({status}: {_said(error)}). Look into its log and at its disk; nothing is lost meanwhile."


def _said(error: ApiException) -> str:
    """The server's reason up to where it begins to quote, which would bring readings into logs."""
    try:
        said: Any = json.loads(error.body or b"")
    except (ValueError, TypeError):
        said = {}
    message = str(said.get("message", "")) if isinstance(said, dict) else ""
    return re.split("['\"\n]| - ", message)[0].strip(" :.")[:160] or f"HTTP {error.status}"


_FORM = "A store's address looks like http://127.0.0.1:8086/ORG or https://influx.example:8086/ORG; sqlite keeps all in the site's folder."
_ADVICE = {
    401: "does not know this token, or lets it do no such thing. KEEPUP_INFLUX_TOKEN_FILE names the file that keepup influx init wrote; "
    "init itself takes an operator's token in --token-file.",
    403: "does not let this token read and write the site's buckets. keepup influx init makes one that may.",
    404: "has no such organisation or bucket. Check the name in the store's address; keepup influx init makes the buckets.",
}
