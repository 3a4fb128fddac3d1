"""A plan file is read, or every mistake in it is told with its line and what to write instead."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.plan.plan import Fixed, Quota
from detectors.plan.read import Reading, read
from detectors.plan.written import DEEPEST, LARGEST
from tests.plans import GOOD, SHIPPED, changed, line_of

LINES = GOOD.splitlines(keepends=True)
SCRAPS = ["{", "}", "[", "]", ":", ": ", "- ", "&a ", "*a", "!t ", "\t", '"', "'", "#", "|", "%", "\0", "\ufeff", "\\U", "~", "1", "days"]


def only(reading: Reading) -> tuple[str, int, str]:
    (remark,) = reading.remarks
    assert reading.plan is None
    assert remark.level == "error"
    return remark.code, remark.line, remark.message


def test_a_good_plan_is_read_as_it_was_meant() -> None:
    reading = read(GOOD)

    assert reading.remarks == ()
    assert reading.plan is not None
    course = reading.plan.phases[0]
    assert (course.start, course.end) == (date(2026, 12, 7), date(2027, 1, 31))
    assert course.sessions[0].when == Fixed(days=("mon", "wed", "fri"), at=time(18, 30))
    assert course.sessions[1].when == Quota(per_week=3)
    assert (course.sessions[0].window.early, course.sessions[0].items[0].hold) == (3600, 8)


@pytest.mark.parametrize("written", ["18:30", '"18:30"', "'18:30'"])
def test_a_time_needs_no_quotes(written: str) -> None:
    plan = read(changed(("18:30", written))).plan

    assert plan is not None
    assert plan.phases[0].sessions[0].when == Fixed(days=("mon", "wed", "fri"), at=time(18, 30))


@pytest.mark.parametrize(
    ("old", "new", "code", "where", "message"),
    [
        ("rx: 1", "rx: 2", "S05", "rx", "'2' will not do; it can be 1"),
        ("Europe/Berlin", "Berlin", "S07", "timezone", "'Berlin' is not a time zone; name one like Europe/Berlin"),
        ("issued: 2026-11-23", "issued: 20261123", "S07", "issued", "write year-month-day, e.g. 2026-11-23"),
        ("issued: 2026-11-23", "issued: 2026-02-30", "S07", "issued", "'2026-02-30' is no day"),
        ("region: low_back", "region: lowback", "S05", "region", "did you mean low_back?"),
        ("region: low_back", "region:", "S04", "region", "nothing after its colon; write e.g. region: low_back"),
        ("stage: active", "stage: aktive", "S05", "phases[0] course.stage", "did you mean active? It can be passive, active"),
        ("    stage: active\n", "", "S01", "phases[0] course.stage", "stage is missing; write e.g. stage: active"),
        ("to: 2027-01-31", "to: 2026-01-31", "S07", "phases[0] course", "ends on 2026-01-31, before it begins on 2026-12-07"),
        ("name: core", "name: a/b", "S04", "phases[0].sessions[0] a/b.name", "1 to 40 characters without / and @"),
        ("name: core", "name: {a: b}", "S04", "phases[0] course.sessions[0].name", "needs a text"),
        ("18:30", "6pm", "S07", "phases[0].sessions[0] core.when.at", "write hours and minutes, e.g. 07:15 or 18:30"),
        ("18:30", "18:30, every: 3 days", "S07", "phases[0].sessions[0] core.when", "comes round in whole weeks"),
        ("[mon,", "[Mon,", "S05", "phases[0].sessions[0] core.when.days[0]", "did you mean mon?"),
        ("[mon, wed, fri]", "mon", "S04", "phases[0].sessions[0] core.when.days", "needs a list; write e.g. days: [mon, wed, fri]"),
        ("per_week: 3", "per_week: 3, at: 18:30", "S03", "phases[0].sessions[1] walk.when.at", "does not go with per_week"),
        ("per_week: 3", "per_weak: 3, per_week: 3", "S03", "phases[0].sessions[1] walk.when.per_weak", "did you mean per_week?"),
        ("{per_week: 3}", "often", "S04", "phases[0].sessions[1] walk.when", "needs keys of its own; write e.g. when: {days"),
        ("early: 1h", "early: 60", "S07", "phases[0].sessions[0] core.window.early", "a number and s, m, h or d"),
        ("early: 1h", "early: 90d", "S04", "phases[0].sessions[0] core.window.early", "too large for early; at most 31d"),
        ("window:", "windows:", "S03", "phases[0].sessions[0] core.windows", "there is no key 'windows' here; did you mean window?"),
        ("reps: 8", "reps: many", "S06", "phases[0].sessions[0] core.items[0].reps", "'many' is no whole number; write e.g. reps: 3"),
        ("reps: 8", "reps: true", "S06", "phases[0].sessions[0] core.items[0].reps", "'true' is no whole number"),
        ("reps: 8", "reps: 0", "S04", "phases[0].sessions[0] core.items[0].reps", "too small for reps; at least 1"),
        ("hold: 8s", "hold: 8 s", "S07", "phases[0].sessions[0] core.items[0].hold", "'8 s' is no duration"),
        ("minutes: 25", "form: perhaps, minutes: 25", "S04", "phases[0].sessions[1] walk.items[0].form", "neither yes nor no"),
        (", minutes: 25", "", "S07", "phases[0].sessions[1] walk.items[0]", "says not how much; write minutes, reps or hold"),
        ("kind: aerobic, ", "kind: aerobic, hr_zone: 90-60%max, ", "S07", "phases[0].sessions[1] walk.items[0].hr_zone", "e.g. 50-70%max"),
        ("core_days: 2", "core_day: 2", "S03", "phases[1] after.goals.core_day", "did you mean core_days?"),
        ("id: rx-0001", "id: rx-0001\nid: rx-0002", "S02", "id", "'id' stands here twice (first on line 2); keep one"),
        ("from: 2026-12-07", "start: 2026-12-07\n    from: 2026-12-07", "S03", "phases[0] course.start", "no key 'start'"),
        ("phases:", "quiet_hours: 22:00-06:00\nphases:", "S04", "quiet_hours", 'write e.g. quiet_hours: ["21:30-07:30"]'),
    ],
)
def test_a_mistake_says_where_it_is_and_what_to_write(old: str, new: str, code: str, where: str, message: str) -> None:
    reading = read(changed((old, new)))

    assert reading.plan is None
    (remark,) = reading.remarks
    assert (remark.code, remark.level, remark.where) == (code, "error", where)
    assert message in remark.message


def test_all_mistakes_are_told_at_once_each_with_its_line() -> None:
    text = changed(("timezone: Europe/Berlin\n", ""), ("reps: 8", "reps: many"), ("hold: 45s", "holt: 45s"), ("stage: main", "stage: men"))
    said = [(remark.line, remark.code) for remark in read(text).remarks]

    assert said == [
        (1, "S01"),
        (line_of("reps: many", text), "S06"),
        (line_of("holt", text), "S03"),
        (line_of("stage: men", text), "S05"),
    ]


def test_a_list_full_of_mistakes_is_not_called_empty_as_well() -> None:
    messages = [remark.message for remark in read(changed(("[mon, wed, fri]", "[a, b]"))).remarks]

    assert len(messages) == 2
    assert not [message for message in messages if "empty" in message]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("rx: 1\n\tid: x\n", 2, "A tab stands here; indent with spaces."),
        ("rx: 1\nid: 'x\n", 3, "Check the indentation"),
        ("rx: 1\nid: a: b\n", 2, "Check the indentation"),
        ("rx: 1\nid: \0\n", 2, "may not be in a text file"),
        ("rx: 1\na: &x [1]\nb: [*x, *x]\n", 2, "& and *"),
        ("rx: 1\nid: *x\n", 2, "& and *"),
        ("rx: 1\nid: !!python/name:os.system x\n", 2, "! (a tag)"),
        ("rx: 1\n---\nrx: 1\n", 2, "one file holds one plan"),
        ("rx: 1\n? [a]\n: b\n", 2, "A key is missing"),
        ('rx: 1\nid: "\\UFFFFFFFF"\n', 1, "cannot be read as YAML"),
        ("rx: 1\nx: " + "[" * 50_000, 2, "nested deeper"),
        ("rx: " + "1" * LARGEST, 1, "Is it the right file?"),
    ],
)
def test_what_is_no_yaml_is_told_in_one_remark(text: str, line: int, message: str) -> None:
    code, found, said = only(read(text))

    assert (code, found) == ("Y01", line)
    assert message in said


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "[]", "plan", "remind: come\nflare: rest\n"])
def test_a_file_that_is_something_else_is_said_to_hold_no_plan(text: str) -> None:
    code, line, message = only(read(text))

    assert (code, line) == ("S01", 1)
    assert "holds no plan" in message


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read("\ufeff" + GOOD).plan == read(GOOD).plan


def test_windows_line_ends_do_no_harm() -> None:
    assert read(GOOD.replace("\n", "\r\n")).plan == read(GOOD).plan


def test_depth_and_size_leave_room_for_a_real_plan() -> None:
    assert max(len(path.read_text()) for path in SHIPPED) * 10 < LARGEST
    assert max(len(path) for file in SHIPPED for path in read(file.read_text()).source.lines) <= DEEPEST - 2


def test_a_name_with_control_characters_does_not_reach_the_terminal() -> None:
    (remark,) = read(changed(("name: core", 'name: "\\e[31m"'))).remarks

    assert "\x1b" not in remark.where + remark.message


def sane(text: str) -> None:
    reading = read(text)
    errors = [remark for remark in reading.remarks if remark.level == "error"]
    assert (reading.plan is None) == bool(errors)
    assert all(1 <= remark.line <= text.count("\n") + text.count("\r") + 2 for remark in reading.remarks)
    assert all(remark.message and remark.message.isprintable() for remark in reading.remarks)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    sane(text)


@given(st.lists(st.sampled_from(SCRAPS), max_size=30).map("".join))
def test_any_scraps_of_yaml_are_read_or_refused(text: str) -> None:
    sane("rx: 1\n" + text)


@given(st.data())
def test_a_plan_with_a_slip_of_the_hand_is_read_or_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD)), label="at")
    gone = data.draw(st.integers(0, 12), label="gone")
    sane(GOOD[:at] + data.draw(st.sampled_from([*SCRAPS, "", "\n", "  ", "x", "null"])) + GOOD[at + gone :])


@given(st.permutations(range(len(LINES))).map(lambda order: order[:25]))
def test_a_plan_with_its_lines_shuffled_is_read_or_refused(order: list[int]) -> None:
    sane("".join(LINES[i] for i in order))
