"""Who may come in: signed sessions, form tokens, and a brake on guessing. `now` is µs UTC throughout."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import Annotated

from fastapi import Form, HTTPException, Request, Response
from itsdangerous import BadSignature, Signer, URLSafeSerializer

from alerts.chart import Chart
from ingest.batch import HOUR, MINUTE

STAY = 12 * HOUR
"""A session ends by itself: a working day."""
TRIES = 5
"""Wrong passwords per id and minute before the door stays shut for the rest of that minute."""
LONGEST_ID = 64
AT_ONCE = 2
"""Passwords tried at the same time: each takes 64 MiB, and a tenth of a second of a core."""


class LoginNeeded(Exception):
    """Nobody is logged in, or the session has ended."""


class Shut(Exception):
    """No password is tried now; the message says why, and when one will be."""


@dataclass(frozen=True, slots=True)
class Session:
    therapist: str
    """Pseudonym; empty before the login."""
    nonce: str
    until: int
    """µs UTC."""
    seal: str
    """Of the password it was begun with (`Chart.seal`): another password ends it. Empty before the login."""


class Door:
    """Sessions live in the cookie, who left early in the chart; the door itself remembers who guessed wrong, and forgets it in time."""

    def __init__(self, chart: Chart, secret: bytes, now: Callable[[], int], https: bool = False) -> None:
        if len(secret) < 32:
            raise ValueError(f"The web secret has {len(secret)} bytes; give at least 32 random ones.")
        self._chart = chart
        self._now = now
        self._https = https
        self._cookie = "__Host-keepup" if https else "keepup"
        self._sessions = URLSafeSerializer(secret, "session", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256})
        self._forms = Signer(secret, "form", key_derivation="hmac", digest_method=hashlib.sha256)
        self._feeds = URLSafeSerializer(secret, "feed", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256})
        self._lock = Lock()
        self._trying = BoundedSemaphore(AT_ONCE)
        self._wrong: dict[str, list[int]] = {}

    def session(self, request: Request) -> Session | None:
        """The visitor's session, logged in or not; `None` without a valid one."""
        try:
            session = Session(*self._sessions.loads(request.cookies.get(self._cookie, "")))
        except (BadSignature, TypeError):
            return None
        return session if session.until > self._now() and self._holds(session) else None

    def _holds(self, session: Session) -> bool:
        return not session.therapist or self._chart.seal(session.therapist, session.nonce) == session.seal

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
        return str(self._feeds.dumps([therapist, self._chart.seal(therapist)]))

    def follower(self, token: str) -> str | None:
        """Whose feed it is; `None`: nobody's."""
        try:
            therapist, seal = self._feeds.loads(token)
        except (BadSignature, ValueError):
            return None
        return therapist if seal is not None and seal == self._chart.seal(therapist) else None

    def enter(self, response: Response, therapist: str = "", seal: str = "") -> Session:
        """A new session, never a promoted one: a cookie planted before the login is worth nothing after it."""
        session = Session(therapist, secrets.token_urlsafe(16), self._now() + STAY, seal)
        cookie = self._sessions.dumps([session.therapist, session.nonce, session.until, session.seal])
        response.set_cookie(self._cookie, str(cookie), max_age=STAY // 1_000_000, httponly=True, samesite="strict", secure=self._https)
        return session

    def leave(self, response: Response, session: Session) -> None:
        self._chart.leave(session.nonce, session.until, self._now())
        response.delete_cookie(self._cookie, httponly=True, samesite="strict", secure=self._https)

    def knock(self, therapist: str, fits: Callable[[], bool]) -> bool:
        """Whether the password is right, which `fits` tells. Raises `Shut`: too many wrong ones, or too many tried just now.

        It counts as wrong from before it is tried, so guesses at the same time are as many as guesses in turn.
        """
        name, at = therapist[:LONGEST_ID], self._now()
        with self._lock:
            self._forget(at - MINUTE)
            if len(self._wrong.get(name, ())) >= TRIES:
                raise Shut("Too many wrong passwords for this id. Wait one minute, then try again.")
            if not self._trying.acquire(blocking=False):
                raise Shut("Too many are logging in just now. Try again in a moment.")
            self._wrong.setdefault(name, []).append(at)
        wrong = False
        try:
            wrong = not fits()
        finally:
            self._trying.release()
            if not wrong:
                self._take_back(name, at)
        return not wrong

    def _forget(self, since: int) -> None:
        warm = {name: [time for time in times if time > since] for name, times in self._wrong.items()}
        self._wrong = {name: times for name, times in warm.items() if times}

    def _take_back(self, name: str, at: int) -> None:
        with self._lock:
            if at in (times := self._wrong.get(name, [])):
                times.remove(at)
