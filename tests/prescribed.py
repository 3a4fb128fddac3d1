"""Plans, examples and any that can be, for tests of what is planned when; and instants as a wall clock shows them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from ruamel.yaml import YAML

from detectors.plan.occurrence import Occurrence, Revision, Zones
from detectors.plan.plan import Plan
from detectors.plan.units import WEEKDAYS
from ingest.batch import HOUR

RX = Path(__file__).resolve().parents[2] / "shared" / "rx"
EVER = (-(1 << 61), 1 << 61)
"""A range that holds every occurrence of any plan."""
ALL_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def plan(*phases: dict[str, Any], zone: str = "Europe/Berlin", id_: str = "rx-01", pauses: list[dict[str, Any]] | None = None) -> Plan:
    about = {"rx": 1, "id": id_, "patient": "p-01", "therapist": "t-01", "issued": "2026-01-01", "region": "low_back"}
    return Plan.model_validate({**about, "timezone": zone, "phases": phases, "pauses": pauses or []})


def phase(start: date | str, end: date | str, *sessions: dict[str, Any], name: str = "move", stage: str = "active") -> dict[str, Any]:
    return {"name": name, "stage": stage, "from": start, "to": end, "sessions": sessions}


def fixed(at: str, days: list[str] = ALL_DAYS, name: str = "core", every: str = "1 week", **more: Any) -> dict[str, Any]:
    items = [{"exercise": "bird_dog", "kind": "stabilisation", "sets": 2, "reps": 8, "hold": "5s"}]
    return {"name": name, "when": {"days": days, "at": at, "every": every}, "items": items, **more}


def quota(per_week: int, name: str = "walk") -> dict[str, Any]:
    return {"name": name, "when": {"per_week": per_week}, "items": [{"exercise": "walk", "kind": "aerobic", "minutes": 15}]}


def example(name: str) -> Plan:
    """One of the example prescriptions; YAML 1.2 as a therapist writes it."""
    return Plan.model_validate(YAML(typ="safe", pure=True).load((RX / f"{name}.yaml").read_text()))


def always(*plans: Plan) -> list[Revision]:
    """One revision that was always in force."""
    return [Revision(one, EVER[0]) for one in plans]


def utc(text: str) -> int:
    """µs of a UTC instant."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def wall(instant: int | None, zone: str = "Europe/Berlin") -> str:
    """What the clock there shows, to the minute."""
    assert instant is not None
    return datetime.fromtimestamp(instant // 1_000_000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def ids(planned: list[Occurrence]) -> list[str]:
    return [one.id for one in planned]


# from Kiritimati to Niue a day is left out or comes twice; Santiago's clock moves at midnight
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "America/Santiago",
]
BEGUN = date(2027, 2, 22)
FIRST = utc("2027-02-20 00:00")
LAST = utc("2027-05-20 00:00")
instants = st.integers(FIRST // HOUR, LAST // HOUR).map(lambda hour: hour * HOUR)
names = st.sampled_from(["core", "walk"])


@st.composite
def sessions(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        return quota(draw(st.integers(1, 9)), draw(names))
    days = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True))
    window = {"early": f"{draw(st.sampled_from([0, 1, 30, 700]))}h", "late": f"{draw(st.sampled_from([0, 3, 40]))}h"}
    at = draw(st.sampled_from(["00:00", "02:30", "01:45", "18:30", "23:59"]))
    every, make_up = draw(st.sampled_from(["1 week", "2 weeks"])), draw(st.sampled_from(["none", "24h", "same_week"]))
    return fixed(at, list(days), draw(names), every, window=window, make_up=make_up)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    lengths, day, phases = draw(st.lists(st.integers(1, 25), min_size=1, max_size=3)), BEGUN + timedelta(days=draw(st.integers(0, 9))), []
    for number, length in enumerate(lengths):
        phases.append(phase(day, day + timedelta(days=length - 1), *draw(st.lists(sessions(), max_size=3)), name=f"phase {number}"))
        day += timedelta(days=length)
    off = BEGUN + timedelta(days=draw(st.integers(0, 40)))
    pauses = [{"from": off, "to": off + timedelta(days=draw(st.integers(0, 12)))}] if draw(st.booleans()) else []
    return plan(*phases, zone=draw(st.sampled_from(ZONES)), id_=draw(st.sampled_from(["rx-01", "rx-02"])), pauses=pauses)


@st.composite
def revised(draw: st.DrawFn) -> list[Revision]:
    since = sorted(draw(st.lists(instants, min_size=1, max_size=3, unique=True)))
    return [Revision(draw(plans()), each) for each in since]


@st.composite
def journeys(draw: st.DrawFn) -> Zones:
    legs = sorted(draw(st.lists(instants, max_size=2, unique=True)))
    return tuple((since, ZoneInfo(draw(st.sampled_from(ZONES)))) for since in legs)
