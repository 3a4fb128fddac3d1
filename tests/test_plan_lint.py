"""Whether a plan is a good one: each rule fires on what it is about, and on nothing else."""

from pathlib import Path

import pytest

from detectors.plan.lint import lint, remarks
from detectors.plan.read import read
from detectors.plan.remark import Flaw, Remark
from detectors.plan.rules_of_sight import pseudonym
from tests.plans import GOOD, SHIPPED, changed, line_of

BIRD_DOG = "{exercise: bird_dog, kind: stabilisation, sets: 3, reps: 8, hold: 8s, side: both}"
SIDE_PLANK = "{exercise: side_plank, kind: stabilisation, sets: 3, hold: 45s, side: both}"
WALK = "{exercise: walk, kind: aerobic, minutes: 25}"
COURSE = GOOD[GOOD.index("  - name: course") : GOOD.index("  - name: after")]
AFTER = GOOD[GOOD.index("  - name: after") :]
CLINIC = """\
  - name: clinic
    stage: passive
    from: 2026-11-24
    to: 2026-12-06
    sessions:
      - name: packs
        when: {days: [tue, thu], at: 10:00}
        items: [{exercise: hot_pack, kind: passive, minutes: 20}]
"""
PASSIVE_ONLY = Path(__file__).resolve().parents[2] / "shared" / "rx" / "bad_passive_only.yaml"


def said(text: str, references: tuple[str, ...] = ()) -> tuple[Remark, ...]:
    return remarks(text, references)


def codes(text: str) -> list[tuple[str, str]]:
    return [(remark.code, remark.level) for remark in said(text)]


def before_the_course(phase: str) -> tuple[str, str]:
    return "phases:\n", "phases:\n" + phase


