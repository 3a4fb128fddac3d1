"""Who and what a site's file names, into its chart: each step is taken once, and what was changed since by another verb stays."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

import typer

from alerts.chart import Chart, Patient, Therapist, Wearing
from alerts.people import SHORTEST
from config import settings
from config.settings import Site
from detectors.plan.read import read


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the chart, or (`take is None`) only something to be told."""

    text: str
    take: Callable[[], object] | None = None


@dataclass(slots=True)
class Memory:
    """What the file said when its steps were last taken: so a change by another verb is told from a change of the file."""

    path: Path
    said: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> "Memory":
        """Raises `typer.BadParameter` for a file that was damaged."""
        path = folder / "up.json"
        try:
            return cls(path, {str(key): str(value) for key, value in json.loads(path.read_text()).items()})
        except FileNotFoundError:
            return cls(path)
        except (json.JSONDecodeError, UnicodeDecodeError, AttributeError) as error:
            raise typer.BadParameter(f"{path} is damaged. Remove it: the site's file then goes before what is in the chart.") from error

    def keep(self) -> None:
        """Whole or not at all."""
        with NamedTemporaryFile("w", dir=self.path.parent, prefix=".up-", delete=False) as new:
            json.dump(self.said, new, indent=1, sort_keys=True)
            new.flush()
            os.fsync(new.fileno())
        os.replace(new.name, self.path)


@dataclass(frozen=True, slots=True)
class Played:
    """A recording of the site: which band it is, and since when that is worn."""

    patient: str
    dev: str
    first: int
    """µs UTC."""


