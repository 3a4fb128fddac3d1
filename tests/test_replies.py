"""What virtual patients say when they are asked: the truth of the body, and nothing that was made of it."""

from dataclasses import replace

import pytest

from detectors.plan.occurrence import Occurrence, Revision
from detectors.plan.read import read
from detectors.plan.schedule import occurrences
from detectors.report import REPORT, Answer, Feeling, Pain, Said
from ingest.batch import DAY, HOUR, MICROS, MINUTE
from lab.day import Doing, Stretch
from lab.people import CAST, Player, cast
from lab.prescriptions import prescription
from lab.replies import reply, scores

END = 1_793_577_600 * MICROS
START = END - 56 * DAY
STEADY, DESK, SILENT, DRIFTING, LATE, OFF, HELD, PASSIVE = cast(1, len(CAST), END)
SET = {Doing.EXERCISING, Doing.UNSEEN}


def planned(player: Player) -> list[Occurrence]:
    plan = read(prescription(player, START, END)).plan
    assert plan is not None
    return occurrences([Revision(plan, START)], (), START + DAY, END - 8 * DAY)


def core(player: Player) -> list[Occurrence]:
    return [one for one in planned(player) if not one.quota]


def done(player: Player, start: int, end: int) -> list[Stretch]:
    return [s for s in player.band.body.stretches(start, end) if s.doing in SET]


def said(player: Player, one: Occurrence, after: int = 15 * MINUTE) -> Said:
    answer = reply(player, one, one.end + after)
    assert answer is not None
    return answer.said


def test_who_exercised_says_yes_half_an_hour_after_being_asked() -> None:
    for one in core(STEADY):
        answer = reply(STEADY, one, one.end)
        assert answer is not None
        assert (answer.patient, answer.occurrence, answer.said) == ("virtual-steady", one.id, Said.YES)
        assert 20 * MINUTE <= answer.at - one.end <= 40 * MINUTE


def test_a_session_done_while_the_band_was_on_its_charger_was_done() -> None:
    sessions = core(OFF)
    unseen = [one for one in sessions if any(s.doing is Doing.UNSEEN for s in done(OFF, one.start, one.end))]
    assert len(sessions) // 4 < len(unseen) < len(sessions) // 2
    assert {said(OFF, one) for one in unseen} == {Said.YES}


def test_who_will_do_it_tomorrow_says_not_yet_and_does_it() -> None:
    late = [one for one in core(LATE) if not done(LATE, one.start, one.end)]
    assert len(core(LATE)) // 4 < len(late) < len(core(LATE))
    assert {said(LATE, one) for one in late} == {Said.NOT_YET}
    assert all(done(LATE, one.end, one.grace) for one in late)
    assert {said(LATE, one, after=23 * HOUR) for one in late} == {Said.YES}
    assert {said(LATE, one) for one in core(LATE) if one not in late} == {Said.YES}


def test_who_did_not_and_will_not_says_so() -> None:
    frank = DRIFTING._replace(persona=replace(DRIFTING.persona, answers=True))
    left_out = [one for one in core(frank) if not done(frank, one.start, one.grace)]
    assert left_out
    assert {said(frank, one) for one in left_out} == {Said.NOT_TODAY}


def test_who_drifts_away_answers_nothing() -> None:
    assert {reply(DRIFTING, one, one.end) for one in core(DRIFTING)} == {None}


def test_a_hot_pack_was_had_though_no_band_saw_it() -> None:
    assert {said(PASSIVE, one) for one in core(PASSIVE)} == {Said.YES}


def test_a_weeks_walks_are_counted_as_they_were_walked() -> None:
    for one in (one for one in planned(HELD) if one.quota):
        walks = [s for s in HELD.band.body.stretches(one.start, one.end) if s.doing is Doing.WALKING and s.end - s.start >= 10 * MINUTE]
        assert len(walks) > HELD.persona.walks_per_week
        assert said(HELD, one) is Said.YES
        many = replace(one, id=one.id.rsplit("/", 1)[0] + f"/{len(walks) + 1}")
        assert said(HELD, many) is Said.NOT_TODAY


def test_the_same_question_has_the_same_answer_with_the_same_id_and_another_question_another() -> None:
    first, second = core(STEADY)[:2]
    again = cast(1, 1, END)[0]
    assert reply(STEADY, first, first.end) == reply(again, first, first.end)
    ids = {answer.id for at in (first.end, first.end + HOUR) for one in (first, second) if (answer := reply(STEADY, one, at))}
    assert len(ids) == 4


@pytest.mark.parametrize("player", [STEADY, DESK, SILENT, DRIFTING, LATE, OFF, HELD, PASSIVE], ids=lambda player: player.persona.name)
def test_pain_is_told_once_a_week_and_takes_its_course(player: Player) -> None:
    told = list(scores(player, START, START, END))
    pain, feelings = [r for r in told if isinstance(r, Pain)], [r for r in told if isinstance(r, Feeling)]
    assert len(pain) == len(feelings) in (7, 8)  # eight weeks of UTC are not eight Sundays everywhere
    assert [r.at for r in told] == sorted(r.at for r in told)
    begin, eased = player.persona.pain
    assert abs(pain[0].score - begin) <= 2
    assert abs(pain[-1].score - eased) <= 1
    for before, after, feeling in zip(pain, pain[1:], feelings[1:], strict=False):
        assert (feeling.back == "better") == (after.score < before.score)
        assert (feeling.back == "worse") == (after.score > before.score)
    assert len({r.id for r in told}) == len(told)
    assert all(REPORT.validate_json(r.model_dump_json()) == r for r in told)


def test_who_drifts_away_has_no_pain_before_the_sessions_stop() -> None:
    first_zero = next(r.at for r in scores(DRIFTING, START, START, END) if isinstance(r, Pain) and r.score == 0)
    last = done(DRIFTING, START, END)[-1]
    assert first_zero < last.end


def test_pain_is_as_it_was_until_it_begins_to_ease() -> None:
    before = [r.score for r in scores(STEADY, START + 28 * DAY, START, START + 28 * DAY) if isinstance(r, Pain)]
    assert before == [STEADY.persona.pain[0]] * 4


def test_what_is_said_in_a_week_is_the_same_in_whatever_pieces_it_is_asked_for() -> None:
    whole = list(scores(LATE, START, START, END))
    pieces = [report for day in range(56) for report in scores(LATE, START, START + day * DAY, START + (day + 1) * DAY)]
    assert pieces == whole
    assert not any(isinstance(report, Answer) for report in whole)
