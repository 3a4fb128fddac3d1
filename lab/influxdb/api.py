"""What each address of InfluxDB 2's API answers, as far as KeepUp asks: requests in, answers out, no sockets."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.influxdb import annotated, deletion, flux, lines, query
from lab.influxdb.accounts import Accounts, Bucket, Holder, Json, told
from lab.influxdb.points import Points
from lab.influxdb.refusal import Refused

LARGEST = 25_000_000
"""Bytes of a write's body once unpacked; what is larger is refused. A real server has no such limit unless it is told one."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Json:
        try:
            found = json.loads(self.body or b"{}")
        except ValueError as error:
            raise Refused("invalid", f"invalid json: {error}") from error
        if not isinstance(found, dict):
            raise Refused("invalid", "invalid json structure")
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes | Iterator[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)


def said(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8"})


class Api:
    """`now` gives µs UTC; without it nothing is too old for a bucket and a line of protocol must have a time."""

    def __init__(self, accounts: Accounts, points: Points, now: Callable[[], int] | None = None, largest: int = LARGEST) -> None:
        self.accounts, self.points = accounts, points
        self._now, self._largest = now, largest

    def holder(self, request: Request) -> Holder:
        """Who asks. Raises `Refused` for a token that is missing or not known."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme not in ("Token", "Bearer") or not token:
            raise Refused("unauthorized", "unauthorized access")
        return self.accounts.holder(token)

    def write(self, request: Request, drop_first: bool = False) -> Answer:
        """`drop_first`: the first point is not taken, as if it were in conflict with the others."""
        holder, precision = self.holder(request), request.query.get("precision") or "ns"
        if precision not in lines.NANOS:
            raise Refused("invalid", "invalid precision; valid precision units are ns, us, ms, and s")
        if not request.query.get("bucket"):
            raise Refused("not found", "bucket not found")
        bucket = self._bucket(request, request.query["bucket"])
        if not holder.may("write", "buckets", bucket.org, bucket.id):
            raise Refused("forbidden", "insufficient permissions for write")
        now = self._now() * 1_000 if self._now else None
        try:
            points = lines.parse(_text(request, self._largest), precision, now)
        except lines.Malformed as error:
            raise Refused("invalid", str(error)) from error
        oldest = now - bucket.kept * 10**9 if now is not None and bucket.kept else None
        dropped = self.points.write(bucket.id, points[1:] if drop_first else points, oldest)
        count = (dropped.count if dropped else 0) + drop_first
        if count:
            reason = dropped.reason if dropped else "field type conflict"
            raise Refused("unprocessable entity", f"failure writing points to database: partial write: {reason} dropped={count}")
        return Answer(204)

    def query(self, request: Request) -> Answer:
        holder = self.holder(request)
        org = self._org(request)
        asked: Json = request.json if "json" in request.headers.get("content-type", "json") else {"query": request.body.decode()}
        if asked.get("type", "flux") != "flux" or not isinstance(text := asked.get("query"), str):
            raise Refused("invalid", "failed to decode request body: request body requires either query or AST")
        how = annotated.dialect(asked.get("dialect") or {})
        now = self._now() * 1_000 if self._now else None

        def readable(name: str) -> str:
            try:
                bucket = self.accounts.bucket(org, name)
            except Refused:
                bucket = None
            if bucket is None or not holder.may("read", "buckets", org, bucket.id):
                raise Refused("not found", f'failed to initialize execute state: could not find bucket "{name}"')
            return bucket.id

        results = [query.run(call.pipeline(), self.points, readable, now) for call in flux.parse(text)]
        if len({name for name, _ in results}) < len(results):
            raise Refused(
                "invalid", 'error in building plan while starting program: tried to produce more than one result with the name "_result"'
            )
        parts = (part for name, tables in results for part in annotated.encoded(name, tables, how))
        # The first part is made before anything is said: a query that fails at once is answered with an error.
        first = next(parts)
        return Answer(200, _chain(first, parts), {"Content-Type": "text/csv; charset=utf-8"})

    def delete(self, request: Request) -> Answer:
        holder = self.holder(request)
        asked = request.json
        start, stop, chosen = deletion.read(asked)
        bucket = self._bucket(request, request.query.get("bucket") or request.query.get("bucketID") or "")
        if not holder.may("write", "buckets", bucket.org, bucket.id):
            raise Refused("forbidden", "insufficient permissions to delete")
        self.points.delete(bucket.id, start, stop, chosen)
        return Answer(204)

    def setup(self, request: Request) -> Answer:
        if request.method == "GET":
            return said(200, {"allowed": not self.accounts.ask("select id from org")})
        asked = request.json
        missing = [name for name in ("username", "org", "bucket") if not asked.get(name)]
        if missing:
            raise Refused("unprocessable entity", f"onboarding failed: missing required fields [{','.join(missing)}]")
        done = self.accounts.onboard(asked["org"], asked.get("token"))
        if done is None:
            raise Refused("conflict", "onboarding has already been completed")
        org, auth = done
        bucket = self.accounts.add_bucket(org, asked["bucket"], int(asked.get("retentionPeriodSeconds") or 0))
        user = {
            "id": "0000000000000001",
            "name": asked["username"],
            "status": "active",
            "links": {"self": "/api/v2/users/0000000000000001"},
        }
        return said(201, {"user": user, "bucket": told(bucket), "org": self.accounts.orgs(org)[0], "auth": auth})

    def _org(self, request: Request) -> str:
        asked = request.query.get("org") or request.query.get("orgID")
        if not asked:
            raise Refused("invalid", "Please provide either orgID or org")
        return self.accounts.org(asked)

    def _bucket(self, request: Request, asked: str) -> Bucket:
        return self.accounts.bucket(self._org(request), asked)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _text(request: Request, largest: int) -> str:
    body = request.body
    if request.headers.get("content-encoding") in ("gzip", "x-gzip"):
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as error:
            raise Refused("invalid", f"unable to read data: {error}") from error
    if len(body) > largest:
        raise Refused("request too large", "unable to read data: points batch is too large")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Refused("invalid", f"unable to parse: {error}") from error
