"""Days of somebody who has a plan, drawn: W is a walk and x exercise, each run of them one bout; other marks are `tests.timeline`'s."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Literal

from detectors.history import History, Told
from detectors.outcome import Judged
from detectors.outcomes import Params, outcomes
from detectors.plan.plan import Plan
from detectors.report import REPORT, Report
from ingest.batch import HOUR, MINUTE
from ingest.bout import Bout
from tests.prescribed import always, fixed, phase, plan
from tests.timeline import BERLIN, MIDNIGHT, drawn, seen

KINDS: dict[str, Literal["walk", "exercise"]] = {"W": "walk", "x": "exercise"}
SIX = MIDNIGHT + 6 * HOUR
WALK = {"exercise": "walk", "kind": "aerobic", "minutes": 30}
BIRD_DOG = {"exercise": "bird_dog", "kind": "stabilisation", "minutes": 20}
HEAT = {"exercise": "hot_pack", "kind": "passive", "minutes": 20}
BRIDGE = {"exercise": "bridge", "kind": "stabilisation", "minutes": 10}
"""Hands on the floor: no band sees it."""
WINDOW = {"early": "1h", "late": "1h"}


def mornings(*items: dict[str, Any], name: str = "set", at: str = "08:00", **more: Any) -> dict[str, Any]:
    """A session at eight (or `at`), in time from an hour before to an hour after; a walk of 30 minutes unless told otherwise."""
    return {**fixed(at, name=name, **more), "items": list(items) or [WALK], "window": WINDOW}


def weekly(n: int, *items: dict[str, Any], name: str = "walks", **more: Any) -> dict[str, Any]:
    return {"name": name, "when": {"per_week": n, **more}, "items": list(items) or [WALK]}


def planned(*sessions: dict[str, Any], until: str = "2026-12-31", **more: Any) -> Plan:
    return plan(phase("2026-09-21", until, *sessions), **more)


ONE = planned(mornings(), until="2026-09-21")
"""A single walk, not to be made up."""
STILL = "______" * 3
"""Six to nine, worn, nothing seen."""
OFF = "______oooooooooooo"
"""Off from seven on."""
GONE = "______            "
"""Not heard from seven on."""


def practised(line: str, what: Plan | None, each: int = 10, start: int = SIX, **known: Any) -> History:
    """Each character is `each` minutes, from six in the morning of Monday 21 September 2026 on."""
    told = Told(
        ((-(1 << 61), BERLIN),),
        always(what) if what else (),
        known.pop("reports", ()),
        known.pop("asked", {}),
        known.pop("earlier", ()),
    )
    minutes = drawn(line.replace("x", "m"), each, start)
    return seen(minutes, bouts=known.pop("bouts", bouts(line, each, start)), told=told, **known)


def bouts(line: str, each: int = 10, start: int = SIX) -> list[Bout]:
    out, at = [], start
    for mark, same in groupby(line):
        end = at + len(list(same)) * each * MINUTE
        if mark in KINDS:
            out.append(Bout("aa", KINDS[mark], at, end, hr=80))
        at = end
    return out


def judge(history: History, after: float = 0, **params: Any) -> dict[str, Judged]:
    """Occurrence (without the plan's id) → what it was judged, so many hours after the history's end."""
    found = outcomes(history, history.end + round(after * HOUR), Params(**params))
    return {one.occurrence.removeprefix("rx-01/"): one for one in found}


def outcome(history: History, after: float = 0, which: str = "set/2026-09-21") -> str | None:
    """Of the first session, in a word; `None`: nothing is told yet."""
    one = judge(history, after).get(which)
    return one.outcome.value if one else None


def says(said: str, at: int = MIDNIGHT + 9 * HOUR, which: str = "set/2026-09-21", n: int = 1, by: str = "patient") -> Report:
    return report("answer", at, n, by, occurrence=f"rx-01/{which}", said=said)


def report(kind: str, at: int, n: int = 1, by: str = "patient", **more: Any) -> Report:
    return REPORT.validate_python({"id": f"report-{kind}-{n:03}", "patient": "p-01", "at": at, "by": by, "kind": kind, **more})


def reached(at: int = MIDNIGHT + 10 * HOUR, which: str = "set/2026-09-21") -> Mapping[str, int]:
    """The question reached the patient."""
    return {f"rx-01/{which}": at}
