"""A first plan from a few answers: eight active weeks that grow, then keeping it up. It is text, with comments for whoever edits it."""

from dataclasses import dataclass
from datetime import date, time, timedelta

from detectors.plan.exercises import EXERCISES, TELLING

DOSES: dict[str, tuple[str, str]] = {
    "bird_dog": (
        "kind: stabilisation, sets: 3, reps: 6, hold: 5s, side: both",
        "kind: stabilisation, sets: 3, reps: 8, hold: 8s, side: both",
    ),
    "dead_bug": (
        "kind: stabilisation, sets: 3, reps: 6, tempo: 3-1-3, side: both, arms: moving",
        "kind: stabilisation, sets: 3, reps: 10, tempo: 3-1-3, side: both, arms: moving",
    ),
    "bridge": (
        "kind: stabilisation, sets: 3, reps: 10, hold: 3s, hands: on_hips",
        "kind: stabilisation, sets: 3, reps: 12, hold: 5s, hands: on_hips",
    ),
    "curl_up": (
        "kind: stabilisation, sets: 2, reps: 8, hold: 5s, hands: crossed_on_chest",
        "kind: stabilisation, sets: 3, reps: 8, hold: 8s, hands: crossed_on_chest",
    ),
    "plank_knees": ("kind: stabilisation, sets: 3, hold: 15s", "kind: stabilisation, sets: 3, hold: 30s"),
    "side_plank_knees": (
        "kind: stabilisation, sets: 2, reps: 3, hold: 8s, side: both",
        "kind: stabilisation, sets: 2, reps: 4, hold: 10s, side: both",
    ),
    "clamshell": (
        "kind: stabilisation, sets: 3, reps: 10, side: both, hands: on_outer_thigh",
        "kind: stabilisation, sets: 3, reps: 12, side: both, hands: on_outer_thigh",
    ),
    "sit_to_stand": (
        "kind: strength, sets: 3, reps: 8, tempo: 3-0-2, hands: crossed_on_chest",
        "kind: strength, sets: 3, reps: 10, tempo: 3-1-2, hands: crossed_on_chest",
    ),
    "hip_hinge": (
        "kind: strength, sets: 3, reps: 8, tempo: 3-1-2, hands: on_hips",
        "kind: strength, sets: 3, reps: 10, tempo: 3-1-2, hands: on_hips",
    ),
    "step_up": ("kind: strength, sets: 2, reps: 8, side: both", "kind: strength, sets: 3, reps: 10, side: both"),
    "wall_slide": ("kind: stabilisation, sets: 3, reps: 10, tempo: 3-1-3", "kind: stabilisation, sets: 3, reps: 12, tempo: 3-1-3"),
    "band_row": ("kind: strength, sets: 3, reps: 10, tempo: 2-1-2", "kind: strength, sets: 3, reps: 12, tempo: 2-1-2"),
    "band_pull_apart": ("kind: strength, sets: 3, reps: 10, tempo: 2-1-2", "kind: strength, sets: 3, reps: 12, tempo: 2-1-2"),
    "chin_tuck": ("kind: stabilisation, sets: 3, reps: 8, hold: 5s", "kind: stabilisation, sets: 3, reps: 10, hold: 5s"),
}
"""Exercise → its dose in weeks 1 to 4 and in weeks 5 to 8 (`domain` §2.5 and §3.5; to be signed off by a clinician)."""
USUAL = 4
"""Exercises of a session: six or fewer, some 20 minutes."""
HALF = timedelta(weeks=4)
KEPT_UP = timedelta(weeks=26)
DESK = 'desk_hours: {days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:30"}\nsedentary: {still_minutes: 50, break_minutes: 3}\n'


@dataclass(frozen=True, slots=True)
class Answers:
    patient: str
    therapist: str
    zone: str
    region: str
    issued: date
    start: date
    days: tuple[str, ...]
    at: time
    exercises: tuple[str, ...]
    """Of `DOSES`."""
    walks: int
    """A week; 0 for none."""
    desk: bool

    @property
    def id(self) -> str:
        return f"rx-{''.join(filter(str.isalnum, self.patient.removeprefix('p-')))}"


def offered(region: str) -> list[str]:
    """Exercises for the region, the band's favourites first."""
    fit = [name for name in DOSES if EXERCISES[name].covers(region)]
    return sorted(fit, key=lambda name: not (EXERCISES[name].sight in TELLING or EXERCISES[name].better))


def drafted(answers: Answers) -> str:
    """YAML that `detectors.plan.lint` has no warning for."""
    learn_end = answers.start + HALF - timedelta(days=1)
    build_end = learn_end + HALF
    phases = [
        _phase(answers, 0, "learn", answers.start, learn_end),
        _phase(answers, 1, "build", learn_end + timedelta(days=1), build_end),
    ]
    return f"{_head(answers)}phases:\n{''.join(phases)}{_maintenance(build_end + timedelta(days=1))}"


def _head(answers: Answers) -> str:
    return (
        "rx: 1 # version of this format\n"
        f"id: {answers.id}\n"
        f"patient: {answers.patient} # pseudonyms only, no names\n"
        f"therapist: {answers.therapist}\n"
        f"timezone: {answers.zone}\n"
        f"issued: {answers.issued}\n"
        f"region: {answers.region}\n"
        '# goal: "in the patient\'s own words, e.g. carry shopping up two floors"\n'
        'quiet_hours: ["21:30-07:30"] # no messages then\n'
        'pain_check: {every: week, day: sun, at: "18:00", scale: 0-10}\n'
        f"{DESK if answers.desk else ''}"
    )


def _phase(answers: Answers, half: int, name: str, start: date, end: date) -> str:
    items = "".join(f"          - {{exercise: {one}, {DOSES[one][half]}, rest: 45s}}\n" for one in answers.exercises)
    return (
        f"  - name: {name} # weeks {'1 to 4' if half == 0 else '5 to 8: more of the same'}\n"
        "    stage: active\n"
        f"    from: {start}\n"
        f"    to: {end}\n"
        "    sessions:\n"
        "      - name: core\n"
        f'        when: {{days: [{", ".join(answers.days)}], at: "{answers.at:%H:%M}"}}\n'
        "        window: {early: 2h, late: 2h} # still in time\n"
        "        make_up: same_week\n"
        f"        items:\n{items}{_walks(answers.walks, half)}"
    )


def _walks(count: int, half: int) -> str:
    if not count:
        return ""
    return (
        "      - name: walk\n"
        f"        when: {{per_week: {count}}} # on days of their choice\n"
        "        items:\n"
        f"          - {{exercise: walk, kind: aerobic, minutes: {(15, 25)[half]}, effort: moderate}}\n"
    )


def _maintenance(start: date) -> str:
    return (
        "  - name: keep it up\n"
        "    stage: maintenance\n"
        f"    from: {start}\n"
        f"    to: {start + KEPT_UP - timedelta(days=1)}\n"
        "    goals: {core_days: 2, aerobic_minutes: 150, strength_days: 2} # a week\n"
        "    review: {every: 12 weeks}\n"
    )
