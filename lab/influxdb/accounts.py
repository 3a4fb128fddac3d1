"""Who may do what: organisations, buckets and tokens, kept in SQLite and told as InfluxDB 2's API tells them."""

import json
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from ingest.sqlite import connect, transaction
from lab.influxdb.refusal import Refused

DAY = 86_400
EVERYTHING = ({"action": "read", "resource": {"type": "instance"}}, {"action": "write", "resource": {"type": "instance"}})
"""The operator's permissions: what is of the instance is of everything in it."""

Permission = dict[str, Any]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bucket:
    id: str
    org: str
    """Id of its organisation."""
    name: str
    kept: int
    """Seconds; 0 is for ever."""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever shows a known token."""

    id: str
    org: str
    permissions: Sequence[Permission]

    def may(self, action: str, kind: str, org: str, which: str | None = None) -> bool:
        """Permission.Matches of InfluxDB 2: of the instance, of a kind, of a kind in an organisation, or of one resource."""
        for permission in self.permissions:
            resource = permission["resource"]
            whole = resource.get("id") is None
            alike = permission["action"] == action and resource["type"] in (kind, "instance")
            if alike and (resource.get("orgID") in (None, org) if whole else resource["id"] == which):
                return True
        return False


class Accounts:
    def __init__(self, path: Path) -> None:
        """Raises `sqlite3.Error`, `OSError`."""
        self._lock = Lock()
        self._db = connect(path, _SCHEMA)

    def onboard(self, org: str, token: str | None) -> tuple[str, Json] | None:
        """The id of the first organisation, and its operator's token; `None` where there is one already."""
        if self.ask("select id from org"):
            return None
        number = self.add_org(org)
        return number, self.add_token(number, list(EVERYTHING), "operator", token)

    def holder(self, token: str) -> Holder:
        rows = self.ask("select id, org, permissions from token where token = ? and status = 'active'", token)
        if not rows:
            raise Refused("unauthorized", "unauthorized access")
        return Holder(rows[0][0], rows[0][1], json.loads(rows[0][2]))

    def org(self, asked: str) -> str:
        """The id of the organisation with this id or name."""
        rows = self.ask("select id from org where id = ?1 or name = ?1", asked)
        if not rows:
            raise Refused("not found", f'organization name "{asked}" not found')
        return str(rows[0][0])

    def orgs(self, name: str | None = None) -> list[Json]:
        found = [_org(*row) for row in self.ask("select id, name from org where ?1 is null or name = ?1 or id = ?1 order by id", name)]
        if name and not found:
            raise Refused("not found", f'organization name "{name}" not found')
        return found

    def add_org(self, name: str) -> str:
        number = secrets.token_hex(8)
        self._do(f"organization with name {name} already exists", "insert into org values (?, ?)", number, name)
        return number

    def bucket(self, org: str, asked: str) -> Bucket:
        """By id or name."""
        rows = self.ask(f"select {_BUCKET} from bucket where org = ?1 and (id = ?2 or name = ?2)", org, asked)
        if not rows:
            raise Refused("not found", f'bucket "{asked}" not found')
        return Bucket(*rows[0])

    def bucket_of_id(self, number: str) -> Bucket:
        rows = self.ask(f"select {_BUCKET} from bucket where id = ?", number)
        if not rows:
            raise Refused("not found", "bucket not found")
        return Bucket(*rows[0])

    def buckets(self) -> list[Bucket]:
        return [Bucket(*row) for row in self.ask(f"select {_BUCKET} from bucket order by id")]

    def add_bucket(self, org: str, name: str, kept: int = 0, description: str = "") -> Bucket:
        if name.startswith("_"):
            raise Refused("invalid", f"bucket name {name} is invalid. Buckets may not start with underscore")
        if '"' in name:
            raise Refused("invalid", f"bucket name {name} is invalid. Bucket names may not include quotation marks")
        bucket = Bucket(secrets.token_hex(8), org, name, kept, description)
        row = (bucket.id, org, name, kept, description)
        self._do(f"bucket with name {name} already exists", "insert into bucket values (?, ?, ?, ?, ?)", *row)
        return bucket

    def change_bucket(self, number: str, name: str | None, kept: int | None, description: str | None) -> Bucket:
        sql = "update bucket set name = ifnull(?, name), kept = ifnull(?, kept), description = ifnull(?, description) where id = ?"
        self._do(f"bucket with name {name} already exists", sql, name, kept, description, number)
        return self.bucket_of_id(number)

    def drop_bucket(self, number: str) -> None:
        self._do("", "delete from bucket where id = ?", number)

    def add_token(self, org: str, permissions: list[Permission], description: str = "", token: str | None = None) -> Json:
        number = secrets.token_hex(8)
        row = (number, token or secrets.token_urlsafe(64) + "==", "active", description, org, json.dumps(permissions))
        self._do("token already exists", "insert into token values (?, ?, ?, ?, ?, ?)", *row)
        return self.tokens(number)[0]

    def change_token(self, number: str, status: str | None, description: str | None) -> Json:
        sql = "update token set status = ifnull(?, status), description = ifnull(?, description) where id = ?"
        self._do("", sql, status, description, number)
        return self.tokens(number)[0]

    def drop_token(self, number: str) -> None:
        self._do("", "delete from token where id = ?", number)

    def tokens(self, number: str | None = None) -> list[Json]:
        sql = """select token.id, token, status, description, org, permissions, org.name from token join org on org.id = token.org
          where ?1 is null or token.id = ?1 order by token.id"""
        rows = self.ask(sql, number)
        if number and not rows:
            raise Refused("not found", "authorization not found")
        names = {one.id: one.name for one in self.buckets()} | {one["id"]: one["name"] for one in self.orgs()}
        return [_token(row, names) for row in rows]

    def ask(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _do(self, twice: str, sql: str, *values: Any) -> None:
        try:
            with self._lock, transaction(self._db):
                self._db.execute(sql, values)
        except sqlite3.IntegrityError as error:
            raise Refused("conflict", twice) from error

    def close(self) -> None:
        with self._lock:
            self._db.close()


def _org(number: str, name: str) -> Json:
    return {"id": number, "name": name, "description": "", "links": {"self": f"/api/v2/orgs/{number}"}}


def told(bucket: Bucket) -> Json:
    """A bucket as the API tells it."""
    shard = DAY * (7 if not bucket.kept or bucket.kept > 180 * DAY else 1) if bucket.kept == 0 or bucket.kept >= 2 * DAY else 3600
    links = {"self": f"/api/v2/buckets/{bucket.id}", "org": f"/api/v2/orgs/{bucket.org}"}
    rule = {"type": "expire", "everySeconds": bucket.kept, "shardGroupDurationSeconds": shard}
    out = {"id": bucket.id, "orgID": bucket.org, "type": "user", "name": bucket.name, "description": bucket.description}
    return out | {"retentionRules": [rule], "labels": [], "links": links}


def _token(row: Sequence[Any], names: dict[str, str]) -> Json:
    number, token, status, description, org, permissions, name = row
    out = {"id": number, "token": token, "status": status, "description": description, "orgID": org, "org": name}
    whole = [{"action": one["action"], "resource": _named(one["resource"], names)} for one in json.loads(permissions)]
    links = {"self": f"/api/v2/authorizations/{number}"}
    return out | {"userID": "0000000000000001", "user": "operator", "permissions": whole, "links": links}


def _named(resource: Json, names: dict[str, str]) -> Json:
    found = {"name": names[resource["id"]]} if resource.get("id") in names else {}
    return resource | found | ({"org": names[resource["orgID"]]} if resource.get("orgID") in names else {})


_BUCKET = "id, org, name, kept, description"
_SCHEMA = """
create table if not exists org(id text primary key, name text not null unique) without rowid;
create table if not exists bucket(id text primary key, org text not null, name text not null, kept integer not null,
  description text not null, unique (org, name)) without rowid;
create table if not exists token(id text primary key, token text not null unique, status text not null, description text not null,
  org text not null, permissions text not null) without rowid;
"""
