"""The chart's tables, gathered. `alerts/migrations` makes a database look like this."""

from alerts.schema.alerts import alert, chain, deed, event, finding, legal
from alerts.schema.base import METADATA
from alerts.schema.messages import NUDGES, SLOTS, attempt, budget_slot, link, message
from alerts.schema.people import aside, heartbeat, logout, patient, plan, report, suppression, therapist, wearing, zone

__all__ = ["METADATA", "NUDGES", "SLOTS"]
__all__ += ["aside", "heartbeat", "logout", "patient", "plan", "report", "suppression", "therapist", "wearing", "zone"]
__all__ += ["alert", "attempt", "budget_slot", "chain", "deed", "event", "finding", "legal", "link", "message"]
