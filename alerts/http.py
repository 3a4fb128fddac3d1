"""One POST, within its time, and what each answer means for the message. Shared by the channels that speak HTTP."""

import asyncio
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from alerts.channel import DeliveryError
from ingest.link import loopback

LATER = frozenset({408, 425, 429})
"""Client errors that time may cure (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4); all others, and what is not followed, stay."""
LONGEST_WAIT = 86_400.0
"""Seconds; a receiver that asks for more is asked after a day all the same."""
_CONNECTING = 0.3
"""Share of the patience for reaching the receiver, so that what runs out later had been sent."""


def base(url: str) -> str:
    """The address, without a slash at its end. Raises `ValueError` for one that would send in the clear or show a secret in logs."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("A receiver's address looks like https://ntfy.example, or http://127.0.0.1:8080 on this machine.")
    if parts.scheme == "http" and not loopback(parts.hostname):
        raise ValueError("That is another machine: use https:// so that nobody on the way can read along.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            "Leave user, password and anything behind ? or # out of the address, for addresses end up in logs; use token_file."
        )
    return url.rstrip("/")


def post(url: str, body: bytes, headers: Mapping[str, str], tls: ssl.SSLContext, patience: float) -> None:
    """Delivered (2xx), or raises `DeliveryError` after at most `patience` seconds. Redirects are not followed."""
    try:
        head = asyncio.run(_posted(url, body, headers, tls, patience))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError):
        raise DeliveryError(
            "The receiver cannot be reached. Check that it runs, its address and its certificate; the message will be sent again.",
            code="refused",
        ) from None
    except (httpx.TransportError, TimeoutError):
        raise DeliveryError(
            "The receiver did not answer; it may have the message all the same.", ambiguous=True, code="no_answer"
        ) from None
    if not head.is_success:
        raise refused(head.status_code, head.headers)


async def _posted(url: str, body: bytes, headers: Mapping[str, str], tls: ssl.SSLContext, patience: float) -> httpx.Response:
    """The head of the answer is all that is waited for."""
    own = loopback(urlsplit(url).hostname or "")
    limits = httpx.Timeout(patience, connect=patience * _CONNECTING)
    async with (
        asyncio.timeout(patience),
        httpx.AsyncClient(verify=tls, timeout=limits, trust_env=not own) as client,
        client.stream("POST", url, content=body, headers=dict(headers)) as response,
    ):
        return response


def refused(status: int, headers: Mapping[str, str]) -> DeliveryError:
    code = str(status)
    if status in LATER or status >= 500:
        return DeliveryError(f"The receiver is busy or broken ({code}).", retry_after=retry_after(headers), code=code)
    if status < 400:
        return DeliveryError(f"The receiver is elsewhere ({code}). Set the address it really has.", permanent=True, code=code)
    return DeliveryError(f"The receiver refused ({code}). Check the token and the contact in its settings.", permanent=True, code=code)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait (RFC 9110 §10.2.3); a date counts from the receiver's own `Date`, so no clock of ours is asked."""
    asked = headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return min(float(asked[:9]), LONGEST_WAIT)
    try:
        wait = (parsedate_to_datetime(asked) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT)
