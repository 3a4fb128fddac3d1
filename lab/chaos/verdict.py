"""What came of a storm: figures for machines, and a sentence."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from json import dumps
from pathlib import Path

from ingest.batch import DAY, MICROS
from ingest.catalog import Catalog
from ingest.spool import Spool
from ingest.store import Store
from lab.chaos.reader import Account, Claimed, Told, account
from lab.chaos.witness import Evidence, evidence


@dataclass(frozen=True, slots=True)
class Tally:
    """What the storm did."""

    kills: Mapping[str, int]
    fell: Mapping[str, int]
    """How often each ended by itself."""
    network: Mapping[str, int]
    disk: str
    settled_s: float | None
    """Until all that was accepted was stored; `None`: not within the time it may take."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Field by field what `keepup chaos --json` prints."""

    kills: Mapping[str, int]
    fell: Mapping[str, int]
    network: Mapping[str, int]
    disk: str
    accepted: int
    """Readings that the collector committed."""
    stored: int
    stored_in_storm: int
    """Of these, before it was over."""
    lost: int
    duplicated: int
    altered: int
    gaps: Mapping[str, float]
    """Cause → s, of all bands together."""
    unexplained_s: float
    """s of all bands together of which nothing is said: neither heard nor a gap."""
    claims: Mapping[str, int]
    settled_s: float | None
    verdict: str

    @property
    def kept(self) -> bool:
        return self.verdict == "kept"

    def json(self) -> str:
        return dumps(asdict(self))

    def __str__(self) -> str:
        """For people."""
        kills = sum(self.kills.values())
        if self.kept:
            return (
                f"Kept: {kills} kills, {self.accepted} readings accepted, all of them stored once and as they were said; "
                f"settled after {self.settled_s:g} s."
            )
        faults = [f"{n} {what}" for what, n in (("lost", self.lost), ("duplicated", self.duplicated), ("altered", self.altered)) if n]
        faults += [f"{self.unexplained_s:g} s unexplained"] if self.unexplained_s else []
        faults += [f"{self.claims['wrong']} of {self.claims['checked']} claims of completeness wrong"] if self.claims["wrong"] else []
        faults += ["not settled in time"] if self.settled_s is None else []
        faults += [] if self.stored else ["nothing was stored"]
        return f"Broken after {kills} kills, {self.accepted} readings accepted: {', '.join(faults)}."


def verdict(tally: Tally, sum_: Account) -> Verdict:
    """Kept only where something was at stake: a storm in which nothing was stored shows nothing."""
    faults = sum_.lost + sum_.duplicated + sum_.altered + sum_.unexplained + sum_.claims_wrong
    kept = not faults and tally.settled_s is not None and sum_.stored > 0
    return Verdict(
        **{name: getattr(tally, name) for name in ("kills", "fell", "network", "disk", "settled_s")},
        **{name: getattr(sum_, name) for name in ("accepted", "stored", "stored_in_storm", "lost", "duplicated", "altered")},
        gaps={cause: round(us / MICROS, 1) for cause, us in sorted(sum_.gaps.items())},
        unexplained_s=sum_.unexplained / MICROS,
        claims={"checked": sum_.claims, "wrong": sum_.claims_wrong},
        verdict="kept" if kept else "broken",
    )


def summed(
    store: Callable[[], Store], catalog: Path, spool: Path, journal: Path, claims: Sequence[Claimed], span: tuple[int, int]
) -> Account:
    """The books of all bands. `span`: when the storm began and when it was over, µs UTC. Raises `StoreUnavailable`, `SpoolUnavailable`."""
    start, healed = span
    said = evidence(journal)
    with closing(store()) as read, closing(Catalog(catalog)) as index, closing(Spool(spool)) as outbox:
        accepted = outbox.accepted()
        total = Account(gaps=Counter())
        for dev in sorted({*said, *accepted}):
            told = Told(
                dev,
                start,
                outbox.heard_to(dev) or start,
                accepted.get(dev, 0),
                said.get(dev, Evidence()),
                index.spans(dev, start - DAY, healed + DAY),
                [claim for claim in claims if claim.dev == dev],
            )
            total += account(read, told, healed)
    return total
