"""A therapist's alerts as an Atom feed (RFC 4287), by an address that only they know: feed readers cannot log in."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from fastapi import APIRouter, Header, HTTPException, Request, Response

from alerts.alert import Alert, Audience, State
from alerts.wording import line
from ingest.batch import MICROS
from web.desk import Desk
from web.words import kind

MOST = 100
"""Entries; older ones are on the page."""
SPACE = "http://www.w3.org/2005/Atom"
TYPE = "application/atom+xml"
OVER = {
    State.RESOLVED: "over",
    State.RETRACTED: "taken back",
    State.ACKED: "acknowledged",
    State.EXPIRED: "expired",
    State.SNOOZED: "snoozed",
}
NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
register_namespace("", SPACE)


def address(desk: Desk, therapist: str) -> str:
    """Path of the therapist's feed, good as long as their password and the site's secret; whoever has it can read."""
    return f"/feed/{desk.door.feed(therapist)}.atom"


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/feed/{token}.atom")
    def feed(token: str, request: Request, if_none_match: Annotated[str, Header()] = "") -> Response:
        therapist = desk.door.follower(token)
        if therapist is None:
            raise HTTPException(404, "There is no such feed. Take its address from your settings.")
        body = written(desk, therapist, str(request.base_url).rstrip("/"), request.url.path)
        tag = f'"{sha256(body).hexdigest()[:32]}"'
        known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
        if known & {tag, "*"}:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(body, media_type=TYPE, headers={"ETag": tag})

    return router


def written(desk: Desk, therapist: str, site: str, path: str) -> bytes:
    """The same alerts give the same bytes."""
    patients = {one.id: one for one in desk.chart.patients(therapist)}
    told = [one for one in desk.chart.alerts(therapist=therapist) if one.audience is Audience.THERAPIST and one.patient in patients]
    newest = sorted((one for one in told if one.state is not State.SUPPRESSED), key=lambda one: (-one.changed, one.id))[:MOST]
    feed = Element(_name("feed"))
    updated = _time(newest[0].changed if newest else 0)
    _texts(feed, id=uuid5(NAMESPACE_URL, f"keepup:feed:{therapist}").urn, title="KeepUp alerts", updated=updated)
    _texts(SubElement(feed, _name("author")), name="KeepUp")
    _links(feed, self=(f"{site}{path}", TYPE), alternate=(f"{site}/alerts", "text/html"))
    for one in newest:
        who = patients[one.patient]
        _entry(feed, one, line(one, who.zone, who.virtual), f"{site}/alerts")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(tostring(feed, encoding="utf-8"))


def _entry(feed: Element, one: Alert, said: str, page: str) -> None:
    entry, over = SubElement(feed, _name("entry")), OVER.get(one.state)
    title = f"{one.patient}: {kind(one.kind)}{f' ({over})' if over else ''}"
    _texts(entry, id=f"urn:uuid:{one.id}", title=title, published=_time(one.opened), updated=_time(one.changed))
    _links(entry, alternate=(page, "text/html"))
    SubElement(entry, _name("category"), term=one.kind)
    _texts(entry, content=said)


def _texts(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        # what XML 1.0 cannot hold (§2.2) is nobody's name
        SubElement(parent, _name(name)).text = NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _links(parent: Element, **links: tuple[str, str]) -> None:
    for rel, (href, what) in links.items():
        SubElement(parent, _name("link"), rel=rel, href=href, type=what)


def _name(name: str) -> str:
    return f"{{{SPACE}}}{name}"


def _time(instant: int) -> str:
    """RFC 3339, to the second: two changes within one are told by the ETag."""
    return f"{datetime.fromtimestamp(instant // MICROS, UTC):%Y-%m-%dT%H:%M:%SZ}"
