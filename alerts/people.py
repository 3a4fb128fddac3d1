"""Who is in the chart: patients, the bands they wear, the therapists who read."""

from dataclasses import dataclass
from hashlib import sha256
from zoneinfo import ZoneInfo

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection, Row, delete, or_, select, update

from alerts import audit, tables
from alerts.database import upsert
from detectors.plan.occurrence import Zones

UTC = ZoneInfo("UTC")
SHORTEST = 15
"""Characters of a password that alone opens the door (NIST SP 800-63B-4, 2025)."""
_PASSWORDS = PasswordHash((Argon2Hasher(),))
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Rd2qkkrz6R7nSMzquJ2iaw$1dYXK25hHGg6Pa6q+6CpqlePei6NBDYi1XPXc8PXUck"
"""Hash of a password nobody has: an unknown id costs the same time as a wrong password."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A person, by pseudonym only."""

    id: str
    """Pseudonym, e.g. "p-7f3a"; a virtual one begins "virtual-"."""
    zone: ZoneInfo
    """The newest of their zones."""
    therapist: str
    """Pseudonym of the therapist who reads about this patient, e.g. "t-02"."""
    virtual: bool
    """Simulated: marked wherever it is shown or told."""
    detail: int = 0
    """How much a message says: 0 that there is one, 1 "your set", 2 all; more than 0 only where the patient asked for it."""


@dataclass(frozen=True, slots=True)
class Therapist:
    """Who reads about patients, by pseudonym."""

    id: str
    zone: ZoneInfo = UTC
    digest_at: int = 450
    """When the day's digest is due, minutes after local midnight; 450 is 7:30."""


@dataclass(frozen=True, slots=True)
class Wearing:
    """One band on one patient for a time; times µs UTC, `end is None` while it lasts."""

    dev: str
    patient: str
    start: int
    end: int | None = None


def admit(tx: Connection, site: str, patient: Patient, now: int) -> None:
    known_before = next(iter(patients(tx, None, patient.id)), None)
    values = {"id": patient.id, "zone": patient.zone.key, "therapist": patient.therapist, "virtual": patient.virtual}
    upsert(tx, tables.patient, {"site": site, "admitted": now, "detail": patient.detail, **values}, once={"admitted"})
    if known_before is None:
        _clock(tx, site, patient.id, patient.zone, now)
    elif known_before.zone.key != patient.zone.key:
        _clock(tx, site, patient.id, patient.zone, max(now, zones(tx, patient.id)[-1][0]))
    if patient.detail != (known_before.detail if known_before else 0):
        _say(tx, site, patient.id, patient.therapist, patient.detail, now)


def set_detail(tx: Connection, site: str, patient: str, therapist: str, detail: int, now: int) -> bool:
    """False: this therapist reads about nobody of that name."""
    p = tables.patient.c
    theirs = (p.id == patient) & (p.therapist == therapist)
    if tx.execute(update(tables.patient).where(theirs, p.detail != detail).values(detail=detail)).rowcount:
        _say(tx, site, patient, therapist, detail, now)
        return True
    return tx.execute(select(p.id).where(theirs)).first() is not None


def _say(tx: Connection, site: str, patient: str, by: str, detail: int, now: int) -> None:
    audit.note(tx, site, patient, by, f"messages now say {('no detail', 'which set', 'all')[detail]}", now)


def move(tx: Connection, site: str, patient: str, zone: ZoneInfo, since: int) -> bool:
    """False: that is where they were. Raises `ValueError` when the patient is unknown or is known to have moved later."""
    known(tx, patient)
    begun, there = zones(tx, patient)[-1]
    if there.key == zone.key:
        return False
    if since < begun:
        raise ValueError(f"the chart has {patient} in {there.key} from later on; give a time after that")
    _clock(tx, site, patient, zone, since)
    tx.execute(update(tables.patient).where(tables.patient.c.id == patient).values(zone=zone.key))
    return True


def zones(tx: Connection, patient: str) -> Zones:
    rows = select(tables.zone).where(tables.zone.c.patient == patient).order_by(tables.zone.c.start)
    return [(row.start, ZoneInfo(row.name)) for row in tx.execute(rows)]


def _clock(tx: Connection, site: str, patient: str, zone: ZoneInfo, since: int) -> None:
    upsert(tx, tables.zone, {"site": site, "patient": patient, "start": since, "name": zone.key})


def known(tx: Connection, patient: str) -> None:
    """Raises `ValueError` for a patient who is not in the chart."""
    if tx.execute(select(tables.patient.c.id).where(tables.patient.c.id == patient)).first() is None:
        raise ValueError(f"patient {patient} is not in the chart; admit the patient first")


def patients(tx: Connection, therapist: str | None, id: str | None = None) -> list[Patient]:  # noqa: A002 — it is the patient's
    rows = select(tables.patient).order_by(tables.patient.c.id)
    if therapist is not None:
        rows = rows.where(tables.patient.c.therapist == therapist)
    if id is not None:
        rows = rows.where(tables.patient.c.id == id)
    return [_patient(row) for row in tx.execute(rows)]


def _patient(row: Row[tuple[object, ...]]) -> Patient:
    return Patient(row.id, ZoneInfo(row.zone), row.therapist, row.virtual, row.detail)


def hand_over(tx: Connection, site: str, wearing: Wearing) -> None:
    """Raises `ValueError` when the patient is unknown or the band was on somebody at the time."""
    known(tx, wearing.patient)
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


def therapists(tx: Connection) -> list[Therapist]:
    rows = tx.execute(select(tables.therapist).order_by(tables.therapist.c.id))
    return [Therapist(row.id, ZoneInfo(row.zone), row.digest_at) for row in rows]


def settle_in(tx: Connection, therapist: Therapist) -> bool:
    """Their clock and digest; False: there is no such therapist."""
    here = update(tables.therapist).where(tables.therapist.c.id == therapist.id)
    return tx.execute(here.values(zone=therapist.zone.key, digest_at=therapist.digest_at)).rowcount == 1


def kept_password(tx: Connection, therapist: str) -> str | None:
    return tx.execute(select(tables.therapist.c.password).where(tables.therapist.c.id == therapist)).scalar()


def seal(tx: Connection, therapist: str, nonce: str) -> str | None:
    left = select(tables.logout.c.nonce).where(tables.logout.c.nonce == nonce).exists()
    kept = tx.execute(select(tables.therapist.c.password).where(tables.therapist.c.id == therapist, ~left)).scalar()
    return None if kept is None else sha256(kept.encode()).digest()[:8].hex()


def leave(tx: Connection, site: str, nonce: str, until: int, now: int) -> None:
    tx.execute(delete(tables.logout).where(tables.logout.c.until <= now))
    upsert(tx, tables.logout, {"site": site, "nonce": nonce, "until": until})


def fits(password: str, kept: str | None) -> bool:
    """Whether the password is the one kept (`hashed`, `None`: no such therapist); takes the same time either way."""
    right = _PASSWORDS.verify(password, _NOBODY if kept is None else kept)
    return right and kept is not None
