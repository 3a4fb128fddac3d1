"""A recording replayed with a plan: planned walks are judged as a count by hand has them, and the same bytes come out again, either way."""

import gzip
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import walks
from tests.test_replay import FITBIT, begun, ended
from tests.walks import Counted

PLAN = Path(__file__).resolve().parents[1] / "config" / "plans" / "fitbit_2016.yaml"
NEW_YORK = ZoneInfo("America/New_York")
WORDS = ("--zone", "America/New_York", "--json")
ANSWER = timedelta(days=1)
"""After the grace end a question may be answered; then what was not seen was not."""
EVERY = {"done", "partial", "late", "not_seen", "unclear", "unknown"}

Line = dict[str, Any]
Key = tuple[str, str]
"""Person and planned walk."""


@pytest.fixture(scope="module")
def recording() -> Path:
    if not FITBIT.exists():
        pytest.skip(f"{FITBIT} is not there: it comes with the shared data, not with the project")
    return FITBIT


@pytest.fixture(scope="module")
def eight_days(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """From the plan's first day, a Saturday: its first whole week, and the day in which what was missed on Thursday may be made up."""
    return cut(recording, tmp_path_factory.mktemp("cut") / "eight-days.csv.gz", "2016-04-02", "2016-04-10")


@pytest.fixture(scope="module")
def told(eight_days: Path) -> list[str]:
    """Stdout of two replays with the plan: direct, and over MQTT."""
    return ended(*(begun(eight_days, "--plan", PLAN, *WORDS, "--through", way) for way in ("direct", "mqtt")), within=240)


def cut(recording: Path, to: Path, first: str, end: str, dev: str = "") -> Path:
    """The days from `first` to before `end`."""
    with gzip.open(recording, "rt") as whole, gzip.open(to, "wt") as part:
        header = next(whole)
        part.writelines([header, *(line for line in whole if first <= line.split(",")[1] < end and line.startswith(dev))])
    return to


def judged(out: str) -> dict[Key, Line]:
    """What became of each planned walk; of sessions nobody had planned nothing."""
    lines = [line for line in map(json.loads, out.splitlines()) if line["kind"] == "planned_session" and line["state"] != "retracted"]
    return {(line["patient"], line["key"]): line for line in lines if not line["key"].startswith("extra@")}


def counted(recording: Path) -> dict[Key, Counted]:
    """By hand, as far as the recording reaches beyond the time for an answer."""
    plan, people = walks.plan(PLAN), walks.recording(recording, NEW_YORK)
    end = max(max(steps) for steps in people.values()) + walks.MINUTE
    settled = {one.key for one in walks.every(plan, NEW_YORK) if one.grace + ANSWER <= end}
    counts = {who: walks.count(steps, plan, NEW_YORK) for who, steps in people.items()}
    return {(f"fitbit-{who}", key): one for who, found in counts.items() for key, one in found.items() if key in settled}


def differing(judged: Mapping[Key, Line], counted: Mapping[Key, Counted]) -> list[object]:
    """Where verdict or minutes are not those of the count."""
    return [
        (key, one, judged.get(key))
        for key, one in counted.items()
        if key not in judged or (one.verdict, one.minutes) != (judged[key]["evidence"]["outcome"], judged[key]["evidence"]["walk_min"])
    ]


def test_planned_walks_of_a_week_are_judged_as_a_count_by_hand_has_them(told: Sequence[str], eight_days: Path) -> None:
    by_hand = counted(eight_days)

    assert differing(judged(told[0]), by_hand) == []
    assert {one.verdict for one in by_hand.values()} == EVERY
    assert len(by_hand) == 3 * 8  # morning ×3, lunch ×2, evening ×2 and the walk of the first week's end


def test_promise_3_a_replay_with_a_plan_gives_the_same_bytes_direct_and_over_mqtt(told: Sequence[str]) -> None:
    direct, mqtt = told
    assert direct == mqtt
    assert len(judged(direct)) > 20


def test_nobody_answers_in_a_replay_yet_a_walk_is_not_seen_only_once_it_was_asked_about(told: Sequence[str]) -> None:
    not_seen = [line for line in judged(told[0]).values() if line["evidence"]["outcome"] == "not_seen"]
    assert not_seen
    assert {(line["evidence"]["source"], line["evidence"]["seen_min"], line["evidence"]["p"] < 0.3) for line in not_seen} == {
        ("sensor", 0, True)
    }


def test_a_plan_for_one_person_is_theirs_alone_and_makes_no_difference_to_what_is_found_of_them(recording: Path, tmp_path: Path) -> None:
    def of(out: str, *, them: bool) -> list[str]:
        return [line for line in out.splitlines() if (json.loads(line)["patient"] == "fitbit-5553957443") is them]

    two_days = cut(recording, tmp_path / "two-days.csv.gz", "2016-04-04", "2016-04-06")
    words = (two_days, "--plan", PLAN, *WORDS)
    each, one = ended(begun(*words), begun(*words, "--patient", "fitbit-5553957443"))

    assert {person for person, _ in judged(each)} == {"fitbit-2022484408", "fitbit-2347167796", "fitbit-5553957443"}
    assert of(one, them=True) == of(each, them=True)
    assert {json.loads(line)["kind"] for line in of(one, them=False)} <= {"still_too_long", "silent_band"}


def test_a_plan_for_a_band_recorded_alone_may_be_filed_under_a_pseudonym(recording: Path, tmp_path: Path) -> None:
    two_days = cut(recording, tmp_path / "two.csv.gz", "2016-04-04", "2016-04-06", dev="5553957443")
    (out,) = ended(begun(two_days, "--plan", PLAN, *WORDS, "--patient", "p-1"))
    assert {person for person, _ in judged(out)} == {"p-1"}
    assert "rx-2016/morning walk/2016-04-04" in {key for _, key in judged(out)}


def test_a_person_the_recording_does_not_know_is_told_with_those_it_does(recording: Path, tmp_path: Path) -> None:
    day = cut(recording, tmp_path / "day.csv.gz", "2016-04-04", "2016-04-05")
    assert refused(day, "--plan", PLAN, *WORDS, "--patient", "p-1") == (
        2,
        "",
        "day.csv.gz holds 3 bands and p-1 is none of them: fitbit-2022484408, fitbit-2347167796, fitbit-5553957443. "
        "Name one of them, or leave it out.",
    )


def test_a_plan_with_mistakes_is_told_line_by_line_before_anything_is_replayed(tmp_path: Path) -> None:
    minute, plan = tmp_path / "minute.csv", tmp_path / "plan.yaml"
    minute.write_text("time,steps,hr\n2016-04-04T12:00:00Z,20,80\n")
    mistaken = PLAN.read_text().replace("per_week: 2", "per_week: 20").replace("exercise: walk", "exercize: walk", 1)
    plan.write_text(mistaken)
    lines = mistaken.splitlines()

    code, out, said = refused(minute, "--plan", plan, "--json")

    assert (code, out) == (2, "")
    assert "plan.yaml is not a plan yet" in said
    wrong = [n for n, line in enumerate(lines, 1) if "per_week: 20" in line or "exercize" in line]
    assert len(wrong) == 3
    assert all(f"line {n}:" in said for n in wrong)


def test_a_plan_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    minute = tmp_path / "minute.csv"
    minute.write_text("time,steps,hr\n2016-04-04T12:00:00Z,20,80\n")
    code, out, said = refused(minute, "--plan", tmp_path / "none.yaml", "--json")
    assert (code, out) == (2, "")
    assert "none.yaml" in said.replace(" ", "")  # a box breaks long paths


def refused(*words: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout, and what was said, without its frame."""
    process = begun(*words)
    out, errors = process.communicate(timeout=60)
    said = " ".join(errors.translate(str.maketrans("│╭╮╰╯─", "      ")).split())
    return process.returncode, out, said.partition("Invalid value for ")[2].partition(": ")[2].removesuffix(" ") or said


@pytest.mark.long
def test_the_whole_recording_is_judged_as_a_count_by_hand_has_it_twice_and_either_way(recording: Path) -> None:
    words = (recording, "--plan", PLAN, *WORDS)
    first, *others = ended(*(begun(*words, "--through", way) for way in ("direct", "mqtt", "direct", "mqtt")), within=900)
    by_hand = counted(recording)

    assert [other == first for other in others] == [True] * 3
    assert differing(judged(first), by_hand) == []
    assert len(by_hand) > 120
    assert Counter(one.verdict for one in by_hand.values()).keys() == EVERY