def test_of_a_good_plan_nothing_is_said() -> None:
    assert said(GOOD) == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # R01: passive only
        ([(BIRD_DOG, "{exercise: massage, kind: passive, minutes: 20}"), (SIDE_PLANK, "{exercise: hot_pack, kind: passive, minutes: 9}"),
          (WALK, "{exercise: e_stim, kind: passive, minutes: 9}")], [("R01", "error"), ("R05", "info")]),
        # a massage stays passive whatever the plan calls it
        ([(BIRD_DOG, "{exercise: massage, kind: active, minutes: 20}"), (SIDE_PLANK, "{exercise: hot_pack, kind: strength, minutes: 9}"),
          (WALK, "{exercise: massage, kind: aerobic, minutes: 9}")], [("R01", "error")]),
        # what may be left out is no programme
        ([(BIRD_DOG, "{exercise: hot_pack, kind: passive, minutes: 20}"), (f"          - {SIDE_PLANK}\n", ""),
          (WALK, "{exercise: walk, kind: aerobic, minutes: 25, optional: true}")], [("R01", "error")]),
        # active, but for another region
        ([(BIRD_DOG, "{exercise: wall_slide, kind: strength, reps: 10, sets: 3}"), (f"          - {SIDE_PLANK}\n", ""),
          (WALK, "{exercise: band_pull_apart, kind: strength, reps: 9}")], [("R01", "warn")]),
        # R02: 3 × 16.3 + 3 × 25 = 124 active minutes a week beside 60 passive ones are 67 %
        ([(WALK, f"{WALK}\n          - {{exercise: hot_pack, kind: passive, minutes: 20}}")], [("R02", "warn")]),
        ([(WALK, f"{WALK}\n          - {{exercise: hot_pack, kind: passive, minutes: 13}}")], []),
        ([(WALK, f"{WALK}\n          - {{exercise: hot_pack, kind: passive, minutes: 20, optional: true}}")], []),
        # R03: 14 days are allowed, 28 at most
        ([before_the_course(CLINIC.replace("11-24", "11-23"))], []),
        ([before_the_course(CLINIC.replace("11-24", "11-22"))], [("R03", "warn")]),
        ([before_the_course(CLINIC.replace("11-24", "11-09"))], [("R03", "warn")]),
        ([before_the_course(CLINIC.replace("11-24", "11-08"))], [("R03", "error")]),
        ([before_the_course(CLINIC), ("phases:", "thresholds: {passive_days: 10}\nphases:")], [("R03", "warn")]),
        # R05
        ([(WALK, f"{WALK}\n          - {{exercise: tens, kind: passive, minutes: 5}}")], [("R05", "info")]),
        # R06: seven
        ([(SIDE_PLANK, "\n          - ".join(["{exercise: plank, kind: strength, hold: 20s}"] * 5))], []),
        ([(SIDE_PLANK, "\n          - ".join(["{exercise: plank, kind: strength, hold: 20s}"] * 6))], [("R06", "warn")]),
        # R07: six to eight weeks
        ([("2027-01-31", "2027-01-30"), ("2027-02-01", "2027-01-31")], [("R07", "info")]),
        ([("2027-01-31", "2027-01-17"), ("2027-02-01", "2027-01-18")], [("R07", "info")]),
        ([("2027-01-31", "2027-01-16"), ("2027-02-01", "2027-01-17")], [("R07", "warn")]),
        ([("2027-01-31", "2027-01-16"), ("2027-02-01", "2027-01-17"), ("phases:", "course: {credit_weeks: 3}\nphases:")], []),
        # R08: three to five times a week
        ([("[mon, wed, fri]", "[mon, wed]")], [("R08", "info")]),
        ([("[mon, wed, fri]", "[mon, tue, wed, thu, fri, sat]")], [("R08", "info")]),
        ([("at: 18:30", "at: 18:30, every: 2 weeks")], [("R08", "info")]),
        # R09: 15 to 35 min
        ([("sets: 3, hold: 45s", "sets: 1, hold: 20s")], [("R09", "info")]),
        ([("sets: 3, reps: 8", "sets: 9, reps: 8")], [("R09", "info")]),
        # R10, R11, R18: keeping it up
        ([(AFTER, "")], [("R10", "warn")]),
        ([("core_days: 2, ", ""), (", strength_days: 2", "")], [("R11", "warn"), ("R11", "warn")]),
        ([("    goals: {core_days: 2, aerobic_minutes: 150, strength_days: 2}\n", "")], [("R11", "warn")] * 3),
        ([("aerobic_minutes: 150", "aerobic_minutes: 149")], [("R18", "info")]),
        # R12: nothing to be seen
        ([(WALK, "{exercise: pelvic_tilt, kind: active, reps: 10}")], [("R12", "warn")]),
        ([(WALK, "{exercise: swim, kind: aerobic, minutes: 30, expect_gap: true}")], [("R12", "info")]),
        ([(WALK, "{exercise: bridge, kind: strength, reps: 10}")], [("R12", "warn")]),
        ([(WALK, "{exercise: bridge, kind: strength, reps: 10, hands: on_hips}")], []),
        # R13: the night, 21:30 to 07:30 where nothing is said
        ([("18:30", "07:29")], [("R13", "error")]),
        ([("18:30", "07:30")], []),
        ([("18:30", "21:30")], [("R13", "error")]),
        ([("18:30", "07:00"), ("phases:", "quiet_hours: [22:00-06:30]\nphases:")], []),
        ([("18:30", "13:00"), ("phases:", "quiet_hours: [22:00-06:30, 13:00-14:00]\nphases:")], [("R13", "error")]),
        ([("18:30", "14:00"), ("phases:", "quiet_hours: [22:00-06:30, 13:00-14:00]\nphases:")], []),
        # R14: core reaches from 17:30 to 20:30
        ([("{per_week: 3}", "{days: [wed], at: 20:00}")], [("R14", "warn")]),
        ([("{per_week: 3}", "{days: [thu], at: 20:00}")], []),
        ([("{per_week: 3}", "{days: [mon], at: 12:00}")], []),
        ([("late: 2h", "late: 1d"), ("[mon, wed, fri]", "[mon, tue, fri]")], [("R14", "warn")]),
        # R15: a hole, and an overlap
        ([("from: 2027-02-01", "from: 2027-02-02")], [("R15", "error")]),
        ([("from: 2027-02-01", "from: 2027-01-31")], [("R15", "error")]),
        # R17
        ([("side: both}", "side: both, form: true}")], [("R17", "info")]),
        # R19
        ([("p-7f3a", "jane.doe@example.org")], [("R19", "error")]),
        ([("t-02", "Sam")], [("R19", "error")]),
        # R20
        ([("minutes: 25", "minutes: 25, hr_zone: 60-86%max")], [("R20", "warn")]),
        ([("minutes: 25", "minutes: 25, hr_zone: 60-85%max")], []),
        ([("minutes: 25", "minutes: 25, hr_zone: 60-70%max"), ("phases:", "baseline: {beta_blocker: true}\nphases:")], [("R20", "warn")]),
        # S08: mistyped, or ours to learn
        ([(SIDE_PLANK, SIDE_PLANK.replace("side_plank", "side_plnak"))], [("S08", "warn")]),
        ([(SIDE_PLANK, SIDE_PLANK.replace("side_plank", "xyzzy"))], [("S08", "info")]),
    ],
)  # fmt: skip
def test_a_rule_speaks_where_it_should_and_no_other_does(changes: list[tuple[str, str]], expected: list[tuple[str, str]]) -> None:
    assert codes(changed(*changes)) == expected


