"""The watch where a patient wears two bands, hands one back, or has none."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.chart import Patient, Wearing
from alerts.sight import Sight
from detectors.plan.read import read
from detectors.report import Answer, Said
from ingest.batch import DAY, HOUR, MINUTE, Batch, Stream
from ingest.body import encode
from ingest.minute import Minutes
from ingest.wire import Message, Parcel, pack, seal
from tests.test_watch import DEV, EIGHT, HALF, PATIENT, Site, _batch, day, opened
from tests.timeline import BERLIN

OTHER = "virtual-q"
PLAN = """\
rx: 1
id: rx-0009
patient: {patient}
therapist: t-02
timezone: Europe/Berlin
issued: 2026-09-16
region: low_back
phases:
  - name: course
    stage: active
    from: 2026-09-21
    to: 2026-12-13
    sessions:
      - name: walk
        when: {{days: [mon, tue, wed, thu, fri, sat, sun], at: "12:00"}}
        window: {{early: 1h, late: 1h}}
        make_up: none
        items:
          - {{{item}}}
"""
"""A walk a day: it may begin from 11:00 to 13:00, three to five hours after `EIGHT`."""
WALK, HOT_PACK = "exercise: walk, kind: aerobic, minutes: 20", "exercise: hot_pack, kind: passive, minutes: 15"
FIRST = "rx-0009/walk/2026-09-21"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield opened(tmp_path, stack)


def prescribe(site: Site, patient: str = PATIENT, item: str = WALK, since: int = EIGHT - 8 * HOUR) -> None:
    text = PLAN.format(patient=patient, item=item)
    plan = read(text).plan
    assert plan is not None
    site.chart.plans.assign(patient, text, plan, since, "t-02", EIGHT)


def heard(site: Site, dev: str, parts: Sequence[Batch], complete: int) -> None:
    """As `Site.hear`, of any band, each with a gateway of its own."""
    turn = site.turns[dev] = site.turns.get(dev, 0) + 1
    bodies = [(part.n, encode(replace(part, dev=dev))) for part in parts]
    site.ingester.take([(dev, seal(Message(f"s-{dev}", turn, {dev: complete}, [(turn, pack(Parcel(bodies, [])))])))])


def on_a_table(start: int, hours: int) -> list[Batch]:
    """Neither a step nor a pulse, but heard."""
    halves = [[start + half * HALF + n * MINUTE for n in range(30)] for half in range(2 * hours)]
    return [_batch(stream, times, [0] * 30) for times in halves for stream in (Stream.STEPS, Stream.INTENSITY)]


def outcomes(site: Site) -> dict[str, object]:
    return {found.key: found.evidence["outcome"] for found, _ in site.found() if found.kind == "planned_session"}


def told(site: Site, patient: str = PATIENT) -> list[tuple[str, str]]:
    """Of the band or the plan alone."""
    return [(found.kind, state) for found, state in site.chart.findings(patient) if found.kind in ("silent_band", "no_active_exercise")]


def near(site: Site, wearings: list[Wearing], end: int) -> Minutes:
    return Sight(site.chart, site.store, site.catalog).near(site.chart.patients()[0], wearings, end, end, end).minutes


def far(site: Site, wearings: list[Wearing], end: int) -> Minutes:
    return Sight(site.chart, site.store, site.catalog).far(site.chart.patients()[0], wearings, end, end, end, 1).minutes


@pytest.mark.parametrize("order", ["the worn one first", "the table's first"])
def test_a_second_band_on_a_table_does_not_wipe_out_what_the_worn_one_saw(site: Site, order: str) -> None:
    #            8:00                 11:20    12:00                  20:00
    # d1 (worn)  ____________________ WWWWWWWW ______________________
    # the other  (on a table: neither a step nor a pulse) ___________
    prescribe(site)
    other, end = ("d2" if order == "the worn one first" else "d0"), EIGHT + 12 * HOUR
    site.chart.hand_over(Wearing(other, PATIENT, EIGHT))
    heard(site, DEV, day("______" * 3 + "__WWWW" + "______" * 8), end)
    heard(site, other, on_a_table(EIGHT, 12), end)
    watch = site.watch()
    for hour in range(1, 13):
        watch.judge(EIGHT + hour * HOUR)
    assert outcomes(site)[FIRST] == "done"
    worn, both = [Wearing(DEV, PATIENT, EIGHT)], site.chart.wearings(PATIENT)
    for look in (near, far):
        alone, seen = look(site, worn, end - MINUTE), look(site, both, end - MINUTE)
        assert (alone["walking"] == 1).sum() == 40
        assert seen.tobytes() == alone.tobytes()


def test_a_question_about_a_band_that_was_handed_back_comes_to_an_end(site: Site) -> None:
    # 8:00 still …        13:00 asked | 16:00 handed back                      3 days later: sessions of which nothing is known
    prescribe(site)
    site.hear(day("______" * 8), EIGHT + 8 * HOUR)
    watch = site.watch()
    watch.judge(EIGHT + 7 * HOUR)
    assert outcomes(site) == {FIRST: "asked"}
    site.chart.hand_over(Wearing(DEV, PATIENT, EIGHT, EIGHT + 8 * HOUR))
    watch.meet()
    for hour in range(9, 80):
        watch.judge(EIGHT + hour * HOUR)
    assert FIRST in outcomes(site)
    assert set(outcomes(site).values()) <= {"unclear", "unknown"}
    assert told(site) == []


def test_what_a_patient_says_after_the_band_was_handed_back_counts(site: Site) -> None:
    # 8:00 still …        13:00 asked | 16:00 handed back   17:00 "yes"
    prescribe(site)
    site.hear(day("______" * 8), EIGHT + 8 * HOUR)
    watch = site.watch()
    watch.judge(EIGHT + 7 * HOUR)
    site.chart.hand_over(Wearing(DEV, PATIENT, EIGHT, EIGHT + 8 * HOUR))
    watch.meet()
    said = Answer(id="answer-0001", patient=PATIENT, at=EIGHT + 9 * HOUR, occurrence=FIRST, said=Said.YES)
    site.chart.reports.add(said, "page", EIGHT + 9 * HOUR)
    watch.judge(EIGHT + 9 * HOUR + MINUTE)
    assert outcomes(site) == {FIRST: "done"}


def test_a_band_that_was_not_heard_out_before_it_was_handed_back_is_waited_for_two_days(site: Site) -> None:
    # 8:00 heard 12:00 | not complete | 14:00 a passive plan | 16:00 handed back …         + 48 h
    site.hear(day("______" * 4), EIGHT + 4 * HOUR)
    prescribe(site, item=HOT_PACK, since=EIGHT + 6 * HOUR)
    site.chart.hand_over(Wearing(DEV, PATIENT, EIGHT, EIGHT + 8 * HOUR))
    watch = site.watch()
    watch.judge(EIGHT + 8 * HOUR + 2 * DAY - MINUTE)
    assert told(site) == []
    watch.judge(EIGHT + 8 * HOUR + 2 * DAY)
    assert told(site) == [("no_active_exercise", "open")]


def test_who_handed_their_band_back_holds_up_nobody_else(site: Site) -> None:
    site.chart.admit(Patient(OTHER, BERLIN, "t-1", virtual=True), EIGHT)
    site.chart.hand_over(Wearing("d2", OTHER, EIGHT, EIGHT + HOUR))
    heard(site, "d2", day("WWWWWW"), EIGHT + HOUR)
    site.hear(day("WWWWWW" * 4), EIGHT + 4 * HOUR)
    site.follow()
    assert site.now > EIGHT + 3 * HOUR


def test_a_clinic_that_gives_a_band_to_the_next_patient_still_hears_that_the_last_one_is_silent(site: Site) -> None:
    # d1 on p  |--4 h--|        d1 on q      |--------- heard all the time --------
    # d2 on p           |------------- never heard ------------------------------
    site.chart.admit(Patient(OTHER, BERLIN, "t-1", virtual=True), EIGHT)
    site.chart.hand_over(Wearing(DEV, PATIENT, EIGHT, EIGHT + 4 * HOUR))
    site.chart.hand_over(Wearing("d2", PATIENT, EIGHT + 4 * HOUR))
    site.chart.hand_over(Wearing(DEV, OTHER, EIGHT + 5 * HOUR))
    watch = site.watch()
    for hour in range(0, 30, 2):
        site.hear(day("______WW____", EIGHT + hour * HOUR), EIGHT + (hour + 2) * HOUR)
        watch.judge(EIGHT + (hour + 2) * HOUR + MINUTE)
    assert told(site) == [("silent_band", "open")]


def test_a_patient_with_a_passive_plan_and_no_band_has_no_active_exercise(site: Site) -> None:
    site.chart.admit(Patient(OTHER, BERLIN, "t-1", virtual=True), EIGHT)
    prescribe(site, OTHER, HOT_PACK)
    watch = site.watch()
    for hour in range(1, 72, 6):
        watch.judge(EIGHT + hour * HOUR)
    assert told(site, OTHER) == [("no_active_exercise", "open")]
    assert watch.trouble == {}


def test_of_a_patient_without_a_band_no_session_counts_as_not_seen_and_nobody_is_asked(site: Site) -> None:
    site.chart.admit(Patient(OTHER, BERLIN, "t-1", virtual=True), EIGHT)
    prescribe(site, OTHER)
    watch = site.watch()
    for hour in range(1, 100, 5):
        watch.judge(EIGHT + hour * HOUR)
    assert set(outcomes(site).values()) == {"unknown"}
    assert [alert.kind for alert in site.chart.alerts(patient=OTHER)] == []
