"""Organisations, buckets and tokens over the API, each seen and changed only by those who may."""

from collections.abc import Sequence

from lab.influxdb.accounts import Bucket, Holder, Json, told
from lab.influxdb.api import Answer, Api, Request, said
from lab.influxdb.refusal import Refused


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
        org = _text(asked, "orgID")
        _allow(holder, "write", "buckets", org)
        return said(201, told(api.accounts.add_bucket(org, _text(asked, "name"), _kept(asked) or 0, asked.get("description") or "")))
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
        permissions = asked.get("permissions") or []
        if not permissions:
            raise Refused("invalid", "authorization must include permissions")
        org = _text(asked, "orgID")
        _allow(holder, "write", "authorizations", org)
        for one in permissions:
            # Nobody may give what is not theirs.
            _allow(holder, one["action"], one["resource"]["type"], one["resource"].get("orgID") or org, one["resource"].get("id"))
        return said(201, api.accounts.add_token(org, permissions, asked.get("description") or "", asked.get("token")))
    seen = [one for one in api.accounts.tokens(number) if holder.may("read", "authorizations", one["orgID"], one["id"])]
    if number and not seen:
        raise Refused("unauthorized", f"read:authorizations/{number} is unauthorized")
    if number and request.method != "GET":
        _allow(holder, "write", "authorizations", seen[0]["orgID"], number)
        if request.method == "DELETE":
            api.accounts.drop_token(number)
            return Answer(204)
        return said(200, api.accounts.change_token(number, request.json.get("status"), request.json.get("description")))
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
        bucket = api.accounts.change_bucket(number, asked.get("name"), _kept(asked), asked.get("description"))
    return said(200, told(bucket))


def _page(found: Sequence[Bucket], request: Request) -> Sequence[Bucket]:
    """As `after` (an id), `offset` and `limit` ask; 20 where nothing does."""
    query = request.query
    later = [one for one in found if one.id > query.get("after", "")]
    offset, limit = int(query.get("offset", 0)), int(query.get("limit", 20))
    return later[offset : offset + limit]


def _allow(holder: Holder, action: str, kind: str, org: str, number: str | None = None) -> None:
    if not holder.may(action, kind, org, number):
        what = f"orgs/{org}/{kind}" + (f"/{number}" if number else "")
        raise Refused("unauthorized", f"{action}:{what} is unauthorized")


def _kept(asked: Json) -> int | None:
    """Seconds, 0 for ever; `None` where nothing is said of it."""
    rules = asked.get("retentionRules") or []
    if len(rules) > 1:
        raise Refused("unprocessable entity", "buckets cannot have more than one retention rule at this time")
    kept = rules[0].get("everySeconds") if rules else None
    if kept is not None and (kept < 0 or 0 < kept < 3600):
        raise Refused("unprocessable entity", "expiration seconds must be greater than or equal to one hour")
    return kept


def _text(asked: Json, name: str) -> str:
    found = asked.get(name)
    if not isinstance(found, str) or not found:
        raise Refused("invalid", f"{name} must be provided")
    return found
