"""What a virtual patient's therapist prescribed, as they would have written it down."""

from datetime import date, timedelta

from ingest.batch import DAY, HOUR, MINUTE
from lab.day import EPOCH
from lab.people import VIRTUAL, Player

COURSE = 8 * 7 * DAY
"""A course lasts so long at least (the leaflet: 6 to 8 weeks)."""
ONWARD = 4 * 7 * DAY
"""And so long beyond the end of the history."""
UPKEEP = timedelta(weeks=26)
"""The maintenance that follows."""
PAIN_DAY, PAIN_AT = 6, 18 * HOUR // MINUTE
"""Weekday (Monday 0) and minute of the local day on which the patient is asked for a score."""
WALK_MINUTES = 20

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CORE = """\
          - {exercise: bird_dog, kind: stabilisation, sets: 3, reps: 6, hold: 5s, side: both, rest: 45s}
          - {exercise: dead_bug, kind: stabilisation, sets: 3, reps: 6, tempo: 3-1-3, side: both, rest: 45s, arms: moving}
          - {exercise: sit_to_stand, kind: strength, sets: 3, reps: 10, tempo: 3-1-2, rest: 60s, arms: crossed_on_chest}
          - {exercise: hip_hinge, kind: strength, sets: 2, reps: 10, tempo: 3-1-2, rest: 45s, hands: on_hips}
"""
_HOT_PACK = """\
          - {exercise: hot_pack, kind: passive, minutes: 25}
"""


def prescription(player: Player, start: int, end: int, therapist: str = "t-demo") -> str:
    """A plan file from the local day of `start` to half a year after `end` (µs UTC): the course, then its upkeep."""
    first = _day(start, player)
    last = max(_day(start + COURSE, player) - timedelta(days=1), _day(end + ONWARD, player))
    return _head(player, first, therapist) + (_passive(player, first, last) if player.persona.rests else _active(player, first, last))


def _head(player: Player, first: date, therapist: str) -> str:
    persona = player.persona
    return f"""\
rx: 1
id: rx-{player.patient.removeprefix(VIRTUAL).replace("-", "")}
patient: {player.patient}
therapist: {therapist}
timezone: {player.zone.key}
language: en
issued: {first}
region: low_back
goal: "Sit through a film without getting up"
wear: {{wrist: left, dominant: right}}
baseline: {{pain: {round(persona.pain[0])}, resting_hr: {persona.resting_hr:.0f}}}
quiet_hours: ["21:30-07:30"]
pain_check: {{every: week, day: {_DAYS[PAIN_DAY]}, at: "{_clock(PAIN_AT)}", scale: 0-10}}
phases:
"""


def _active(player: Player, first: date, last: date) -> str:
    sessions = _session("core", player, _CORE) + _walks(player.persona.walks_per_week)
    return f"""\
  - name: learn
    stage: active
    from: {first}
    to: {last}
    sessions:
{sessions}  - name: own it
    stage: maintenance
    from: {last + timedelta(days=1)}
    to: {last + UPKEEP}
    goals: {{core_days: {len(player.persona.exercise_days)}, aerobic_minutes: 150, strength_days: 2}}
    sessions:
{sessions}"""


def _passive(player: Player, first: date, last: date) -> str:
    return f"""\
  - name: clinic care
    stage: passive
    from: {first}
    to: {last + UPKEEP}
    sessions:
{_session("hot pack", player, _HOT_PACK)}"""


def _session(name: str, player: Player, items: str) -> str:
    persona = player.persona
    days = ", ".join(_DAYS[day] for day in persona.exercise_days)
    return f"""\
      - name: {name}
        when: {{days: [{days}], at: "{_clock(persona.exercise_at)}"}}
        window: {{early: 1h, late: 90m}}
        make_up: {"24h" if persona.next_day_share else "none"}
        items:
{items}"""


def _walks(per_week: int) -> str:
    if not per_week:
        return ""
    return f"""\
      - name: walk
        when: {{per_week: {per_week}}}
        items:
          - {{exercise: walk, kind: aerobic, minutes: {WALK_MINUTES}, effort: moderate}}
"""


def _day(at: int, player: Player) -> date:
    return (EPOCH + timedelta(microseconds=at)).astimezone(player.zone).date()


def _clock(minute: float) -> str:
    return f"{int(minute) // 60:02}:{int(minute) % 60:02}"
