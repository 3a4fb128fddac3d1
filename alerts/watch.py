"""What changed → findings → the chart again: every patient judged, as of a given time, as far as their data are complete."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from alerts.chart import Chart, Patient, Wearing
from alerts.reconcile import Judgement, reconcile
from alerts.refresh import refresh
from alerts.sight import SETTLE, Sight
from alerts.turns import crossed, turns
from detectors.finding import Finding
from detectors.history import History
from detectors.localtime import midnight
from detectors.plan.overrides import personal
from detectors.plan.schedule import WAITED
from detectors.rule import Rule
from ingest.batch import DAY, HOUR, MINUTE
from ingest.catalog import Catalog
from ingest.store import Store

STEP = 5 * MINUTE
"""Data time between two judgements in replay and history; live it judges once a minute."""
REJUDGED = 14 * DAY
"""How far back late data are judged again (design)."""
Rules = Mapping[str, tuple[Rule, BaseModel]]
"""By kind, each with its parameters."""


@dataclass(slots=True)
class _Far:
    """When the rules that see many days last looked at a patient, and what makes them look again."""

    end: int
    now: int
    said: int
    turns: Sequence[int]
    """Between these the clock alone changes nothing."""


class Watch:
    """Judges every patient of the chart; all it remembers can be thrown away and is read again. Times are µs UTC.

    Rules that see a day before are run at each step. Those that see more (`Rule.days`) are about planned sessions and the like: they are
    run when the clock turns a session's page (`alerts.turns`), when somebody said something, and when late data came.
    Every method raises `StoreUnavailable`, `ChartUnavailable`.
    """

    def __init__(self, chart: Chart, store: Store, catalog: Catalog, rules: Rules) -> None:
        self._chart, self._store, self._catalog = chart, store, catalog
        self._near = {kind: bound for kind, bound in rules.items() if bound[0].days <= 1}
        self._far = {kind: bound for kind, bound in rules.items() if bound[0].days > 1}
        self._sight = Sight(chart, store, catalog)
        self._known: dict[str, tuple[int, list[Judgement]]] = {}
        self._late: dict[str, int] = {}
        self._looked: dict[str, _Far] = {}
        self.trouble: dict[str, str] = {}
        """Patients whose data could not be judged at the last look, and why; the others were."""
        self._people: list[tuple[Patient, list[Wearing]]] = []
        self.meet()
        # what was made before, nobody may have judged: whoever made it may have been killed over it
        self._late = {patient.id: 0 for patient, _ in self._people}

    def meet(self) -> None:
        """Look up who there is and who wears what; who neither has nor had a band is judged by their plan."""
        people = [(patient, self._chart.wearings(patient.id)) for patient in self._chart.patients()]
        self._people = [(patient, wearings) for patient, wearings in people if wearings or self._chart.plans.assigned(patient.id)]
        self._sight.forget()
        self._known.clear()

    def follow(self, now: int, step: int = STEP, apart: Mapping[str, int] | None = None) -> Iterator[int]:
        """Judge every `step` µs of data time after `now` as far as everything is complete; gives each step once it is judged.

        What is judged at a step sees nothing that came after it, so it does not matter in what portions the data arrived.
        `apart`: patients whose data are not waited for from then on, because their line is down.
        """
        complete, apart = self._refresh(), apart or {}
        while now + step + SETTLE <= self._awaited(complete, apart, now + step):
            now += step
            self._judge_all(now, complete)
            yield now

    def judge(self, now: int) -> None:
        """Every patient as of `now` (µs UTC), up to what is complete."""
        self._judge_all(now, self._refresh())

    def _awaited(self, complete: Mapping[str, int], apart: Mapping[str, int], now: int) -> int:
        present = [(p.id, _returned(wearings)) for p, wearings in self._people if now + SETTLE <= apart.get(p.id, now + SETTLE)]
        return min((complete[patient] for patient, back in present if back is None or complete[patient] < back), default=0)

    def _refresh(self) -> dict[str, int]:
        """Make what changed as far as it is complete; gives patient → what the bands now worn, or else the last, are complete to.

        Asked first, made afterwards: what arrives meanwhile is for the next time.
        """
        complete: dict[str, int] = {}
        for patient, wearings in self._people:
            reached = {w.dev: self._catalog.complete_to(w.dev) or 0 for w in wearings}
            made = [at for dev, upto in reached.items() if (at := refresh(self._store, self._catalog, dev, upto)) is not None]
            if made:
                self._sight.made_again(patient.id, min(made))
                self._late[patient.id] = min([*made, self._late.get(patient.id, made[0])])
            else:
                self._sight.new_gaps(patient.id, wearings)
            back = _returned(wearings)
            complete[patient.id] = min((max(reached[w.dev], w.start) for w in wearings if w.end == back), default=0)
        return complete

    def _judge_all(self, now: int, complete: Mapping[str, int]) -> None:
        """One patient's unreadable data keep no other from being judged."""
        self.trouble.clear()
        said = self._chart.said() if self._far else {}
        for patient, wearings in self._people:
            try:
                self._judge(patient, wearings, now, complete[patient.id], said.get(patient.id, 0))
            except ValueError as error:
                self.trouble[patient.id] = str(error)

    def _judge(self, patient: Patient, wearings: list[Wearing], now: int, complete: int, said: int) -> None:
        begun, back = wearings[0].start if wearings else 0, _returned(wearings)
        if back is not None and (complete >= back or now >= back + WAITED):
            complete = max(complete, now + SETTLE)  # nothing more is to come
        # a band that nobody has heard yet can still be silent: its history is empty from the hand-over on
        end = max(min(now, complete - SETTLE), begun + MINUTE)
        end -= end % MINUTE
        changed = self._late.get(patient.id, end)
        day = midnight(max(changed, end - REJUDGED, begun), patient.zone, 2)
        while day < midnight(end - 1, patient.zone):
            self._look_near(patient, wearings, day, now, complete)
            day = midnight(day, patient.zone, 1)
        self._look_near(patient, wearings, end, now, complete)
        if self._far and self._due(patient, end, now, said, changed):
            self._look_far(patient, wearings, end, now, complete, said)
        self._late.pop(patient.id, None)

    def _look_near(self, patient: Patient, wearings: list[Wearing], end: int, now: int, complete: int) -> None:
        past = self._sight.near(patient, wearings, end, now, complete)
        start, known = self._known.get(patient.id, (None, []))
        if start != past.start:
            known = self._judgements(patient, past.start, self._near)
        self._known[patient.id] = past.start, known
        if self._reconciled(patient, past, known, self._near, now):
            del self._known[patient.id]

    def _due(self, patient: Patient, end: int, now: int, said: int, changed: int) -> bool:
        """Late is what lies further back than an hour that was still filling at the last look."""
        last = self._looked.get(patient.id)
        if last is None or said != last.said or changed < last.end - HOUR:
            return True
        return crossed(last.turns, last.end, end) or crossed(last.turns, last.now, now)

    def _look_far(self, patient: Patient, wearings: list[Wearing], end: int, now: int, complete: int, said: int) -> None:
        days = max(rule.days for rule, _ in self._far.values())
        past = self._sight.far(patient, wearings, end, now, complete, days)
        self._reconciled(patient, past, self._judgements(patient, past.start, self._far), self._far, now)
        self._looked[patient.id] = _Far(end, now, said, turns(past, now))

    def _judgements(self, patient: Patient, start: int, rules: Rules) -> list[Judgement]:
        return [one for one in self._chart.judgements(patient.id, start, 2**62) if one.finding.kind in rules]

    def _reconciled(self, patient: Patient, past: History, known: Sequence[Judgement], rules: Rules, now: int) -> bool:
        """Whether anything changed."""
        changes = reconcile(_findings(past, rules, now), known, past.start, past.end, now)
        if changes:
            self._chart.record(patient.id, changes, now)
        return bool(changes)


def _findings(past: History, rules: Rules, now: int) -> list[Finding]:
    return [finding for kind, (rule, params) in rules.items() for finding in rule.find(past, now, personal(kind, params, past))]


def _returned(wearings: Sequence[Wearing]) -> int | None:
    """When the last band was handed back, µs UTC; 0: there never was one; `None`: one is worn."""
    ends = [w.end for w in wearings]
    return None if None in ends else max((end for end in ends if end is not None), default=0)
