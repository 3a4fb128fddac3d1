"""The part of the chart that knows who there is: patients, their clocks and bands, therapists."""

from zoneinfo import ZoneInfo

from alerts import links, people, said
from alerts.database import Database
from alerts.people import Patient, Therapist, Wearing
from detectors.plan.occurrence import Zones


class Register:
    """Every method is one transaction, safe to call from any thread, and raises `ChartUnavailable` when the database cannot serve."""

    def __init__(self, database: Database, site: str) -> None:
        self._database, self._site = database, site

    def close(self) -> None:
        self._database.close()

    def cleared(self) -> bool:
        """Nothing that was deleted is in the database's files. False: there may be (somebody reads on, or PostgreSQL clears them later)."""
        return self._database.cleared()

    def admit(self, patient: Patient, now: int) -> None:
        """A second time replaces therapist, mark and detail; another zone is where the patient is from `now` on."""
        with self._database.writing() as tx:
            people.admit(tx, self._site, patient, now)

    def set_detail(self, patient: str, therapist: str, detail: int, now: int) -> bool:
        """How much messages to the patient say (`Patient.detail`), and nothing else. False: not a patient of this therapist."""
        with self._database.writing() as tx:
            return people.set_detail(tx, self._site, patient, therapist, detail, now)

    def patients(self, therapist: str | None = None) -> list[Patient]:
        """By pseudonym; with `therapist` only those that one reads about."""
        with self._database.reading() as tx:
            return people.patients(tx, therapist)

    def patient(self, id: str, therapist: str | None = None) -> Patient | None:  # noqa: A002 — it is the patient's
        with self._database.reading() as tx:
            return next(iter(people.patients(tx, therapist, id)), None)

    def move(self, patient: str, zone: ZoneInfo, since: int) -> bool:
        """The patient's clock is the zone's from `since`. False: it is already.

        Raises `ValueError` when the patient is unknown or is known to have moved later.
        """
        with self._database.writing() as tx:
            return people.move(tx, self._site, patient, zone, since)

    def zones(self, patient: str) -> Zones:
        """Ascending; the first is that of the admission."""
        with self._database.reading() as tx:
            return people.zones(tx, patient)

    def said(self) -> dict[str, int]:
        """Patient → a number that changes whenever something is reported, planned or paused."""
        with self._database.reading() as tx:
            return said.said(tx)

    def hand_over(self, wearing: Wearing) -> None:
        """The band is on this patient from `start`; an earlier wearing that still lasts ends there.

        The same band and start again replaces what was said. Raises `ValueError` when the patient is unknown or the band is on
        somebody else for part of that time.
        """
        with self._database.writing() as tx:
            people.hand_over(tx, self._site, wearing)

    def wearings(self, patient: str) -> list[Wearing]:
        """Ascending in start."""
        with self._database.reading() as tx:
            return people.wearings(tx, patient)

    def employ(self, therapist: str, password: str) -> None:
        """A second time replaces the password."""
        kept = people.hashed(password)
        with self._database.writing() as tx:
            people.employ(tx, self._site, therapist, kept)

    def login(self, therapist: str, password: str) -> bool:
        """An unknown therapist takes as long as a wrong password."""
        with self._database.reading() as tx:
            kept = people.kept_password(tx, therapist)
        return people.fits(password, kept)

    def seal(self, therapist: str, nonce: str = "") -> str | None:
        """Of the kept password, 16 hexadecimal digits: what is sealed with it ends with that password.

        `None`: nobody of that name can log in, or the session of this nonce was left.
        """
        with self._database.reading() as tx:
            return people.seal(tx, therapist, nonce)

    def leave(self, nonce: str, until: int, now: int) -> None:
        """The session of this nonce, which would have lasted until then, is over."""
        with self._database.writing() as tx:
            people.leave(tx, self._site, nonce, until, now)

    def therapists(self) -> list[Therapist]:
        """By pseudonym."""
        with self._database.reading() as tx:
            return people.therapists(tx)

    def settle_in(self, therapist: Therapist) -> bool:
        """Their clock, and when their digest is due. False: nobody of that name can log in."""
        with self._database.writing() as tx:
            return people.settle_in(tx, therapist)

    def asked(self, patient: str) -> dict[str, int]:
        """Occurrence id → when the question about it first reached the patient, or may have."""
        with self._database.reading() as tx:
            return links.asked(tx, patient)