class Admission:
    """`now`: µs UTC. Every method raises `ChartUnavailable`."""

    def __init__(self, site: Site, played: Sequence[Played], chart: Chart, memory: Memory, now: int) -> None:
        self._site, self._played, self._chart, self._memory, self._now = site, played, chart, memory, now

    def steps(self) -> Iterator[Step]:
        """In order; each sees what the ones before it did, if they were taken."""
        for therapist in self._site.therapist:
            yield from self._therapist(therapist)
        for patient in self._site.patient:
            yield from self._patient(patient)
            yield from self._band(patient)
        for one in self._played:
            if not any(worn.dev == one.dev for worn in self._wearings(one.patient)):
                wearing = Wearing(one.dev, one.patient, one.first)
                yield Step(f"{one.patient}: a recording is played for them", partial(self._chart.hand_over, wearing))
        for patient in self._site.patient:
            yield from self._plan(patient)
        yield from self._left()

    def _new(self, key: str, value: str) -> bool:
        """Whether the file says something else than when its steps were last taken; from now on it does not."""
        before, self._memory.said[key] = self._memory.said.get(key), value
        return before != value

    def _therapist(self, one: settings.Therapist) -> Iterator[Step]:
        before = next((there for there in self._chart.therapists() if there.id == one.id), None)
        if one.password_file is None:
            if before is None:
                yield Step(f"{one.id} cannot log in yet: keepup therapist {self._site.folder} {one.id}, then start this again")
                return
        elif self._new(f"{one.id} password", str(one.password_file.stat().st_mtime_ns)) or before is None:
            yield from self._password(one.id, one.password_file, before is None)
        digest = one.digest_at.hour * 60 + one.digest_at.minute
        wanted = Therapist(one.id, one.zone, digest)
        if self._new(f"{one.id} digest", f"{one.zone.key} {digest}") and wanted != (before or Therapist(one.id)):
            yield Step(f"{one.id} gets the day's digest at {one.digest_at:%H:%M} in {one.zone.key}", lambda: self._chart.settle_in(wanted))

    def _password(self, id_: str, file: Path, new: bool) -> Iterator[Step]:
        password = file.read_text(encoding="utf-8").rstrip("\r\n")

        def employ() -> None:
            if len(password) < SHORTEST:
                raise ValueError(f"the password in {file} has {len(password)} characters; give at least {SHORTEST}")
            self._chart.employ(id_, password)

        if new or not self._chart.login(id_, password):
            yield Step(f"{id_} can log in" if new else f"{id_} has another password", employ)

    def _patient(self, one: settings.Patient) -> Iterator[Step]:
        before = self._chart.patient(one.id)
        wanted = Patient(one.id, one.zone, one.therapist, one.virtual, one.detail)
        news = {key: self._new(f"{one.id} {key}", str(value)) for key, value in _shown(wanted).items()}
        if before is None:
            yield Step(f"{one.id} is in the chart; {one.therapist} reads about them", lambda: self._chart.admit(wanted, self._now))
            return
        differ = [key for key, value in _shown(wanted).items() if value != _shown(before)[key]]
        for key in differ:
            if not news[key]:
                yield Step(f"{one.id}: {key} stays {_shown(before)[key]}, as was said since by another verb; the file's is older")
        if changed := [key for key in differ if news[key]]:
            now_so = Patient(
                one.id,
                one.zone if "zone" in changed else before.zone,
                one.therapist if "therapist" in changed else before.therapist,
                one.virtual,
                one.detail if "detail" in changed else before.detail,
            )
            text = ", ".join(f"{key} {_shown(wanted)[key]}" for key in changed)
            yield Step(f"{one.id}: from now on {text}", lambda: self._chart.admit(now_so, self._now))

    def _band(self, one: settings.Patient) -> Iterator[Step]:
        key = f"{one.id} band"
        before = self._memory.said.get(key, "")
        if not self._new(key, one.band or "") or one.band is None:
            if before and one.band is None:
                yield Step(f"{one.id}: {before} stays on them; the file names no band any more")
            return
        worn = [wearing for wearing in self._wearings(one.id) if wearing.end is None]
        if not any(wearing.dev == one.band for wearing in worn):
            yield Step(f"{one.id} wears {one.band}", lambda: self._chart.hand_over(Wearing(one.band or "", one.id, self._now)))
        for old in worn:
            if old.dev == before:
                ended = Wearing(old.dev, one.id, old.start, self._now)
                yield Step(f"{one.id} wears {old.dev} no longer", partial(self._chart.hand_over, ended))

    def _plan(self, one: settings.Patient) -> Iterator[Step]:
        if one.plan is None:
            return
        text = one.plan.read_text(encoding="utf-8")
        plan, assigned = read(text).plan, self._chart.plans.assigned(one.id)
        new = self._new(f"{one.id} plan", sha256(text.encode()).hexdigest())
        if plan is None or (assigned and assigned[-1].text == text):
            return
        if not new:
            yield Step(f"{one.id}: plan {assigned[-1].plan if assigned else 'none'} stays, as was said since by another verb")
            return
        heard = min((played.first for played in self._played if played.patient == one.id), default=self._now)
        since = self._now if assigned else min(self._now, heard)
        yield Step(f"{one.id} has plan {plan.id}", lambda: self._chart.plans.assign(one.id, text, plan, since, plan.therapist, self._now))

    def _left(self) -> Iterator[Step]:
        named = {one.id for one in self._site.patient}
        for patient in self._chart.patients():
            if patient.id not in named:
                yield Step(f"{patient.id} is in the chart and not in the file: nothing of theirs is erased, and they are still judged")
        employed = {one.id for one in self._site.therapist}
        for therapist in self._chart.therapists():
            if therapist.id not in employed:
                yield Step(f"{therapist.id} is not in the file and can still log in")

    def _wearings(self, patient: str) -> list[Wearing]:
        return self._chart.wearings(patient)


def _shown(patient: Patient) -> dict[str, str]:
    return {"zone": patient.zone.key, "therapist": patient.therapist, "detail": str(patient.detail)}


def admitted(admission: Admission, memory: Memory, *, keep: bool = True) -> Iterator[Step]:
    """Takes each step and gives it; what is refused is told in its place. What was taken is remembered at the end."""
    before = dict(memory.said)
    for step in admission.steps():
        try:
            if step.take is not None:
                step.take()
            before = dict(memory.said)
            yield step
        except ValueError as error:
            memory.said = dict(before)  # so that it is tried again
            yield Step(f"{step.text}: refused, for {error}")
    if keep:
        memory.keep()
