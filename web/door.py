"""Who may come in: signed sessions, form tokens, and a brake on guessing. `now` is µs UTC throughout."""

import hashlib
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, HTTPException, Request, Response
from itsdangerous import BadSignature, Signer, URLSafeSerializer

from ingest.batch import HOUR, MINUTE

STAY = 12 * HOUR
"""A session ends by itself: a working day."""
TRIES = 5
"""Wrong passwords per id and minute before the door stays shut for the rest of that minute."""
LONGEST_ID = 64


class LoginNeeded(Exception):
    """Nobody is logged in, or the session has ended."""


@dataclass(frozen=True, slots=True)
class Session:
    therapist: str
    """Pseudonym; empty before the login."""
    nonce: str
    until: int
    """µs UTC."""


class Door:
    """Sessions live in the cookie; the door itself remembers only who left early and who guessed wrong, and forgets both in time."""

    def __init__(self, secret: bytes, now: Callable[[], int], https: bool = False) -> None:
        if len(secret) < 32:
            raise ValueError(f"The web secret has {len(secret)} bytes; give at least 32 random ones.")
        self._now = now
        self._https = https
        self._cookie = "__Host-keepup" if https else "keepup"
        self._sessions = URLSafeSerializer(secret, "session", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256})
        self._forms = Signer(secret, "form", key_derivation="hmac", digest_method=hashlib.sha256)
        self._feeds = URLSafeSerializer(secret, "feed", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256})
        self._left: dict[str, int] = {}
        self._renewed: dict[str, int] = {}
        self._wrong: dict[str, deque[int]] = {}

    def session(self, request: Request) -> Session | None:
        """The visitor's session, logged in or not; `None` without a valid one."""
        try:
            session = Session(*self._sessions.loads(request.cookies.get(self._cookie, "")))
        except (BadSignature, TypeError):
            return None
        return session if session.until > self._now() and not self._over(session) else None

    def _over(self, session: Session) -> bool:
        return session.nonce in self._left or session.until - STAY < self._renewed.get(session.therapist, 0)

    def therapist(self, request: Request) -> Session:
        """For pages. Raises `LoginNeeded`."""
        session = self.session(request)
        if session is None or not session.therapist:
            raise LoginNeeded
        return session

    def form(self, request: Request, token: Annotated[str, Form()] = "") -> Session:
        """For forms: a session and a token made for it. Raises 403."""
        session = self.session(request)
        if session is None or not self._forms.verify_signature(session.nonce, token):
            raise HTTPException(403, "This form is no longer valid. Go back, load the page again and send it once more.")
        return session

    def signed_form(self, request: Request, token: Annotated[str, Form()] = "") -> Session:
        """For forms of those who are logged in. Raises `LoginNeeded` or 403."""
        self.therapist(request)
        return self.form(request, token)

    def token(self, session: Session) -> str:
        return self._forms.get_signature(session.nonce).decode()

    def feed(self, therapist: str) -> str:
        """What the address of a therapist's feed holds instead of a login."""
        return str(self._feeds.dumps(therapist))

    def follower(self, token: str) -> str | None:
        """Whose feed it is; `None`: nobody's."""
        try:
            return str(self._feeds.loads(token))
        except BadSignature:
            return None

    def enter(self, response: Response, therapist: str = "") -> Session:
        """A new session, never a promoted one: a cookie planted before the login is worth nothing after it."""
        session = Session(therapist, secrets.token_urlsafe(16), self._now() + STAY)
        cookie = self._sessions.dumps([session.therapist, session.nonce, session.until])
        response.set_cookie(self._cookie, str(cookie), max_age=STAY // 1_000_000, httponly=True, samesite="strict", secure=self._https)
        return session

    def leave(self, response: Response, session: Session) -> None:
        now = self._now()
        self._left = {nonce: until for nonce, until in self._left.items() if until > now}
        self._left[session.nonce] = session.until
        response.delete_cookie(self._cookie, httponly=True, samesite="strict", secure=self._https)

    def renew(self, response: Response, therapist: str) -> None:
        """With a new password every session begun before is over; whoever set it goes on in a new one."""
        self._renewed[therapist] = self._now()
        self.enter(response, therapist)

    def shut(self, therapist: str) -> bool:
        """Whether this id has guessed wrong too often within the last minute."""
        since = self._now() - MINUTE
        for cold in [name for name, times in self._wrong.items() if times[-1] <= since]:
            del self._wrong[cold]
        return sum(time > since for time in self._wrong.get(therapist[:LONGEST_ID], ())) >= TRIES

    def guessed_wrong(self, therapist: str) -> None:
        self._wrong.setdefault(therapist[:LONGEST_ID], deque(maxlen=TRIES)).append(self._now())
