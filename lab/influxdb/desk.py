"""Organisations, buckets and tokens over the API, each seen and changed only by those who may."""

from collections.abc import Mapping, Sequence

from lab.influxdb.accounts import Bucket, Holder, Json, Permission, told
from lab.influxdb.api import Answer, Api, Request, given, said
from lab.influxdb.refusal import Refused
from lab.influxdb.retention import allowed

KINDS = {"annotations", "authorizations", "buckets", "checks", "dashboards", "dbrp", "documents", "instance", "labels", "notebooks"} | {
    *("notificationEndpoints", "notificationRules", "orgs", "remotes", "replications", "scrapers", "secrets", "sources", "tasks"),
    *("telegrafs", "users", "variables", "views"),
}
"""Of resources a permission may be for."""


def orgs(api: Api, request: Request, number: str | None) -> Answer:
    holder = api.holder(request)
    if request.method == "POST":
        if not holder.may("write", "orgs", ""):
            raise Refused("unauthorized", "write:orgs is unauthorized")
        return said(201, api.accounts.orgs(api.accounts.add_org(_text(request.json, "name")))[0])
    if number:
        return said(200, api.accounts.orgs(number)[0])
    found = api.accounts.orgs(request.query.get("org") or request.query.get("orgID"))
    seen = [one for one in found if holder.may("read", "orgs", one["id"], one["id"])]
    return said(200, {"links": {"self": "/api/v2/orgs"}, "orgs": seen})


def buckets(api: Api, request: Request, number: str | None) -> Answer:
    holder = api.holder(request)
    if number:
        return _bucket(api, request, holder, number)
    if request.method == "POST":
        asked = request.json
        org = api.accounts.org(_text(asked, "orgID"))
        _allow(holder, "write", "buckets", org)
        return said(
            201, told(api.accounts.add_bucket(org, _text(asked, "name"), _kept(asked) or 0, given(asked, "description", str) or ""))
        )
    query = request.query
    org = query.get("orgID") or (api.accounts.org(query["org"]) if "org" in query else "")
    found = [one for one in api.accounts.buckets() if org in ("", one.org) and query.get("id") in (None, one.id)]
    if query.get("name"):
        found = [one for one in found if one.name == query["name"]]
        if org and not found:
            raise Refused("not found", f'bucket "{query["name"]}" not found')
    seen = [told(one) for one in _page(found, request) if holder.may("read", "buckets", one.org, one.id)]
    return said(200, {"links": {"self": "/api/v2/buckets"}, "buckets": seen})


def tokens(api: Api, request: Request, number: str | None) -> Answer:
    holder = api.holder(request)
    if request.method == "POST":
        asked = request.json
        permissions = _permissions(asked)
        org = _text(asked, "orgID")
        _allow(holder, "write", "authorizations", org)
        for one in permissions:
            # Nobody may give what is not theirs.
            _allow(holder, one["action"], one["resource"]["type"], one["resource"].get("orgID") or org, one["resource"].get("id"))
        return said(201, api.accounts.add_token(org, permissions, given(asked, "description", str) or "", given(asked, "token", str)))
    seen = [one for one in api.accounts.tokens(number) if holder.may("read", "authorizations", one["orgID"], one["id"])]
    if number and not seen:
        raise Refused("unauthorized", f"read:authorizations/{number} is unauthorized")
    if number and request.method != "GET":
        _allow(holder, "write", "authorizations", seen[0]["orgID"], number)
        if request.method == "DELETE":
            api.accounts.drop_token(number)
            return Answer(204)
        status, description = (given(request.json, name, str) for name in ("status", "description"))
        return said(200, api.accounts.change_token(number, status, description))
    query = request.query
    org = query.get("orgID") or (api.accounts.org(query["org"]) if "org" in query else "")
    listed = [one for one in seen if org in ("", one["orgID"])]
    return said(200, seen[0] if number else {"links": {"self": "/api/v2/authorizations"}, "authorizations": listed})


def _bucket(api: Api, request: Request, holder: Holder, number: str) -> Answer:
    bucket = api.accounts.bucket_of_id(number)
    _allow(holder, "read" if request.method == "GET" else "write", "buckets", bucket.org, number)
    if request.method == "DELETE":
        api.accounts.drop_bucket(number)
        api.points.drop(number)
        return Answer(204)
    if request.method == "PATCH":
        asked = request.json
        bucket = api.accounts.change_bucket(number, given(asked, "name", str), _kept(asked), given(asked, "description", str))
    return said(200, told(bucket))


def _page(found: Sequence[Bucket], request: Request) -> Sequence[Bucket]:
    """As `after` (an id), `offset` and `limit` ask; 20 where nothing does."""
    query = request.query
    later = [one for one in found if one.id > query.get("after", "")]
    offset, limit = (_number(query, name, default) for name, default in (("offset", 0), ("limit", 20)))
    if not 1 <= limit <= 100:
        raise Refused("invalid", "limit must be between 1 and 100")
    return later[offset : offset + limit]


def _allow(holder: Holder, action: str, kind: str, org: str, number: str | None = None) -> None:
    if not holder.may(action, kind, org, number):
        what = f"orgs/{org}/{kind}" + (f"/{number}" if number else "")
        raise Refused("unauthorized", f"{action}:{what} is unauthorized")


def _kept(asked: Json) -> int | None:
    """Seconds, 0 for ever; `None` where nothing is said of it."""
    rules = given(asked, "retentionRules", list) or []
    if len(rules) > 1:
        raise Refused("unprocessable entity", "buckets cannot have more than one retention rule at this time")
    kept = given(_object(rules[0]), "everySeconds", int) if rules else None
    return None if kept is None else allowed(kept)


def _permissions(asked: Json) -> list[Permission]:
    """Those a new token is to have, each of a known kind. Raises `Refused`."""
    found = [_object(one) for one in given(asked, "permissions", list) or []]
    if not found:
        raise Refused("invalid", "authorization must include permissions")
    for one in found:
        resource: Json = given(one, "resource", dict) or {}
        if given(resource, "type", str) not in KINDS:
            raise Refused("invalid", "invalid resource type for permission: unknown resource type for permission")
        if given(one, "action", str) not in ("read", "write"):
            raise Refused("invalid", "invalid action type for permission: unknown action for permission")
        for name in ("id", "orgID"):
            given(resource, name, str)
    return found


def _object(found: object) -> Json:
    if not isinstance(found, dict):
        raise Refused("invalid", "failed to unmarshal json: what is listed is no object")
    return found


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError as error:
        raise Refused("invalid", f"{name} is invalid") from error


def _text(asked: Json, name: str) -> str:
    found = asked.get(name)
    if not isinstance(found, str) or not found:
        raise Refused("invalid", f"{name} must be provided")
    return found
