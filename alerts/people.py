"""Who is in the chart: patients, the bands they wear, the therapists who read."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection, Row, or_, select, update

from alerts import tables
from alerts.database import upsert

_PASSWORDS = PasswordHash((Argon2Hasher(),))
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Rd2qkkrz6R7nSMzquJ2iaw$1dYXK25hHGg6Pa6q+6CpqlePei6NBDYi1XPXc8PXUck"
"""Hash of a password nobody has: an unknown id costs the same time as a wrong password."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A person, by pseudonym only."""

    id: str
    """Pseudonym, e.g. "p-7f3a"; a virtual one begins "virtual-"."""
    zone: ZoneInfo
    therapist: str
    """Pseudonym of the therapist who reads about this patient, e.g. "t-02"."""
    virtual: bool
    """Simulated: marked wherever it is shown or told."""


@dataclass(frozen=True, slots=True)
class Wearing:
    """One band on one patient for a time; times µs UTC, `end is None` while it lasts."""

    dev: str
    patient: str
    start: int
    end: int | None = None


def admit(tx: Connection, site: str, patient: Patient, now: int) -> None:
    values = {"id": patient.id, "zone": patient.zone.key, "therapist": patient.therapist, "virtual": patient.virtual}
    upsert(tx, tables.patient, {"site": site, "admitted": now, **values}, once={"admitted"})


def patients(tx: Connection, therapist: str | None, id: str | None = None) -> list[Patient]:  # noqa: A002 — it is the patient's
    rows = select(tables.patient).order_by(tables.patient.c.id)
    if therapist is not None:
        rows = rows.where(tables.patient.c.therapist == therapist)
    if id is not None:
        rows = rows.where(tables.patient.c.id == id)
    return [_patient(row) for row in tx.execute(rows)]


def _patient(row: Row[tuple[object, ...]]) -> Patient:
    return Patient(row.id, ZoneInfo(row.zone), row.therapist, row.virtual)


def hand_over(tx: Connection, site: str, wearing: Wearing) -> None:
    """Raises `ValueError` when the patient is unknown or the band was on somebody at the time."""
    if not patients(tx, None, wearing.patient):
        raise ValueError(f"patient {wearing.patient} is not in the chart; admit the patient first")
    w, begun = tables.wearing.c, tables.wearing.c.start
    tx.execute(update(tables.wearing).where(w.dev == wearing.dev, begun < wearing.start, w.end.is_(None)).values(end=wearing.start))
    before_it_ends = [] if wearing.end is None else [begun < wearing.end]
    other = select(w.patient).where(
        w.dev == wearing.dev, begun != wearing.start, or_(w.end.is_(None), w.end > wearing.start), *before_it_ends
    )
    if (worn_by := tx.execute(other).scalar()) is not None:
        raise ValueError(f"band {wearing.dev} is on {worn_by} for part of that time; give times that do not overlap")
    values = {"dev": wearing.dev, "patient": wearing.patient, "start": wearing.start, "end": wearing.end}
    upsert(tx, tables.wearing, {"site": site, **values})


def wearings(tx: Connection, patient: str) -> list[Wearing]:
    rows = select(tables.wearing).where(tables.wearing.c.patient == patient).order_by(tables.wearing.c.start, tables.wearing.c.dev)
    return [Wearing(row.dev, row.patient, row.start, row.end) for row in tx.execute(rows)]


def hashed(password: str) -> str:
    """argon2id; takes a tenth of a second, so outside any transaction."""
    return _PASSWORDS.hash(password)


def employ(tx: Connection, site: str, therapist: str, password: str) -> None:
    """`password` as `hashed`; a second time replaces it."""
    upsert(tx, tables.therapist, {"site": site, "id": therapist, "password": password})


def kept_password(tx: Connection, therapist: str) -> str | None:
    return tx.execute(select(tables.therapist.c.password).where(tables.therapist.c.id == therapist)).scalar()


def fits(password: str, kept: str | None) -> bool:
    """Whether the password is the one kept (`hashed`, `None`: no such therapist); takes the same time either way."""
    right = _PASSWORDS.verify(password, _NOBODY if kept is None else kept)
    return right and kept is not None
