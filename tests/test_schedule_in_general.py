"""What holds of every plan, zone, journey, revision and range."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.plan.occurrence import Revision, Zones
from detectors.plan.plan import Fixed, Plan, Quota
from detectors.plan.schedule import occurrences
from detectors.plan.units import WEEKDAYS
from tests.prescribed import EVER, ids, instants, journeys, plans, revised


@settings(max_examples=60, deadline=None)
@given(revised(), journeys(), st.lists(instants, max_size=5))
def test_a_range_in_pieces_holds_what_the_range_holds_each_once(revisions: list[Revision], zones: Zones, cuts: list[int]) -> None:
    whole = occurrences(revisions, zones, *EVER)
    edges = [EVER[0], *sorted(cuts), EVER[1]]
    pieces = [one for start, end in pairwise(edges) for one in occurrences(revisions, zones, start, end)]
    assert pieces == whole
    assert len(set(ids(whole))) == len(whole)


@settings(max_examples=60, deadline=None)
@given(revised(), journeys())
def test_every_window_has_a_length_and_every_grace_follows_it(revisions: list[Revision], zones: Zones) -> None:
    found = occurrences(revisions, zones, *EVER)
    assert all(one.start < one.end <= one.grace for one in found)
    assert all(one.planned is None or one.start <= one.planned <= one.end for one in found)
    assert [(one.start, one.id) for one in found] == sorted((one.start, one.id) for one in found)
    assert all(one.start >= revisions[0].since for one in found)


@settings(max_examples=60, deadline=None)
@given(revised(), journeys(), plans(), instants)
def test_a_later_revision_changes_nothing_that_has_begun(revisions: list[Revision], zones: Zones, newest: Plan, since: int) -> None:
    since = max(since, revisions[-1].since)
    more = [*revisions, Revision(newest, since)]
    assert occurrences(more, zones, EVER[0], since) == occurrences(revisions, zones, EVER[0], since)


@settings(max_examples=60, deadline=None)
@given(plans(), journeys())
def test_each_listed_day_of_a_phase_has_its_session_once_wherever_the_patient_is(one: Plan, zones: Zones) -> None:
    found = occurrences([Revision(one, EVER[0])], zones, *EVER)
    for part in one.phases:
        days = [part.start + timedelta(days=n) for n in range((part.end - part.start).days + 1)]
        for session in part.sessions:
            if isinstance(session.when, Fixed) and session.when.every == 7:
                held = [day.isoformat() for day in days if WEEKDAYS[day.weekday()] in session.when.days]
                assert sorted(each.id.split("/")[2] for each in found if each.session is session) == held


@settings(max_examples=60, deadline=None)
@given(plans(), journeys())
def test_a_week_of_one_plan_asks_for_no_more_than_the_number_of_its_most_asking_session(one: Plan, zones: Zones) -> None:
    weekly = [each for each in occurrences([Revision(one, EVER[0])], zones, *EVER) if each.quota]
    for session in {id(each.session): each.session for each in weekly}.values():
        assert isinstance(session.when, Quota)
        weeks = Counter(each.id.split("/")[2] for each in weekly if each.session is session)
        assert max(weeks.values()) <= session.when.per_week
