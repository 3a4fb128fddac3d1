"""What every rule owes, whoever wrote it: a new file in `detectors/rules` is tested by being there."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from config.plugins import rules
from detectors.finding import Finding
from detectors.history import History
from detectors.rule import Rule
from ingest.batch import HOUR
from tests.timeline import MIDNIGHT, blank, drawn, seen

ABOUT_THE_BAND = {"silent_band"}
"""Rules that claim nothing about the wearer: they may speak where wear is unknown, and begin where the band was last heard."""

LINES = st.lists(st.tuples(st.sampled_from("_mWzo? "), st.integers(1, 6)), min_size=1, max_size=9).map(
    lambda parts: "".join(mark * n for mark, n in parts)
)
"""Each character is half an hour."""


@pytest.fixture(params=sorted(rules()))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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
@given(line=LINES)
def test_same_input_same_findings_and_the_input_stays_as_it_was(name: str, line: str) -> None:
    history = seen(drawn(line, 30))
    before = history.minutes.tobytes()
    assert found(name, history) == found(name, history)
    assert history.minutes.tobytes() == before


@contract
@given(line=LINES)
def test_findings_lie_inside_the_history(name: str, line: str) -> None:
    history = seen(drawn(line, 30))
    for finding in found(name, history):
        assert finding.end is None or finding.start < finding.end <= history.end
        assert finding.start < history.end
        assert finding.start >= history.start or name in ABOUT_THE_BAND


@contract
@given(line=LINES)
def test_a_finding_says_whose_it_is_and_on_what_it_rests(name: str, line: str) -> None:
    for finding in found(name, seen(drawn(line, 30))):
        assert finding.patient == "virtual-p"
        assert finding.kind == name
        assert finding.version == rules()[name].version
        assert finding.key.startswith(f"{name}@")
        assert finding.evidence
        assert all(re.fullmatch(r"[a-z_]+", fact) for fact in finding.evidence)
        assert all(np.isfinite(value) for value in finding.evidence.values() if not isinstance(value, str))


@contract
@given(line=LINES)
def test_no_two_findings_share_a_key(name: str, line: str) -> None:
    keys = [finding.key for finding in found(name, seen(drawn(line, 30)))]
    assert len(keys) == len(set(keys))


@contract
@given(line=LINES)
def test_unknown_wear_yields_no_claim_about_behaviour(name: str, line: str) -> None:
    if name not in ABOUT_THE_BAND:
        assert found(name, seen(blank(drawn(line, 30), "worn"))) == []


@contract
@given(line=LINES)
def test_as_time_passes_a_finding_keeps_its_key_and_its_start(name: str, line: str) -> None:
    last: dict[str, Finding] = {}
    for n in range(1, len(line) + 1):
        now = {finding.key: finding for finding in found(name, seen(drawn(line[:n], 30)))}
        for key, before in last.items():
            assert key in now
            assert now[key].start == before.start
            assert before.end is None or now[key].end == before.end
        last = now


def test_a_silent_band_is_the_bands_fault_alone() -> None:
    #  _____ 9 h |           15 h
    history = seen(drawn("_" * 18 + " " * 30, 30, MIDNIGHT))
    told = {name: found(name, history, history.end + HOUR) for name in rules()}
    open_ = {name for name, findings in told.items() if any(finding.end is None for finding in findings)}
    assert "silent_band" in open_
    assert open_ <= ABOUT_THE_BAND, f"{', '.join(sorted(open_ - ABOUT_THE_BAND))} says of the wearer what only the band can tell"
