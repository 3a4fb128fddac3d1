"""What each address of InfluxDB 2's API answers, as far as KeepUp asks: requests in, answers out, no sockets."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lab.influxdb import annotated, deletion, flux, lines, query, retention
from lab.influxdb.accounts import Accounts, Bucket, Holder, Json, told
from lab.influxdb.points import Points
from lab.influxdb.refusal import Refused

T = TypeVar("T")


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
            raise Refused("invalid", "failed to unmarshal json: it is no object")
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes | Iterator[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)


def said(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8"})


def given(asked: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """What a body says under a name; `None` where it says nothing. Raises `Refused` where it is of another kind."""
    found = asked.get(name)
    if found is None:
        return None
    if not isinstance(found, kind) or (isinstance(found, bool) and kind is int):
        raise Refused("invalid", f"failed to unmarshal json: {name} is no {kind.__name__}")
    return found


class Api:
    """`now` gives µs UTC; without it nothing is too old for a bucket and a line of protocol must have a time.

    `largest`: bytes of a write's body once unpacked, what is larger is a 413; a server takes any size until told a limit.
    """

    def __init__(self, accounts: Accounts, points: Points, now: Callable[[], int] | None = None, largest: int | None = None) -> None:
        self.accounts, self.points, self.largest = accounts, points, largest
        self._now = now

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
            points = lines.parse(_text(request, self.largest), precision, now)
        except lines.Malformed as error:
            raise Refused("invalid", str(error)) from error
        fresh, late = retention.split(points[1:] if drop_first else points, bucket, now)
        dropped = self.points.write(bucket.id, fresh)
        count = len(points) - len(fresh) + (dropped.count if dropped else 0)
        if count:
            reason = dropped.reason if dropped else late or "field type conflict"
            text = f"failure writing points to database: partial write: {reason} dropped={count}"
            raise Refused(
                "unprocessable entity", text + (f" for database: {bucket.id} for retention policy: autogen" if late and not dropped else "")
            )
        return Answer(204)

    def query(self, request: Request) -> Answer:
        holder = self.holder(request)
        try:
            org = self._org(request)
        except Refused as error:
            raise Refused("invalid", f"failed to decode request body: {error}") from error
        plain = "json" not in request.headers.get("content-type", "json")
        asked: Json = {"query": request.body.decode(errors="replace")} if plain else request.json
        text = given(asked, "query", str)
        if not text or asked.get("type", "flux") != "flux":
            raise Refused("invalid", "failed to decode request body: request body requires either query or AST")
        how = annotated.dialect(given(asked, "dialect", dict) or {})
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
            raise Refused("invalid", 'failed to initialize execute state: tried to produce more than one result with the name "_result"')
        parts = (part for name, tables in results for part in annotated.encoded(name, tables, how))
        # The first part is made before anything is said: a query that fails at once is answered with an error.
        first = next(parts)
        return Answer(200, _chain(first, parts), {"Content-Type": "text/csv; charset=utf-8"})

    def delete(self, request: Request) -> Answer:
        holder = self.holder(request)
        start, stop, chosen = deletion.read(request.json)
        named = request.query.get("bucket") or request.query.get("bucketID")
        self._org(request)
        if not named:
            raise Refused("invalid", "Please provide either bucketID or bucket")
        bucket = self._bucket(request, named)
        if not holder.may("write", "buckets", bucket.org, bucket.id):
            raise Refused("forbidden", "insufficient permissions to delete")
        self.points.delete(bucket.id, start, stop, chosen)
        return Answer(204)

    def setup(self, request: Request) -> Answer:
        if request.method == "GET":
            return said(200, {"allowed": not self.accounts.ask("select id from org")})
        try:
            asked, kept = request.json, given(request.json, "retentionPeriodSeconds", int) or 0
            missing = [name for name in ("username", "org", "bucket") if not given(request.json, name, str)]
            token = given(asked, "token", str)
        except Refused as error:
            raise Refused("internal error", str(error)) from error  # as it says it at this address
        if self.accounts.ask("select id from org"):
            raise Refused("conflict", "onboarding has already been completed")
        if missing:
            raise Refused("unprocessable entity", f"onboarding failed: missing required fields [{','.join(missing)}]")
        done = self.accounts.onboard(asked["org"], token)
        if done is None:
            raise Refused("conflict", "onboarding has already been completed")
        org, auth = done
        bucket = self.accounts.add_bucket(org, asked["bucket"], retention.allowed(kept))
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


def _text(request: Request, largest: int | None) -> str:
    body = request.body
    if request.headers.get("content-encoding") in ("gzip", "x-gzip"):
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as error:
            raise Refused("internal error", "An internal error has occurred - check server logs") from error
    if largest is not None and len(body) > largest:
        raise Refused("request too large", "unable to read data: points batch is too large")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Refused("invalid", f"unable to parse: {error}") from error
