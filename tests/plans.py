"""Plan files for tests."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = sorted((ROOT / "config" / "plans").glob("*.yaml"))
GOOD = """\
rx: 1
id: rx-0001
patient: p-7f3a
therapist: t-02
timezone: Europe/Berlin
issued: 2026-11-23
region: low_back
phases:
  - name: course
    stage: active
    from: 2026-12-07
    to: 2027-01-31
    sessions:
      - name: core
        when: {days: [mon, wed, fri], at: 18:30}
        window: {early: 1h, late: 2h}
        items:
          - {exercise: bird_dog, kind: stabilisation, sets: 3, reps: 8, hold: 8s, side: both}
          - {exercise: side_plank, kind: stabilisation, sets: 3, hold: 45s, side: both}
      - name: walk
        when: {per_week: 3}
        items:
          - {exercise: walk, kind: aerobic, minutes: 25}
  - name: after
    stage: maintenance
    from: 2027-02-01
    to: 2027-07-31
    goals: {core_days: 2, aerobic_minutes: 150, strength_days: 2}
"""
"""Eight weeks with nothing to remark on."""


def changed(*changes: tuple[str, str], text: str = GOOD) -> str:
    """The good plan with each of the texts replaced once; one that is not there is a mistake in the test."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def line_of(part: str, text: str = GOOD) -> int:
    """From 1, where the part first stands."""
    return text[: text.index(part)].count("\n") + 1
