"""Plans for tests of what is planned when, and instants as a wall clock shows them."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from detectors.plan.occurrence import Occurrence, Revision
from detectors.plan.plan import Plan

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
