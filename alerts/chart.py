"""The chart: the clinical database of people, bands, plans, reports, findings, alerts and messages."""

from collections.abc import Callable, Collection, Sequence

from alerts import audit, claims, counts, dead, erasure, judgements, moves, people, rounds
from alerts.alert import Alert, Event, Message, MessageState, State
from alerts.audit import Fault, Walk
from alerts.counts import Counts
from alerts.database import ChartUnavailable, Database
from alerts.feed import Feed
from alerts.links import KeptLinks
from alerts.moves import Reach
from alerts.pauses import Pauses
from alerts.people import Patient, Therapist, Wearing
from alerts.plans import Plans
from alerts.reconcile import Change, Judgement
from alerts.register import Register
from alerts.reports import Reports
from alerts.trail import Trail
from detectors.finding import Finding

__all__ = ["Chart", "ChartUnavailable", "Event", "Patient", "Therapist", "Wearing"]


class Chart(Register):
    """Opened by URL ("sqlite:///path" or "postgresql+psycopg://…"); brings its tables up to date by itself. Times are µs UTC.

    Every method is one transaction, safe to call from any thread, and raises `ChartUnavailable` when the database cannot serve.
    `channels`: the names of those by which everybody is told, or a function that gives them for each recipient's pseudonym; where there
    are none, the page alone tells. `answers`: patients have a place to answer at; where they have none, nobody is asked.
    """

    def __init__(
        self,
        url: str,
        *,
        site: str = "home",
        channels: Sequence[str] | Callable[[str], Sequence[str]] = ("mqtt",),
        answers: bool = True,
    ) -> None:
        super().__init__(Database(url), site)
        of = channels if callable(channels) else lambda _: channels
        self._reach: Reach = lambda who, asks: of(who) if answers or not asks else ()
        self.plans = Plans(self._database, site)
        self.reports = Reports(self._database, site)
        self.pauses = Pauses(self._database, site)
        self.links = KeptLinks(self._database, site)
        self.feed = Feed(self._database)
        self.trail = Trail(self._database)

    # findings and alerts

    def judgements(self, patient: str, start: int, end: int) -> list[Judgement]:
        """Findings on record that touch [start, end), retracted ones too: what `reconcile` calls `known`."""
        with self._database.reading() as tx:
            return judgements.judgements(tx, patient, start, end)

    def record(self, patient: str, changes: Sequence[Change], now: int) -> None:
        """The changes, the alerts that follow from them, their events and messages: all or nothing. No changes: nothing is touched.

        Raises `ValueError` when the patient is unknown.
        """
        if not changes:
            return
        with self._database.writing() as tx:
            who = people.patients(tx, None, patient)
            if not who:
                raise ValueError(f"patient {patient} is not in the chart; admit the patient first")
            for change in changes:
                judgements.write(tx, self._site, who[0], change, self._reach, now)

    def findings(self, patient: str | None = None) -> list[tuple[Finding, str]]:
        """(finding, "open" | "closed" | "retracted"), by patient, start, kind."""
        with self._database.reading() as tx:
            return judgements.findings(tx, patient)

    def alerts(self, *, therapist: str | None = None, patient: str | None = None, states: Sequence[State] = ()) -> list[Alert]:
        """Newest first, whoever they were for; no `states`: all."""
        with self._database.reading() as tx:
            return moves.alerts(tx, therapist, patient, states)

    def acknowledge(self, alert: str, by: str, now: int, why: str = "acknowledged") -> bool:
        """True: acknowledged, now or before. False: not an alert for this therapist, or it is over. `why`: as the audit will have it."""
        with self._database.writing() as tx:
            return rounds.acknowledge(tx, self._site, alert, by, now, why)

    def snooze(self, alert: str, by: str, until: int, now: int) -> bool:
        """It is open again at `until`. False: not an alert for this therapist, or not open. Raises `ValueError` over 14 days."""
        rounds.checked(until, now)
        with self._database.writing() as tx:
            return rounds.snooze(tx, self._site, alert, by, until, now)

    def label(self, alert: str, by: str, what: str, now: int) -> bool:
        """What it really was, e.g. "not a miss"; acknowledges it, too. False: not about a patient of this therapist."""
        with self._database.writing() as tx:
            return rounds.label(tx, self._site, alert, by, what, now)

    # audit

    def events(self, alert: str) -> list[Event]:
        """Ascending in seq."""
        with self._database.reading() as tx:
            return audit.events(tx, alert)

    def audit(self, *, patient: str | None = None, therapist: str | None = None, after: int = 0, most: int = 1000) -> list[Event]:
        """Up to `most` events with a higher seq than `after`, ascending. Numbers come in order, without holes: a feed resumes by them."""
        with self._database.reading() as tx:
            return audit.lines(tx, patient, therapist, after, most)

    def note(self, patient: str, by: str, what: str, now: int) -> None:
        """Something done to the patient's chart that moved no alert, e.g. "viewed". Raises `ValueError` when the patient is unknown."""
        with self._database.writing() as tx:
            people.known(tx, patient)
            audit.note(tx, self._site, patient, by, what, now)

    def verify(self, walk: Walk | None = None) -> list[Fault]:
        """Where the audit does not hold; none: it is whole. With a `walk` only what came since is read, by one thread at a time."""
        with self._database.reading() as tx:
            return audit.verify(tx, Walk() if walk is None else walk)

    def verify_of(self, patient: str) -> list[Fault]:
        """Where the chain of one patient does not hold."""
        with self._database.reading() as tx:
            return audit.verify_of(tx, patient)

    def replayed(self) -> dict[str, State]:
        """Alert → its state as the audit alone says."""
        with self._database.reading() as tx:
            return audit.replayed(tx)

    def erase(self, patient: str, now: int, by: str = "operator") -> bool | None:
        """Everything about the patient is gone, but digests that name nobody. `None`: there is no such patient.

        False: it is, but the database's files may hold it yet: ask `cleared` later.
        """
        with self._database.writing() as tx:
            if not erasure.erase(tx, self._site, patient, by, now):
                return None
        return self._database.cleared()

    # messages

    def claim(self, now: int, channels: Collection[str] | None = None) -> Message | None:
        """The next message that may go out now, of these channels (`None`: any); the caller's for `policy.LEASE`, to be settled by then."""
        with self._database.reading() as tx:
            if claims.waiting(tx, now, channels) is None:
                return None
        with self._database.writing() as tx:
            return claims.claim(tx, self._site, now, channels)

    def settle(
        self,
        message: str,
        outcome: str,
        now: int,
        attempt: int | None = None,
        *,
        repeat: bool = False,
        retry_after_s: float | None = None,
        code: str = "",
    ) -> MessageState:
        """`outcome`: "sent", "queued" (failed, try again later), "unknown" (may have arrived; again only with `repeat`) or "dead".

        `attempt`: the claim's, `Message.attempts`; by default the newest. `retry_after_s`: the receiver asked for so long a wait. Gives
        what became of the message: "dead" too when it was tried often enough.
        """
        ending = claims.Ending(MessageState(outcome), repeat, retry_after_s or 0, code)
        with self._database.writing() as tx:
            return claims.settle(tx, message, ending, attempt, now)

    def recover(self, now: int, idempotent: Collection[str] = (), channels: Collection[str] | None = None) -> int:
        """Claims of these channels (`None`: all) nobody settled: queued again where `idempotent`, elsewhere unknown. Snoozed alerts wake,
        what is held back no more is told, and so is whoever has the patient now; forgotten ones expire. How many of all."""
        with self._database.reading() as tx:
            if not claims.lapsed(tx, now, channels) and not moves.awaited(tx, self._reach, now):
                return 0
        with self._database.writing() as tx:
            return claims.recover(tx, now, idempotent, channels) + moves.tend(tx, self._site, self._reach, now)

    def retry(self, message: str, by: str, now: int) -> bool:
        """A message that was given up (`counts(now).dead`) goes out once more. False: it was not, or nobody would be served by it now."""
        with self._database.writing() as tx:
            return dead.retry(tx, self._site, message, by, now)

    def drop(self, message: str, by: str, now: int) -> bool:
        """A message that was given up is cancelled, and `counts(now).dead` has it no more. False: it was not given up."""
        with self._database.writing() as tx:
            return dead.drop(tx, self._site, message, by, now)

    # the operator

    def counts(self, now: int) -> Counts:
        with self._database.reading() as tx:
            return counts.counts(tx, now)

    def beat(self, component: str, now: int) -> None:
        """The component is alive."""
        with self._database.writing() as tx:
            counts.beat(tx, self._site, component, now)

    def heartbeats(self) -> dict[str, int]:
        """Component → when it last said that it is alive."""
        with self._database.reading() as tx:
            return counts.heartbeats(tx)
