"""Who is in the chart: patients, who wears which band, and who may look."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts import people
from alerts.chart import Chart, Patient, Wearing
from alerts.reconcile import Change, Turn
from ingest.batch import DAY
from tests.rounds import ANN, BOB, NOON, silent


def test_a_patient_is_admitted_once_and_a_second_time_corrects_the_zone(chart: Chart) -> None:
    chart.admit(Patient("p-ann", ZoneInfo("Europe/Berlin"), "t-02", False), NOON)
    assert chart.patient("p-ann") == Patient("p-ann", ZoneInfo("Europe/Berlin"), "t-02", False)


def test_a_therapist_sees_only_their_own_patients(chart: Chart) -> None:
    assert chart.patients("t-02") == [ANN]
    assert chart.patients() == [ANN, BOB]
    assert chart.patient("virtual-bob", "t-02") is None


def test_handing_a_band_over_takes_it_from_who_had_it(chart: Chart) -> None:
    chart.hand_over(Wearing("band-1", "p-ann", NOON - DAY))
    chart.hand_over(Wearing("band-1", "virtual-bob", NOON))
    assert chart.wearings("p-ann") == [Wearing("band-1", "p-ann", NOON - DAY, NOON)]
    assert chart.wearings("virtual-bob") == [Wearing("band-1", "virtual-bob", NOON)]


def test_a_band_is_never_on_two_people_at_once(chart: Chart) -> None:
    chart.hand_over(Wearing("band-1", "p-ann", NOON))
    with pytest.raises(ValueError, match="band-1 is on p-ann for part of that time"):
        chart.hand_over(Wearing("band-1", "virtual-bob", NOON - DAY))
    chart.hand_over(Wearing("band-1", "virtual-bob", NOON - DAY, NOON))


def test_a_band_for_an_unknown_patient_is_refused_with_the_next_step(chart: Chart) -> None:
    with pytest.raises(ValueError, match="p-nobody is not in the chart; admit"):
        chart.hand_over(Wearing("band-1", "p-nobody", NOON))
    with pytest.raises(ValueError, match="p-nobody is not in the chart; admit"):
        chart.record("p-nobody", [Change(Turn.OPENED, silent(NOON, 13))], NOON)


def test_only_the_right_password_of_the_right_therapist_opens_the_door(url: str) -> None:
    chart = Chart(url)
    chart.employ("t-02", "correct horse")
    assert chart.login("t-02", "correct horse")
    assert not chart.login("t-02", "wrong horse")
    assert not chart.login("t-03", "correct horse")
    chart.employ("t-02", "battery staple")
    assert not chart.login("t-02", "correct horse")
    chart.close()
    assert b"battery staple" not in Path(url.removeprefix("sqlite:///")).read_bytes()


def test_an_unknown_therapist_costs_as_much_work_as_a_wrong_password() -> None:
    known, nobody = people.hashed("a password"), people._NOBODY
    assert known.split("$")[1:4] == nobody.split("$")[1:4]  # algorithm, version, memory, passes, lanes
    assert len(known) == len(nobody)
