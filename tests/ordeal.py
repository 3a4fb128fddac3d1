"""Eight days of three patients and two therapists, for the proof by killing: what the rules find when, what people do, who must be told.

It begins on Friday 30 October 2026 in New York; the clocks go back in the night to Sunday, and there is no digest before Monday.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid5
from zoneinfo import ZoneInfo

from alerts.alert import Audience, State
from alerts.chart import Chart, Patient
from alerts.hours import local
from alerts.outbox import NAMES
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from detectors.outcome import Judged, Outcome, Source
from detectors.report import Answer, Said
from ingest.batch import HOUR, MICROS, MINUTE

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
ANN = Patient("p-ann", NEW_YORK, "t-02", False)
BOB = Patient("virtual-bob", NEW_YORK, "t-03", True)
CAT = Patient("p-cat", BERLIN, "t-02", False)
PEOPLE = (ANN, BOB, CAT)
REACH: Mapping[str, Sequence[str]] = {
    "p-ann": ["email"],
    "virtual-bob": ["ntfy"],
    "p-cat": ["email", "ntfy"],
    "t-02": ["email", "ntfy"],
    "t-03": ["ntfy"],
}
Told = Mapping[Audience, State]
"""Who must be told of a finding, and what becomes of that alert."""
NOBODY: Told = {}


def at(day: int, hour: int, minute: int = 0, zone: ZoneInfo = NEW_YORK) -> int:
    """So many days after the first one, by the wall clock there; µs UTC."""
    return int(datetime(2026, 10 + (day > 1), day - 1 if day > 1 else 30 + day, hour, minute, tzinfo=zone).timestamp()) * MICROS


def patient(becomes: State) -> Told:
    return {Audience.PATIENT: becomes}


def therapist(becomes: State) -> Told:
    return {Audience.THERAPIST: becomes}


@dataclass(frozen=True, slots=True)
class Episode:
    """Something the rules find of somebody, as a function of `now`; `None`: not (yet, or any more)."""

    patient: Patient
    found: Callable[[int], Finding | None]
    turns: Sequence[int]
    """When that changes."""
    told: Told


def bout(who: Patient, start: int, minutes: int = 90, *, gone: int | None = None, told: Told | None = None) -> Episode:
    """Stillness; from `gone` on late data show that there was none."""
    end = start + minutes * MINUTE

    def found(now: int) -> Finding | None:
        if now < start + 30 * MINUTE or (gone is not None and now >= gone):
            return None
        still = (min(now, end) - start) // MINUTE
        return Finding(who.id, "still_too_long", f"s{start}", start, end if now >= end else None, {"still_min": still, "coverage": 0.97})

    turns = [start + 30 * MINUTE, start + 55 * MINUTE, end, *([gone] if gone else [])]
    return Episode(who, found, turns, patient(State.RETRACTED if gone else State.RESOLVED) if told is None else told)


Stage = tuple[int, Outcome, Source]


def session(
    who: Patient, day: int, *stages: Stage, told: Told, until: int, ask: str | None = "not_seen", began: int | None = None
) -> Episode:
    """A planned session whose grace ends at `until`, and what is judged of it from each stage on; `began`: if not an hour before that."""
    facts: dict[str, float | int | str] = {"began": f"{local(began or until - HOUR, ZoneInfo('UTC')):%Y-%m-%dT%H:%MZ}"}
    asking: dict[str, float | int | str] = {"ask": ask, "tell_from": until} if ask else {}

    def found(now: int) -> Finding | None:
        past = [stage for stage in stages if stage[0] <= now]
        if not past:
            return None
        _, outcome, source = past[-1]
        known = asking if outcome is Outcome.ASKED else facts
        return Judged(f"rx/core/{day}", "core", until - 4 * HOUR, until, outcome, None, source, 0.9, known).finding(who.id, 1)

    return Episode(who, found, [stage[0] for stage in stages], told)


def state(who: Patient, kind: str, start: int, told: Told, *, over: int | None = None, gone: int | None = None) -> Episode:
    """Something about several days; from `over` on it is over, from `gone` on it never was."""

    def found(now: int) -> Finding | None:
        if now < start or (gone is not None and now >= gone):
            return None
        reach = min(now, over or now)
        evidence: dict[str, float | int | str] = (
            {"silent_h": (reach - start) / HOUR} if kind == "silent_band" else {"count": 2, "level": "amber"}
        )
        return Finding(who.id, kind, f"{kind}@{start}", start, over if over and now >= over else None, evidence)

    grown = [start + hours * HOUR for hours in (12, 48) if kind == "silent_band"]
    return Episode(who, found, [start, *grown, *([over] if over else []), *([gone] if gone else [])], told)


ASKED, NOT_SEEN, DONE, UNKNOWN = Outcome.ASKED, Outcome.NOT_SEEN, Outcome.DONE, Outcome.UNKNOWN
SENSOR, SAID = Source.SENSOR, Source.PATIENT
RESOLVED, RETRACTED = State.RESOLVED, State.RETRACTED
UNANSWERED = session(ANN, 0, (at(0, 11, 5), ASKED, SENSOR), (at(1, 11, 5), NOT_SEEN, SENSOR), until=at(0, 11), told=patient(RESOLVED))
SEEN_LATE = session(
    ANN,
    2,
    (at(2, 11, 5), ASKED, SENSOR),
    (at(3, 11, 5), NOT_SEEN, SENSOR),
    (at(3, 20), DONE, SENSOR),
    until=at(2, 11),
    told=patient(RETRACTED),
)

EPISODES: Sequence[Episode] = (
    UNANSWERED,
    session(ANN, 1, (at(1, 11, 5), ASKED, SENSOR), (at(1, 15), DONE, SAID), until=at(1, 11), told=patient(RESOLVED)),
    SEEN_LATE,
    session(ANN, 3, (at(3, 11, 5), ASKED, SENSOR), (at(3, 11, 35), DONE, SENSOR), until=at(3, 11), told=patient(RETRACTED)),
    session(
        ANN, 5, (at(5, 11, 5), ASKED, SENSOR), (at(5, 14), DONE, SENSOR), until=at(5, 11), told=patient(RESOLVED), began=at(5, 12)
    ),  # once asked
    bout(ANN, at(0, 14)),
    bout(ANN, at(0, 16)),
    bout(ANN, at(0, 18)),  # the third of the day: nobody hears of it
    bout(ANN, at(1, 22), 110),  # at night
    bout(ANN, at(3, 20, 15), 135),  # whoever fails at 21:10 has no other chance before the night
    bout(ANN, at(4, 10), gone=at(4, 13)),
    bout(ANN, at(5, 10), 45, told=NOBODY),
    state(ANN, "not_seen_in_a_row", at(3, 11, 5), therapist(RETRACTED), gone=at(3, 20)),  # before the digest that would tell
    state(ANN, "partial_again", at(0, 10), therapist(RESOLVED), over=at(4, 10)),
    state(ANN, "adherence_low", at(2, 10), therapist(RETRACTED), gone=at(4, 12)),  # after it
    state(ANN, "drifting_time", at(1, 10), therapist(RESOLVED), over=at(6, 10)),
    state(ANN, "likely_stopped", at(3, 12), therapist(RESOLVED), over=at(5, 12)),
    state(ANN, "silent_band", at(4, 14), {Audience.PATIENT: RESOLVED, Audience.THERAPIST: RESOLVED}, over=at(6, 16)),
    session(BOB, 0, (at(0, 12), UNKNOWN, SENSOR), (at(2, 9), DONE, SENSOR), until=at(0, 11), told=NOBODY),
    session(BOB, 1, (at(1, 11, 5), ASKED, SENSOR), (at(2, 10), NOT_SEEN, SAID), until=at(1, 11), told=patient(RESOLVED)),
    session(BOB, 3, (at(3, 11, 5), ASKED, SENSOR), (at(3, 12), UNKNOWN, SENSOR), until=at(3, 11), ask=None, told=NOBODY),
    bout(BOB, at(0, 13)),
    bout(BOB, at(0, 17)),
    bout(BOB, at(2, 14), gone=at(2, 15, 10)),  # taken back while it goes on
    bout(BOB, at(4, 9)),
    bout(BOB, at(4, 12)),
    bout(BOB, at(4, 15)),
    state(BOB, "likely_stopped", at(2, 9), therapist(RETRACTED), gone=at(4, 9)),
    state(BOB, "low_battery", at(3, 18), patient(RESOLVED), over=at(4, 9)),
    state(BOB, "a_kind_of_its_own", at(1, 9), NOBODY, over=at(2, 9)),
    session(
        CAT,
        0,
        (at(0, 22, 0, BERLIN), ASKED, SENSOR),
        (at(1, 6, 0, BERLIN), DONE, SENSOR),
        until=at(0, 21, 0, BERLIN),
        told=patient(RETRACTED),
    ),
    session(
        CAT,
        1,
        (at(1, 20, 0, BERLIN), ASKED, SENSOR),
        (at(2, 8, 0, BERLIN), DONE, SENSOR),
        until=at(1, 19, 0, BERLIN),
        told=patient(RETRACTED),
    ),
    session(
        CAT,
        4,
        (at(4, 20, 0, BERLIN), ASKED, SENSOR),
        (at(5, 20, 0, BERLIN), NOT_SEEN, SENSOR),
        until=at(4, 19, 0, BERLIN),
        told=patient(RESOLVED),
    ),
    bout(CAT, at(3, 10, 0, BERLIN)),
    bout(CAT, at(3, 13, 0, BERLIN)),
    bout(CAT, at(4, 10, 0, BERLIN), gone=at(4, 11, 40, BERLIN)),
    state(CAT, "active_overdue", at(1, 9), therapist(RESOLVED), over=at(5, 9)),
)


@dataclass(frozen=True, slots=True)
class Act:
    """Something a person does, or the world does to us; done once, and again by whom it failed."""

    at: int
    do: Callable[[Chart, int], object] = field(compare=False)


def alert_of(who: Patient, kind: str, key: str, audience: Audience) -> str:
    return str(uuid5(NAMES, f"{who.id}|{kind}|{audience.value}|{key}"))


def _at_hand(start: int, kind: str, who: Patient = ANN) -> str:
    return alert_of(who, kind, f"{kind}@{start}", Audience.THERAPIST)


def _tapped(chart: Chart, now: int) -> bool:
    alert = alert_of(ANN, "planned_session", "rx/core/1", Audience.PATIENT)
    link = str(uuid5(NAMES, f"{alert}|p-ann|email|first"))
    return chart.links.answer(link, Answer(id="tap-00000001", patient="p-ann", at=now, occurrence="rx/core/1", said=Said.YES), now)


def _again(episode: Episode, as_at: int) -> Callable[[Chart, int], None]:
    """An old verdict comes in once more."""

    def do(chart: Chart, now: int) -> None:
        finding = episode.found(as_at)
        assert finding is not None
        chart.record(episode.patient.id, [Change(Turn.OPENED, finding)], now)

    return do


def _ill(chart: Chart, now: int) -> None:
    if not chart.pauses.of("virtual-bob"):
        chart.pauses.set("virtual-bob", None, now, at(2, 9), "t-03", "ill", now)


ACTS: Sequence[Act] = (
    Act(at(1, 9), _ill),
    Act(at(1, 15), _tapped),
    Act(at(2, 13), _again(UNANSWERED, at(0, 12))),
    Act(at(3, 9), lambda chart, now: chart.acknowledge(_at_hand(at(0, 10), "partial_again"), "t-02", now)),
    Act(at(3, 9, 30), lambda chart, now: chart.snooze(_at_hand(at(1, 10), "drifting_time"), "t-02", at(4, 9), now)),
    Act(at(3, 10), lambda chart, now: chart.label(_at_hand(at(1, 9), "active_overdue", CAT), "t-02", "not a miss", now)),
    Act(at(3, 14), lambda chart, now: chart.acknowledge(_at_hand(at(3, 12), "likely_stopped"), "t-02", now)),
    Act(at(4, 9), _again(SEEN_LATE, at(2, 12))),
)
"""What is done while it is done again after a kill must come out as if it had been done once."""

WANTED: Mapping[str, State] = {
    alert_of(episode.patient, finding.kind, finding.key, audience): becomes
    for episode in EPISODES
    for audience, becomes in episode.told.items()
    for finding in filter(None, map(episode.found, episode.turns[:1]))
}
"""Every alert that must be there in the end, and its state."""
