"""Who is in the chart: patients, who wears which band, and who may look."""

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import BigInteger, Boolean

from alerts import audit, people, tables
from alerts.chart import Chart, Patient, Therapist, Wearing
from alerts.database import insert_new
from alerts.reconcile import Change, Turn
from detectors.outcome import KIND
from ingest.batch import DAY
from tests.rounds import ANN, BOB, NEW_YORK, NOON, silent


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


def test_only_the_right_password_of_the_right_therapist_opens_the_door(file: str) -> None:
    chart = Chart(file)
    chart.employ("t-02", "correct horse")
    assert chart.login("t-02", "correct horse")
    assert not chart.login("t-02", "wrong horse")
    assert not chart.login("t-03", "correct horse")
    chart.employ("t-02", "battery staple")
    assert not chart.login("t-02", "correct horse")
    chart.close()
    assert b"battery staple" not in Path(file.removeprefix("sqlite:///")).read_bytes()


def test_an_unknown_therapist_costs_as_much_work_as_a_wrong_password() -> None:
    known, nobody = people.hashed("a password"), people._NOBODY
    assert known.split("$")[1:4] == nobody.split("$")[1:4]  # algorithm, version, memory, passes, lanes
    assert len(known) == len(nobody)


def test_a_patient_who_travels_keeps_the_clocks_they_had(chart: Chart) -> None:
    #   New York            Berlin              New York
    #   admission           noon                noon + 7 d
    berlin = ZoneInfo("Europe/Berlin")
    assert chart.move("p-ann", berlin, NOON)
    assert chart.move("p-ann", NEW_YORK, NOON + 7 * DAY)
    assert chart.zones("p-ann") == [(NOON - 30 * DAY, NEW_YORK), (NOON, berlin), (NOON + 7 * DAY, NEW_YORK)]
    assert chart.patient("p-ann") == ANN
    assert chart.zones("virtual-bob") == [(NOON - 30 * DAY, NEW_YORK)]
    assert chart.zones("p-nobody") == []


def test_a_move_that_changes_nothing_or_rewrites_a_later_one_is_none(chart: Chart) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert not chart.move("p-ann", NEW_YORK, NOON)
    assert chart.move("p-ann", berlin, NOON)
    with pytest.raises(ValueError, match=r"p-ann in Europe/Berlin from later on; give a time after that"):
        chart.move("p-ann", ZoneInfo("UTC"), NOON - 1)
    assert chart.move("p-ann", ZoneInfo("UTC"), NOON)
    assert [zone.key for _, zone in chart.zones("p-ann")] == ["America/New_York", "UTC"]
    with pytest.raises(ValueError, match="p-nobody is not in the chart; admit"):
        chart.move("p-nobody", berlin, NOON)


def test_being_admitted_again_elsewhere_is_a_move_from_then_on(chart: Chart) -> None:
    chart.admit(replace(ANN, zone=ZoneInfo("Europe/Berlin")), NOON)
    chart.admit(replace(ANN, zone=ZoneInfo("Europe/Berlin"), therapist="t-03"), NOON + DAY)
    assert [(since, zone.key) for since, zone in chart.zones("p-ann")] == [(NOON - 30 * DAY, "America/New_York"), (NOON, "Europe/Berlin")]


def test_messages_say_more_only_once_somebody_has_asked_and_the_audit_has_it(chart: Chart) -> None:
    assert ANN.detail == 0
    chart.admit(replace(ANN, detail=2), NOON)
    chart.admit(replace(ANN, detail=2), NOON + 1)
    chart.admit(ANN, NOON + 2)
    with chart._database.reading() as tx:
        assert [event.why for event in audit.lines(tx, "p-ann", None, 0, 9)] == ["messages now say all", "messages now say no detail"]


def test_a_therapists_clock_and_digest_outlast_a_new_password(chart: Chart) -> None:
    assert not chart.settle_in(Therapist("t-02"))
    chart.employ("t-02", "correct horse")
    assert chart.therapists() == [Therapist("t-02", ZoneInfo("UTC"), 450)]
    assert chart.settle_in(Therapist("t-02", NEW_YORK, 0))
    chart.employ("t-02", "battery staple")
    assert chart.therapists() == [Therapist("t-02", NEW_YORK, 0)]


def question(chart: Chart, occurrence: str, *states: tuple[str, int | None], audience: str = "patient", kind: str = KIND) -> None:
    """An alert about the session and a message of it for each (state, settled), as a sending leaves them."""
    with chart._database.writing() as tx:
        about = {
            "patient": "p-ann",
            "kind": kind,
            "key": occurrence,
            "start": NOON,
            "evidence": {"session": "core", "outcome": "asked", "source": "sensor", "until": NOON},
        }
        insert_new(tx, tables.finding, {**about, "version": 1, "state": "open", "judged": NOON})
        alert = {"id": f"{occurrence}{audience}", "audience": audience, "state": "open", "opened": NOON, "changed": NOON, "rule_version": 1}
        tx.execute(tables.alert.insert().values(**about, **alert))
        for n, (state, settled) in enumerate(states):
            plain = [c for c in tables.message.c if not c.nullable and isinstance(c.type, BigInteger | Boolean)]
            flags: dict[str, object] = {column.name: isinstance(column.type, BigInteger) and NOON for column in plain}
            message = {"id": f"{alert['id']}{n}", "alert": alert["id"], "recipient": "p-ann", "audience": audience, **flags}
            sent = {"channel": f"way-{n}", "step": "first", "text": "", "state": state, "due": NOON, "settled": settled}
            tx.execute(tables.message.insert().values(message | sent))


def test_a_session_was_asked_about_once_the_first_question_was_sent_and_not_where_it_only_may_have_been(chart: Chart) -> None:
    question(chart, "rx/core/1", ("sent", NOON + 5), ("sent", NOON + 3))
    question(chart, "rx/core/2", ("unknown", NOON + 4), ("sent", NOON + 7), ("cancelled", NOON + 1))
    question(chart, "rx/core/5", ("unknown", NOON + 4))
    question(chart, "rx/core/3", ("queued", None), ("dead", NOON), ("cancelled", NOON), ("held", None), ("sending", None))
    question(chart, "rx/core/4", ("sent", NOON), audience="therapist")
    question(chart, "s1", ("sent", NOON), kind="still_too_long")
    assert chart.asked("p-ann") == {"rx/core/1": NOON + 3, "rx/core/2": NOON + 7}
    assert chart.asked("virtual-bob") == {}
