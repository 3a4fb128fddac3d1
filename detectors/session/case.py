"""A planned session and all that speaks for it and against it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from detectors import dates
from detectors.history import History
from detectors.outcome import Source
from detectors.plan.occurrence import Occurrence
from detectors.plan.schedule import WAITED
from detectors.report import Answer, Report, Said
from detectors.session.answers import answered
from detectors.session.coverage import heard, off, telling, unseen, worn
from detectors.session.credence import credence, risen
from detectors.session.evidence import Part, dose, kinds, length, minutes_of, parts
from detectors.session.matching import by_week
from detectors.session.measures import Params
from ingest.batch import DAY, MINUTE
from ingest.bout import Bout
from ingest.minute import Minutes


@dataclass(frozen=True, slots=True)
class Case:
    occurrence: Occurrence
    excused_by: Source
    """Whose word the occurrence's excuse is, if it has one."""
    wanted: tuple[Part, ...]
    """What the band can see of it."""
    bouts: tuple[Bout, ...]
    answer: Answer | None
    another_done: bool
    """The patient said that one of the week's was done, and which of them nobody knows: it is told of the one asked about."""
    asked: int | None
    """When the question reached the patient, µs UTC."""
    asks: bool
    """A week's sessions have one question among them, that of the last."""
    heard: float
    """0..1 of the window."""
    window: float
    """0..1 of the window worn and heard."""
    off: bool
    """Whether the band is known to have been off when it was to happen: at the planned time, or for most of the window."""
    coverage: float | None
    """0..1 of window and grace worn and heard, as far as they are known."""
    whole: bool
    """Whether no stretch of the window was unseen that is as long as the session."""
    p: float
    """That it took place."""

    @property
    def dose(self) -> float:
        return dose(self.wanted, self.bouts)

    @property
    def late(self) -> bool:
        return bool(self.bouts) and self.bouts[0].start >= self.occurrence.end

    def facts(self, week: str) -> dict[str, float | int | str]:
        """What a therapist can check, ready to be kept."""
        one = self.occurrence
        facts: dict[str, float | int | str] = {"week": week, "due_by": dates.minute(one.end)}
        facts |= {} if one.planned is None else {"planned": dates.minute(one.planned)}
        facts |= {} if self.answer is None else {"said": self.answer.said.value}
        if self.wanted:
            facts |= {
                "dose": round(self.dose, 2),
                "p": round(self.p, 2),
                "expected_min": round(length(self.wanted), 1),
            }
        return facts | seen(self.wanted, self.bouts)


def seen(wanted: Iterable[Part], bouts: Sequence[Bout]) -> dict[str, float | int | str]:
    """When it was seen, and how many minutes of which kind."""
    by_kind: dict[str, float | int | str] = {f"{part.kind}_min": round(minutes_of(bouts, part.kind), 1) for part in wanted}
    total: dict[str, float | int | str] = {"seen_min": round(sum(bout.end - bout.start for bout in bouts) / MINUTE, 1)} if by_kind else {}
    if not bouts:
        return total | by_kind
    last = max(bout.end for bout in bouts)
    return {**total, **by_kind, "began": dates.minute(bouts[0].start), "ended": dates.minute(last + MINUTE - 1)}


def cases(
    planned: Sequence[tuple[Occurrence, Source]], sessions: Mapping[str, tuple[Bout, ...]], history: History, now: int, params: Params
) -> Iterator[Case]:
    """One for each of `planned` (and whose word its excuse is); `sessions` are the bouts that serve it."""
    speaker, active = _speakers([one for one, _ in planned]), telling(history.minutes, history.gaps)
    for one, by in planned:
        yield _case(one, by, speaker.get(one.id, one.id), sessions.get(one.id, ()), history, active, now, params)


def _speakers(planned: Iterable[Occurrence]) -> dict[str, str]:
    """Of each of a week's quota, the one that is asked about for all of them: the last."""
    speaker: dict[str, str] = {}
    for group in by_week([one for one in planned if one.quota]):
        expected = [one for one in group if one.excused is None] or group
        speaker |= {one.id: expected[-1].id for one in group}
    return speaker


def _case(
    one: Occurrence, by: Source, speaker: str, bouts: tuple[Bout, ...], history: History, active: Minutes, now: int, params: Params
) -> Case:  # fmt: skip
    minutes, told, wanted = history.minutes, history.told, parts(one.session)
    answer, another_done = _told(told.reports, one.id, speaker)
    shown = active if "exercise" in kinds(wanted) else minutes
    # while the rest of the grace is awaited, what it will show is open; once it is waited for no more, it showed nothing
    reach = one.grace if now >= one.grace + WAITED else min(one.grace, history.end)
    window, coverage = (worn(shown, one.start, end, history.zone) for end in (one.end, reach))
    window, whole = window or 0.0, _whole(one, wanted, shown)
    p = credence(
        dose(wanted, bouts),
        answer.said if answer else None,
        params,
        some=bool(bouts),
        worn=min(window, coverage or 0.0) >= params.worn and whole,
        risen=risen(bouts, minutes, params.risen_bpm),
    )
    hearing, away = heard(minutes, one.start, one.end) or 0.0, off(minutes, one.start, one.end, one.planned)
    asked, asks = told.asked.get(speaker), speaker == one.id
    return Case(one, by, wanted, bouts, answer, another_done, asked, asks, hearing, window, away, coverage, whole, p)


def _whole(one: Occurrence, wanted: tuple[Part, ...], minutes: Minutes) -> bool:
    """Of more than a day there is always such a stretch, for bands are charged: there the share alone tells."""
    return one.end - one.start > DAY or unseen(minutes, one.start, one.end) < length(wanted)


def _told(reports: Sequence[Report], one: str, speaker: str) -> tuple[Answer | None, bool]:
    """The answer that holds for it, and whether there is one by which another of its week was done."""
    own, of_all = answered(reports, one), answered(reports, speaker)
    if own is None and of_all is not None and of_all.said is Said.YES:
        return None, True
    return own or of_all, False