def test_a_passive_stage_to_the_end_is_an_error_even_after_a_course() -> None:
    text = GOOD.replace(AFTER, CLINIC.replace("2026-11-24", "2027-02-01").replace("2026-12-06", "2027-02-10"))

    assert codes(text) == [("R10", "warn"), ("R04", "error")]


def test_two_short_passive_phases_in_a_row_are_one_long_stage() -> None:
    first = CLINIC.replace("2026-11-24", "2026-11-14").replace("2026-12-06", "2026-11-23")

    assert codes(changed(before_the_course(first + CLINIC))) == [("R03", "warn")]


def test_a_reference_session_ends_the_advice_to_make_one() -> None:
    text = changed(("side: both}", "side: both, form: true}"))

    assert [remark.code for remark in said(text)] == ["R17"]
    assert said(text, ("bird_dog",)) == ()


def test_a_remark_stands_on_the_line_it_is_about() -> None:
    text = changed(("18:30", "06:00"), ("minutes: 25", "minutes: 25, hr_zone: 80-95%max"))

    assert [(remark.code, remark.line, remark.where) for remark in said(text)] == [
        ("R13", line_of("06:00", text), "phases[0].sessions[0] core.when.at"),
        ("R20", line_of("hr_zone", text), "phases[0].sessions[1] walk.items[0].hr_zone"),
    ]


def test_advice_names_the_hands_that_would_show_the_exercise() -> None:
    (remark,) = said(changed((WALK, "{exercise: bridge, kind: strength, reps: 10}")))

    assert "It sees more with bridge hands: on_hips." in remark.message


def test_a_plan_with_mistakes_is_not_judged_by_the_rules_yet() -> None:
    assert codes(changed(("18:30", "06:00"), ("rx: 1", "rx: 9"))) == [("S05", "error")]


def test_flaws_come_with_their_place_and_without_lines() -> None:
    plan = read(changed(("18:30", "06:00"))).plan

    assert plan is not None
    (flaw,) = lint(plan)
    assert isinstance(flaw, Flaw)
    assert flaw[:3] == ("R13", "error", ("phases", 0, "sessions", 0, "when", "at"))


@pytest.mark.parametrize("id_", ["p-7f3a", "p-00", "p-k2", "virtual-desk", "p-12345"])
def test_a_pseudonym_is_taken(id_: str) -> None:
    assert pseudonym("patient", id_) is None


@pytest.mark.parametrize("id_", ["p-", "p-1", "7f3a", "t-02", "p-19840312", "p-jane doe", "p-Jane", "p-a@b.org", "p-7f3a\n", "virtual- x"])
def test_what_could_be_a_person_is_not(id_: str) -> None:
    assert pseudonym("patient", id_) is not None


@pytest.mark.skipif(not PASSIVE_ONLY.exists(), reason="the shared example prescriptions are not on this machine")
def test_the_plan_of_the_leaflets_first_reason_is_seen_for_all_that_it_is() -> None:
    found = dict(codes(PASSIVE_ONLY.read_text()))

    assert sorted(found) == ["R01", "R03", "R04", "R05", "R07", "R10", "R13", "R19"]
    assert [code for code, level in sorted(found.items()) if level == "error"] == ["R01", "R03", "R04", "R13", "R19"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_plan_has_neither_error_nor_warning(path: Path) -> None:
    assert [remark for remark in said(path.read_text()) if remark.level != "info"] == []


def test_the_shipped_plans_are_there() -> None:
    assert [path.stem for path in SHIPPED] == ["acute_to_active", "core_8_weeks", "desk_maintenance", "fitbit_2016"]
