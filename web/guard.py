"""What holds for every answer: strict headers, and no form from another site."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
HEADERS = {
    "Content-Security-Policy": "; ".join(POLICY),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex",
}
KEPT = ("/static/", "/feed/")
"""What may be kept, to be asked for again only if it changed."""
MOST = 64 * 1024
"""Bytes of a form; the longest of ours has a few hundred."""
SAFE = {"GET", "HEAD", "OPTIONS"}


class Guard:
    """Outermost layer of the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers["Cache-Control"] = "no-cache" if scope["path"].startswith(KEPT) else "no-store"
            await send(message)

        heard = 0

        async def counted() -> Message:
            nonlocal heard
            message = await receive()
            heard += len(message.get("body", b""))
            if heard > MOST:
                raise HTTPException(413)
            return message

        length = Headers(scope=scope).get("content-length", "0")
        if len(length) > len(str(MOST)) or int(length) > MOST:
            refusal = PlainTextResponse("That is more than any form here sends, so nothing was done.", 413, {"Connection": "close"})
            await refusal(scope, receive, guarded)
        elif scope["method"] not in SAFE and foreign(Headers(scope=scope)):
            refusal = PlainTextResponse("This form came from another site, so nothing was done. Open KeepUp itself and try again.", 403)
            await refusal(scope, receive, guarded)
        else:
            await self._app(scope, counted, guarded)


def foreign(headers: Headers) -> bool:
    """Whether a browser says that another site sent this. A client that says nothing is judged by its form token alone.

    Under our own no-referrer policy browsers send `Origin: null` with our own forms, so that alone says nothing.
    """
    fetched = headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched not in {"same-origin", "none"}
    origin = headers.get("origin", "null")
    return origin != "null" and urlsplit(origin).netloc != headers.get("host", "")
