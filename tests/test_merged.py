"""Two bands of one person: one row a minute, that of the band which was worn."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.history import history
from ingest.batch import HOUR, MINUTE
from ingest.minute import Minutes, joined, merged
from tests.timeline import BERLIN, MARKS, MIDNIGHT, blank, drawn

DRAWN = st.text(alphabet="".join(MARKS), max_size=40).map(drawn)


def test_the_worn_band_speaks_whichever_comes_first() -> None:
    # worn   __WW_m_      on the table, and later who knows where   ooooo??
    worn, table = drawn("__WW_m_"), drawn("ooooo??")
    for bands in ([worn, table], [table, worn]):
        assert merged(bands).tobytes() == worn.tobytes()


def test_a_band_on_the_table_that_is_still_taken_for_worn_does_not_outweigh_one_that_moves_or_has_a_pulse() -> None:
    worn, table = drawn("W_m"), blank(drawn("___"), "hr")
    for bands in ([worn, table], [table, worn]):
        assert merged(bands).tobytes() == worn.tobytes()


def test_where_one_is_off_and_the_other_may_be_worn_nobody_knows() -> None:
    for bands in ([drawn("o"), drawn("?")], [drawn("?"), drawn("o")]):
        assert np.isnan(merged(bands)["worn"]).all()


def test_a_band_that_was_heard_speaks_for_one_that_was_not() -> None:
    for bands in ([drawn("_o"), drawn("  ")], [drawn("  "), drawn("_o")]):
        assert merged(bands)["worn"].tolist() == [1, 0]


@given(st.lists(DRAWN, min_size=1, max_size=3))
def test_there_is_one_row_a_minute_and_each_is_one_of_the_rows(bands: list[Minutes]) -> None:
    out = merged(bands)
    every = joined(bands)
    assert out["t"].tolist() == sorted(set(every["t"].tolist()))
    assert {row.tobytes() for row in out} <= {row.tobytes() for row in every}


@given(st.text(alphabet="".join(MARKS), max_size=40))
def test_the_same_said_twice_is_said_once(line: str) -> None:
    assert merged([drawn(line), drawn(line)]).tobytes() == drawn(line).tobytes()


def test_in_a_history_wear_is_told_of_each_band_alone() -> None:
    #        0:00 ...              9:00      10:00   11:00
    # worn   ______ (with a pulse)  WWWWWWWWW _______
    # table  ?????? (never a pulse, never a step)
    worn = blank(drawn("_" * 9 + "W" + "_", 60), "worn", "asleep")
    table = blank(drawn("?" * 11, 60), "worn", "asleep")
    end = MIDNIGHT + 11 * HOUR
    alone = history("p", BERLIN, worn, end, days=0)
    for first, second in ((worn, table), (table, worn)):
        both = history("p", BERLIN, first, end, days=0, beside=[second])
        assert both.minutes.tobytes() == alone.minutes.tobytes()
        assert (np.diff(both.minutes["t"]) == MINUTE).all()
