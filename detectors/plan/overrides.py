"""What a patient's plan sets otherwise than a rule's defaults."""

from collections.abc import Callable, Mapping
from datetime import time
from typing import Any

from pydantic import BaseModel

from detectors.history import History
from detectors.plan.plan import Plan


def in_force(past: History) -> Plan | None:
    """The plan in force at the history's end."""
    return next((revision.plan for revision in reversed(past.told.plans) if revision.since <= past.end), None)


def personal(kind: str, params: BaseModel, past: History) -> BaseModel:
    """The rule's parameters for this patient; numbers out of the rule's own bounds were refused when the plan was read."""
    plan = in_force(past)
    own = _OWN[kind](plan) if plan is not None and kind in _OWN else {}
    return params.model_copy(update=own) if own else params


def _still(plan: Plan) -> dict[str, Any]:
    own: dict[str, Any] = dict.fromkeys(("still_minutes", "nudge_minutes"), plan.sedentary.still_minutes)
    if plan.desk_hours:
        own |= {"desk_from": _minute(plan.desk_hours.start), "desk_to": _minute(plan.desk_hours.end)}
    return own


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _set(**own: float | None) -> dict[str, Any]:
    return {name: value for name, value in own.items() if value is not None}


_OWN: Mapping[str, Callable[[Plan], dict[str, Any]]] = {
    "still_too_long": _still,
    "not_seen_in_a_row": lambda plan: _set(in_a_row=plan.thresholds.missed_in_a_row),
    "likely_stopped": lambda plan: _set(in_a_row=plan.thresholds.dropout_in_a_row),
    "adherence_low": lambda plan: _set(amber=plan.thresholds.adherence_amber, red=plan.thresholds.adherence_red),
    "active_overdue": lambda plan: _set(passive_days=plan.thresholds.passive_days),
}
