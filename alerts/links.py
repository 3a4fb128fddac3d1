"""Questions put to patients: the signed links by which they answer without a login, and what the chart knows of each."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from itsdangerous import Signer
from sqlalchemy import Connection, Row, and_, or_, select, update

from alerts import tables
from alerts.alert import Audience, Message, MessageState, State
from alerts.database import Database
from alerts.reports import add
from alerts.wording import AGAIN, FIRST
from detectors.adherence import closes
from detectors.finding import Finding
from detectors.outcome import KIND, judged
from detectors.report import Answer, Feeling, Pain, Reason, Said
from ingest.batch import HOUR

SHORTEST = 32
"""Bytes of a secret."""
AFTERWARDS = HOUR
"""How long after the answer more can be said by the same link: how the back is, what got in the way."""
_LONGEST = 256  # characters of a token
_SOURCE = "page"


class Links:
    """Makes and reads links; a link names a message's id and nothing else. Raises `ValueError` for a secret under 32 bytes.

    `base`: where the pages are for a patient's phone, e.g. "https://keepup.example.org".
    """

    def __init__(self, secret: bytes, base: str) -> None:
        if len(secret) < SHORTEST:
            raise ValueError(f"the secret has {len(secret)} bytes, {SHORTEST} are needed; make it with: openssl rand -hex 32")
        self._base = base.rstrip("/")
        self._signer = Signer(secret, salt="keepup.answer", key_derivation="hmac", digest_method=sha256)

    def url(self, message: str) -> str:
        return f"{self._base}/a/{self._signer.sign(message).decode()}"

    def message(self, token: str) -> str | None:
        """The message's id; `None`: it was not we who signed this."""
        id, _, signature = token.rpartition(".")  # noqa: A001 — the message's
        if not (id and signature and token.isascii() and len(token) <= _LONGEST):
            return None
        # the whole of it and not what its signature decodes to: several spellings decode alike
        return id if compare_digest(self._signer.sign(id), token.encode()) else None


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is about; times µs UTC."""

    patient: str
    occurrence: str | None
    until: int
    used: int | None


class KeptLinks:
    """Every method is one transaction, safe to call from any thread, and raises `ChartUnavailable` when the database cannot serve."""

    def __init__(self, database: Database, site: str) -> None:
        self._database, self._site = database, site

    def open(self, message: str, now: int) -> Link | None:
        """Changes nothing. `None`: unknown, or over; one that was answered is given, with `used`, until then or for `AFTERWARDS`."""
        k = tables.link.c
        row = select(tables.link).where(k.id == message, or_(k.until > now, k.used > now - AFTERWARDS))
        with self._database.reading() as tx:
            found = tx.execute(row).first()
        return None if found is None else Link(found.patient, found.occurrence, found.until, found.used)

    def addresses(self, links: Links, now: int) -> Callable[[Message], str | None]:
        """Gives a message's address at its sending; `None`: it asks nothing, or nothing any more."""
        return lambda message: None if self.open(message.id, now) is None else links.url(message.id)

    def use(self, message: str, now: int) -> bool:
        """True once, however many ask at once."""
        with self._database.writing() as tx:
            return _use(tx, message, now)

    def answer(self, message: str, answer: Answer, now: int, feeling: Feeling | None = None) -> bool:
        """The answer is in the chart and the link used up, or neither; "not yet" leaves it to be used again. False: it no longer is to be.

        What was said by this link under the same id stands as it was said. Raises `ValueError` for an answer about something else, and as
        `Reports.add`.
        """
        with self._database.writing() as tx:
            link = tx.execute(select(tables.link).where(tables.link.c.id == message)).first()
            if link is not None and (answer.patient, answer.occurrence) != (link.patient, link.occurrence):
                raise ValueError("the answer is about something else than the link; open the link again")
            live = _live(tx, message, now) if answer.said is Said.NOT_YET else _use(tx, message, now)
            if live:
                self._add(tx, answer, now)
            if live and feeling is not None:
                self._add(tx, feeling, now)
            return live

    def add(self, message: str, report: Feeling | Pain | Reason, now: int) -> bool:
        """Said besides the answer, until `AFTERWARDS`; the first under an id stands. False: too late, or no such link.

        Raises `ValueError` for another one's report, and as `Reports.add`.
        """
        k = tables.link.c
        taken = or_(k.used > now - AFTERWARDS, k.used.is_(None) & (k.until > now))
        with self._database.writing() as tx:
            patient = tx.execute(select(k.patient).where(k.id == message, taken)).scalar()
            if patient is None:
                return False
            if patient != report.patient:
                raise ValueError("the report is another one's than the link; open the link again")
            self._add(tx, report, now)
            return True

    def _add(self, tx: Connection, report: Answer | Feeling | Pain | Reason, now: int) -> None:
        if tx.execute(select(tables.report.c.id).where(tables.report.c.id == report.id)).first() is None:
            add(tx, self._site, report, _SOURCE, now)


def asked(tx: Connection, patient: str) -> dict[str, int]:
    """Occurrence id → when the question about it first reached the patient, µs UTC. Of what only may have arrived nobody is taken to know.

    What was taken back, or went out before the window was over, is as if it had not been asked.
    """
    a, m, f = tables.alert.c, tables.message.c, tables.finding.c
    same = and_(f.patient == a.patient, f.kind == a.kind, f.key == a.key)
    rows = select(tables.finding, m.settled.label("at")).join_from(tables.message, tables.alert, a.id == m.alert).join(tables.finding, same)
    rows = rows.where(a.patient == patient, a.kind == KIND, a.audience == Audience.PATIENT.value, m.step.in_([FIRST, AGAIN]))
    rows = rows.where(a.state != State.RETRACTED.value, m.state == MessageState.SENT.value, m.settled >= a.opened).order_by(
        a.key, m.settled.desc()
    )
    return {row.key: row.at for row in tx.execute(rows) if row.at >= _closes(row)}


def _closes(row: Row[tuple[object, ...]]) -> int:
    return closes(judged(Finding(row.patient, row.kind, row.key, row.start, row.end, row.evidence, row.version)))


def _use(tx: Connection, message: str, now: int) -> bool:
    k = tables.link.c
    return tx.execute(update(tables.link).where(k.id == message, k.used.is_(None), k.until > now).values(used=now)).rowcount == 1


def _live(tx: Connection, message: str, now: int) -> bool:
    k = tables.link.c
    return tx.execute(select(k.id).where(k.id == message, k.used.is_(None), k.until > now)).first() is not None
