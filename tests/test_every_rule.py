"""What every rule owes, whoever wrote it: a new file in `detectors/rules` is tested by being there."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from alerts.reconcile import Judgement, Verdict, reconcile
from config.plugins import rules
from detectors.finding import Finding
from detectors.history import History
from detectors.outcome import COUNTED, SEEN
from detectors.outcome import KIND as PLANNED
from detectors.plan.plan import Plan
from detectors.rule import Rule
from ingest.batch import HOUR, MINUTE
from ingest.minute import unknown
from tests.lived import PLANS, prescribed
from tests.timeline import MIDNIGHT, blank, drawn, seen

ABOUT_THE_BAND = {"silent_band", "low_battery"}
"""Rules that claim nothing about the wearer: they may speak where wear is unknown, and begin where the band was last heard."""
ABOUT_THE_PLAN = {"no_active_exercise"}
"""Nor do these, that read the plan alone."""

LINES = st.lists(st.tuples(st.sampled_from("_mWzo? "), st.sampled_from((1, 2, 5, 20, 26))), min_size=1, max_size=5).map(
    lambda parts: "".join(mark * n for mark, n in parts)
)
"""Each character is half an hour."""

BEFORE = st.lists(st.sampled_from(("nn", "nnnn", "dd", "pppd", "lllll", "uc", "a", "eve", "..")), max_size=6).map("".join)
"""Each character is a session's outcome on a day before, as `tests.lived` has them."""

HISTORIES = st.builds(
    prescribed,
    LINES,
    st.sampled_from(PLANS),
    BEFORE,
    st.lists(st.integers(0, 100), max_size=30),
    st.sampled_from((None, "yes", "yes", "not_yet", "not_today")),
)
"""With a plan or without, sessions judged before, a battery and an answer: see `tests.lived`."""


@pytest.fixture(params=sorted(rules()))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def begun(history: History) -> int:
    """The earliest of what a rule may know of."""
    told = history.told
    return min([history.start, *(one.start for one in told.earlier), *(one.since for one in told.plans)])


def claims(finding: Finding) -> bool:
    """Whether it says what the wearer did: that a session is unknown, or asked about, says nothing of that kind."""
    sure = {outcome.value for outcome in SEEN | COUNTED}
    return finding.kind not in ABOUT_THE_BAND | ABOUT_THE_PLAN and finding.evidence.get("outcome", "done") in sure


def found(name: str, history: History, now: int | None = None) -> list[Finding]:
    rule = rules()[name]
    return list(rule.find(history, history.end if now is None else now, rule.params()))


contract = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_rule_brings_parameters_with_defaults_and_sources(name: str) -> None:
    rule = rules()[name]
    assert isinstance(rule, Rule)
    assert issubclass(rule.params, BaseModel)
    rule.params()
    for field, about in rule.params.model_fields.items():
        assert about.description, f"{name}.{field} does not say where its number comes from"


def test_an_empty_history_yields_none(name: str) -> None:
    assert found(name, seen(drawn(" " * 4, 30), since=None, last_heard=None)) == []


@contract
@given(history=HISTORIES)
def test_same_input_same_findings_and_the_input_stays_as_it_was(name: str, history: History) -> None:
    before, told = history.minutes.tobytes(), repr(history.told)
    assert found(name, history) == found(name, history) == found(name, replace(history))
    assert (history.minutes.tobytes(), repr(history.told)) == (before, told)


@contract
@given(history=HISTORIES)
def test_findings_lie_inside_what_is_known(name: str, history: History) -> None:
    for finding in found(name, history):
        assert finding.end is None or finding.start < finding.end
        assert finding.end is None or history.start < finding.end <= history.end or finding.kind == PLANNED
        assert finding.start < history.end
        assert finding.start >= begun(history) or name in ABOUT_THE_BAND


@contract
@given(history=HISTORIES)
def test_a_finding_says_whose_it_is_and_on_what_it_rests(name: str, history: History) -> None:
    for finding in found(name, history):
        assert finding.patient == "virtual-p"
        assert finding.kind == name
        assert finding.version == rules()[name].version
        assert finding.key.startswith(f"{name}@") or finding.kind == PLANNED
        assert finding.evidence
        assert all(re.fullmatch(r"[a-z_]+", fact) for fact in finding.evidence)
        assert all(np.isfinite(value) for value in finding.evidence.values() if not isinstance(value, str))


@contract
@given(history=HISTORIES)
def test_no_two_findings_share_a_key(name: str, history: History) -> None:
    keys = [finding.key for finding in found(name, history)]
    assert len(keys) == len(set(keys))


@contract
@given(line=LINES, what=st.sampled_from(PLANS), levels=st.lists(st.integers(0, 100), max_size=30))
def test_unknown_wear_yields_no_claim_about_behaviour(name: str, line: str, what: Plan | None, levels: list[int]) -> None:
    history = prescribed(line, what, "u" * 20, levels)
    blind = replace(history, minutes=blank(history.minutes, "worn"))
    late = [finding for after in (0, 30, 80) for finding in found(name, blind, blind.end + after * HOUR)]
    assert not [finding for finding in late if claims(finding) and finding.evidence.get("stage") != "passive"]


@contract
@given(line=LINES, what=st.sampled_from(PLANS), before=BEFORE, levels=st.lists(st.integers(0, 100), max_size=30))
def test_as_time_passes_a_finding_keeps_its_key_and_its_start(
    name: str, line: str, what: Plan | None, before: str, levels: list[int]
) -> None:
    last: dict[str, Finding] = {}
    for n in range(1, len(line) + 1):
        now = {finding.key: finding for finding in found(name, prescribed(line[:n], what, before, levels))}
        for key, earlier in last.items():
            assert key in now
            assert now[key].start == earlier.start
            assert earlier.end is None or now[key].end == earlier.end
        last = now


@contract
@given(history=HISTORIES, order=st.permutations(range(9)))
def test_in_whatever_order_the_minutes_arrive_the_chart_ends_with_the_same_findings(name: str, history: History, order: list[int]) -> None:
    known: dict[str, Judgement] = {}
    for n in range(len(order) + 1):
        there = np.isin(np.arange(len(history.minutes)) * len(order) // len(history.minutes), order[:n])
        minutes = unknown(history.start, history.end)
        minutes[there] = history.minutes[there]
        heard = minutes["t"][minutes["coverage"] > 0]
        partly = replace(history, minutes=minutes, last_heard=int(heard[-1]) + MINUTE if len(heard) else None)
        for change in reconcile(found(name, partly), list(known.values()), begun(history), history.end, history.end):
            known[change.finding.key] = Judgement(change.finding, change.state, history.end)
    standing = {(one.finding.start, one.finding.end) for one in known.values() if one.state is not Verdict.RETRACTED}
    assert standing == {(one.start, one.end) for one in found(name, history)}


def test_a_silent_band_is_the_bands_fault_alone() -> None:
    #  _____ 9 h |           15 h
    history = seen(drawn("_" * 18 + " " * 30, 30, MIDNIGHT))
    told = {name: found(name, history, history.end + HOUR) for name in rules()}
    open_ = {name for name, findings in told.items() if any(finding.end is None for finding in findings)}
    assert "silent_band" in open_
    assert open_ <= ABOUT_THE_BAND, f"{', '.join(sorted(open_ - ABOUT_THE_BAND))} says of the wearer what only the band can tell"
