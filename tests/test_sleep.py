"""Sleep: the live rule, on drawn nights and on recorded ones."""

import csv
import gzip
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from detectors.localtime import midnight
from detectors.sleep import NAP, NIGHT_SLEEP, asleep, labelled
from ingest.batch import HOUR, MICROS, MINUTE
from ingest.minute import Minutes, unknown
from tests.timeline import BERLIN, MIDNIGHT, blank, drawn

RECORDING = Path(__file__).resolve().parents[2] / "shared" / "data" / "ggir_wrist_7days_1min.csv.gz"


def at(hour: int, line: str, each: int = 1) -> Minutes:
    return blank(drawn(line, each, MIDNIGHT + hour * HOUR), "worn", "asleep")


def share(minutes: Minutes) -> float:
    return float((labelled(minutes, BERLIN)["asleep"] == 1).mean())


def test_half_an_hour_of_quiet_in_the_night_is_sleep_from_its_first_minute() -> None:
    quiet = at(23, "_" * NIGHT_SLEEP)
    assert share(quiet[:-1]) == 0
    assert share(quiet) == 1


def test_a_still_day_is_a_desk_and_not_a_nap() -> None:
    assert share(at(10, "_" * 180)) == 0


def test_a_long_quiet_with_a_sleepers_pulse_is_a_nap() -> None:
    # 08:00 WWW ______________________ 20:10 m zzzzzz m   (pulse 52 there, 62 and more before)
    day = at(8, "W" * 30 + "_" * 700 + "m" + "z" * (NAP + 1) + "m")
    out = labelled(day, BERLIN)
    assert (out["asleep"][732:-1] == 1).all()
    assert (out["asleep"][:730] == 0).all()


def test_who_sat_up_late_was_not_asleep_before_the_night_began() -> None:
    #  20:00 ________________ 22:00 ___________ 23:00
    out = labelled(at(20, "_" * 180), BERLIN)
    assert (out["asleep"][:120] == 0).all()
    assert (out["asleep"][120:] == 1).all()


def test_turning_over_does_not_end_a_night_but_getting_up_does() -> None:
    night = "z" * 60 + "mmm" + "z" * 60 + "WWW" + "z" * 60
    out = labelled(at(1, night), BERLIN)["asleep"]
    assert (out[:123] == 1).all()
    assert (out[123:126] == 0).all()
    assert (out[127:] == 1).all()


def test_a_forearm_that_keeps_changing_its_angle_is_awake() -> None:
    reading = at(23, "_" * 120)
    reading["angle"] = np.tile([0, 20], 60)
    assert share(reading) == 0


def test_a_band_on_the_bedside_table_is_not_asleep() -> None:
    # 21:30 worn, then off: nobody knows whether its owner sleeps
    out = labelled(at(21, "m" * 30 + "o" * 300), BERLIN)
    assert (out["worn"][30:] == 0).all()
    assert np.isnan(out["asleep"][30:]).all()


def test_steps_alone_tell_a_night_too() -> None:
    night = blank(at(23, "m" * 5 + ("_" * 55 + "m") * 6), "hr", "spread", "angle", "moving")
    assert share(night) > 0.9


def test_the_night_is_the_patients_not_utcs() -> None:
    # 06:30 UTC is 02:30 in New York: night there, 08:30 in Berlin: day here.
    quiet = blank(drawn("_" * 60, 1, MIDNIGHT + 8 * HOUR + 30 * MINUTE), "worn", "asleep")
    assert (labelled(quiet, ZoneInfo("America/New_York"))["asleep"] == 1).all()
    assert (labelled(quiet, BERLIN)["asleep"] == 0).all()


def test_the_night_the_clocks_go_back_ends_by_the_new_time() -> None:
    # Berlin, 25 October 2026. Quiet from 06:00 UTC for an hour: 07:00 to 08:00 by the new time, 08:00 to 09:00 by the old.
    start = midnight(1_792_926_000 * MICROS, BERLIN)
    day = blank(drawn("m" * 8 * 60 + "_" * 60, 1, start), "worn", "asleep")
    assert (labelled(day, BERLIN)["asleep"][8 * 60 + 1 :] == 1).all()
    spring = midnight(1_774_738_800 * MICROS, BERLIN)  # 29 March: 06:00 UTC is 07:00 by the old time, 08:00 by the new
    day = blank(drawn("m" * 7 * 60 + "_" * 60, 1, spring), "worn", "asleep")
    assert (labelled(day, BERLIN)["asleep"] == 0).all()


def test_asleep_leaves_wear_as_it_was_told() -> None:
    minutes = drawn("_" * 60 + "?" * 60, 1, MIDNIGHT + HOUR)
    out = asleep(minutes, BERLIN)
    assert (out["asleep"][:60] == 1).all()
    assert np.isnan(out["asleep"][60:]).all()
    assert np.array_equal(out["worn"], minutes["worn"], equal_nan=True)


@pytest.mark.skipif(not RECORDING.exists(), reason=f"{RECORDING.name} is not beside this checkout")
def test_a_recorded_week_sleeps_when_ggir_says_so() -> None:
    with gzip.open(RECORDING, "rt") as file:
        rows = [(int(float(row["timenum"])), float(row["ACC"]), float(row["SleepPeriodTime"])) for row in csv.DictReader(file)]
    seconds, enmo, window = (np.array(column) for column in zip(*rows, strict=True))
    minutes = unknown(int(seconds[0]) * MICROS, int(seconds[-1] + 60) * MICROS)
    k = (seconds - seconds[0]).astype(int) // 60
    minutes["coverage"][k], minutes["enmo"][k], minutes["spread"][k] = 1, enmo, 20
    # The file holds no posture: a minute is called still below 15 mg, which parts its nights from its days best.
    minutes["still"][k], minutes["walking"][k] = enmo < 15, enmo >= 100
    found = labelled(minutes, ZoneInfo("Europe/London"))["asleep"][k] == 1
    assert found[window == 1].mean() > 0.95
    assert found[window == 0].mean() < 0.06
