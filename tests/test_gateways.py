"""Gateways as the ingester knows them, and one that is gone for good."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from alerts.chart import Chart
from cli.ledger import show
from cli.line import wall
from cli.main import app
from detectors.plan.read import read
from ingest.batch import DAY, HOUR, MINUTE, Cause, Span
from ingest.catalog import Catalog
from ingest.gateways import Claim, Told
from ingest.ledger import Row
from ingest.stores.sqlite import SqliteStore
from tests.batches import NOON, plain
from tests.course import PLAN, SESSION
from tests.test_watch import EIGHT, PATIENT, Site, day, opened

TODAY = NOON // DAY


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with closing(Catalog(tmp_path / "catalog.db")) as made:
        yield made


def say(catalog: Catalog, spool: str, upto: int, now: int = NOON, turn: int = 1, spans: tuple[Span, ...] = ()) -> None:
    told = [Told(f"gate-{spool}", spool, turn, {"d1": [(TODAY, 6)]})]
    catalog.record([], [(spool, span) for span in spans], [], [Claim(spool, "d1", upto, turn)], now, told=told)


def test_a_gateway_is_known_by_name_bands_and_when_it_was_last_heard(catalog: Catalog) -> None:
    say(catalog, "a", NOON)
    say(catalog, "a", NOON + HOUR, NOON + HOUR, turn=2)
    (known,) = catalog.gateways.all()
    assert (known.spool, known.name, known.heard, known.telling, known.retired) == ("a", "gate-a", NOON + HOUR, True, None)
    assert known.claims == {"d1": NOON + HOUR}


def test_the_newest_word_of_a_spool_holds_in_whatever_order_it_comes(catalog: Catalog) -> None:
    for turn in (3, 1, 2):
        told = Told("g", "a", turn, {"d1": [(TODAY, turn)]}, [("d1", TODAY)] if turn < 3 else [])
        catalog.record([], [], [], [], NOON, told=[told])
    (book,) = catalog.gateways.books(TODAY, TODAY)
    assert (book.accepted, book.behind) == (3, False)
    catalog.record([], [], [], [], NOON, told=[Told("g", "a", 4, days=[("d1", TODAY)])])
    (book,) = catalog.gateways.books(TODAY, TODAY)
    assert (book.accepted, book.behind) == (3, True)


def test_a_retired_spool_holds_up_nothing_and_what_it_left_is_a_gap_but_for_what_others_heard(catalog: Catalog) -> None:
    #        noon      1 h       2 h       3 h       4 h
    #  a     ──alive───┤ claim, and never again      ✕ retired
    #  b                    ─────alive─────────┤ claim 3 h
    say(catalog, "a", NOON + HOUR, spans=(Span("d1", NOON, NOON + HOUR),))
    say(catalog, "b", NOON + 3 * HOUR, spans=(Span("d1", NOON + HOUR + 30 * MINUTE, NOON + 3 * HOUR),))
    before = catalog.spans("d1", NOON, NOON + DAY)
    assert catalog.complete_to("d1") == NOON + HOUR
    assert catalog.gateways.retire("a", NOON + 4 * HOUR)
    assert catalog.complete_to("d1") == NOON + 3 * HOUR
    assert [span for span in catalog.spans("d1", NOON, NOON + DAY) if span.cause] == [
        Span("d1", NOON + HOUR, NOON + HOUR + 30 * MINUTE, Cause.GATEWAY),
        Span("d1", NOON + 3 * HOUR, NOON + 4 * HOUR, Cause.GATEWAY),
    ]
    assert catalog.spans("d1", NOON + HOUR + 10 * MINUTE, NOON + HOUR + 20 * MINUTE)[0].t1 == NOON + HOUR + 20 * MINUTE
    # it comes back
    say(catalog, "a", NOON + 2 * HOUR, NOON + 5 * HOUR, turn=2)
    assert catalog.complete_to("d1") == NOON + 2 * HOUR
    assert catalog.spans("d1", NOON, NOON + DAY) == before


def test_a_band_whose_spools_are_all_retired_is_complete_to_when_the_last_was(catalog: Catalog) -> None:
    for n, spool in enumerate("ab"):
        say(catalog, spool, NOON)
        catalog.gateways.retire(spool, NOON + (n + 1) * HOUR)
    assert catalog.complete_to("d1") == NOON + 2 * HOUR


def test_nobody_retires_a_spool_that_was_never_heard(catalog: Catalog) -> None:
    assert not catalog.gateways.retire("a", NOON)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        made = opened(tmp_path, stack)
        prescribe(made.chart)
        yield made


def prescribe(chart: Chart) -> None:
    """Three sessions a week at half past six in the evening, the first ten hours after eight."""
    text = PLAN.replace("{patient}", PATIENT).replace("{sessions}", SESSION).replace("2026-10-19", "2026-09-21").replace("10-16", "09-16")
    course = read(text).plan
    assert course is not None, read(text).remarks
    assert chart.plans.assign(PATIENT, text, course, EIGHT, "t-02", EIGHT)


def judged(site: Site) -> dict[str, str]:
    """Local date → what was made of its session."""
    return {f.key.rpartition("/")[2]: str(f.evidence["outcome"]) for f, _ in site.found() if f.kind == "planned_session"}


def test_a_dead_spool_blocks_no_judgement_for_ever_and_what_it_hides_is_unknown_not_missed(site: Site) -> None:
    #  s1  ── claims 9:00, and never again            s2  ── hears the band every hour of two days
    #  Mon 18:30 planned ─────────────── 48 h after its grace: given up
    watch = site.watch()
    site.hear(day("WWWWWW"), EIGHT + HOUR)
    for n in range(1, 24):
        site.hear(day("______", EIGHT + n * HOUR), EIGHT + (n + 1) * HOUR, spool="s2")
    watch.judge(EIGHT + DAY)
    assert judged(site) == {}
    watch.judge(EIGHT + 4 * DAY)
    assert judged(site)["2026-09-21"] == "unknown"


def test_once_the_dead_spool_is_retired_what_the_other_heard_is_judged(site: Site) -> None:
    watch = site.watch()
    site.hear(day("WWWWWW"), EIGHT + HOUR)
    for n in range(1, 24):
        site.hear(day("WWWWWW" if n == 10 else "______", EIGHT + n * HOUR), EIGHT + (n + 1) * HOUR, spool="s2")
    watch.judge(EIGHT + DAY)
    assert judged(site) == {}
    site.catalog.gateways.retire("s1", EIGHT + DAY)
    watch.judge(EIGHT + DAY)
    assert judged(site)["2026-09-21"] != "unknown"


def verb(*args: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, args)])


def said(done: Result) -> str:
    """On stderr, in one line: where a box wraps a sentence is the terminal's affair."""
    return " ".join(done.stderr.replace("│", " ").split())


def clinic(folder: Path, heard: int) -> Path:
    """A site with one reading stored of two accepted by a spool that was last heard then."""
    folder.mkdir()
    with closing(SqliteStore(folder / "store")) as store, closing(Catalog(folder / "catalog.db")) as catalog:
        store.write([plain()], {}, NOON)
        catalog.record([plain()], [], [], [], heard, 1, [Told("gate", "s1", 1, days=[("d1", TODAY)])])
        say(catalog, "s1", NOON + HOUR, heard, turn=2)
    return folder


def test_the_verbs_tell_of_a_spool_that_is_gone_retire_it_and_book_what_it_held_as_lost(tmp_path: Path) -> None:
    folder = clinic(tmp_path / "clinic", wall() - DAY)
    listed = verb("gateway", "list", folder, "--json")
    (entry,) = json.loads(listed.stdout)["gateways"]
    assert (listed.exit_code, entry["spool"], entry["waiting"], entry["retired"]) == (0, "s1", 3, None)
    assert entry["bands"] == {"d1": "2026-11-22T13:00:00Z"}
    asked = verb("gateway", "retire", folder, "s1")
    assert (asked.exit_code, "--yes" in said(asked)) == (1, True)
    assert verb("gateway", "retire", folder, "s1", "--yes").exit_code == 0
    told = verb("ledger", folder, "--json")
    books = json.loads(told.stdout)
    (row,) = [row for row in books["rows"] if row["day"] == "2026-11-22"]
    assert (told.exit_code, books["balanced"]) == (0, True)
    assert {key: row[key] for key in ("band", "accepted", "stored", "dead", "waiting", "lost", "missing")} == {
        "band": "d1", "accepted": 6, "stored": 3, "dead": 0, "waiting": 0, "lost": 3, "missing": 0,
    }  # fmt: skip
    assert set(row["gaps"]) == {"gateway"}


def test_a_gateway_that_speaks_is_not_retired(tmp_path: Path) -> None:
    folder = clinic(tmp_path / "clinic", wall())
    told = verb("gateway", "retire", folder, "s1", "--yes")
    assert (told.exit_code, "it is not gone" in said(told)) == (1, True)
    told = verb("gateway", "retire", folder, "another", "--yes")
    assert (told.exit_code, "keepup gateway list" in said(told)) == (2, True)


def test_books_that_do_not_balance_are_told_by_exit_code_and_in_words_that_say_what_to_do(tmp_path: Path) -> None:
    folder = clinic(tmp_path / "clinic", NOON)
    with closing(Catalog(folder / "catalog.db")) as catalog:
        say(catalog, "s1", NOON + 2 * DAY, turn=3)
    told = verb("ledger", folder)
    assert told.exit_code == 1
    assert "do not balance" in told.stdout
    assert "3 readings were accepted and are nowhere" in told.stdout


def test_a_day_is_one_line_for_all_bands_of_which_nothing_is_amiss_and_one_for_each_that_needs_a_look(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    fine = [Row(f"d{n}", TODAY, 86_411_520, 86_411_520, 0, gaps={"radio": 61.0, "charging": 7200.0}) for n in range(20)]
    late = Row("d20", TODAY, 10, 4, 0, waiting=6)
    amiss = [Row("d21", TODAY, 10, 7, 0, missing=3), Row("d22", TODAY, None, 7, 0, missing=None), Row(None, None, 0, 0, None)]
    show([*fine, late, *amiss])
    shown = [line.split() for line in capsys.readouterr().out.splitlines()[4:-1]]
    assert shown == [
        ["2026-11-22", "21", "bands", "1,728,230,410", "1,728,230,404", "0", "6", "0", "0:21", "40:00"],
        ["2026-11-22", "d21", "10", "7", "0", "0", "3"],
        ["2026-11-22", "d22", "unknown", "7", "0", "0", "unknown"],
        ["not", "told", "not", "told", "0", "0", "unknown", "0", "0"],
    ]


def test_a_band_or_days_of_which_nothing_can_be_known_are_no_books_that_balance(tmp_path: Path) -> None:
    folder = clinic(tmp_path / "clinic", NOON)
    told = verb("ledger", folder, "--band", "d7")
    assert (told.exit_code, "heard: d1." in said(told)) == (2, True)
    told = verb("ledger", folder, "--from", "2026-11-22", "--to", "2026-11-21")
    assert (told.exit_code, "2026-11-21 is before 2026-11-22" in said(told)) == (2, True)


def test_a_site_whose_readings_are_elsewhere_is_not_told_that_all_are_lost(tmp_path: Path) -> None:
    folder = clinic(tmp_path / "clinic", NOON)
    shutil.rmtree(folder / "store")
    for words in (["ledger"], ["gateway", "list"], ["ingest", "dead", "list"]):
        told = verb(*words, folder)
        assert (told.exit_code, "--store" in said(told)) == (2, True)
    assert not (folder / "store").exists()


def test_days_of_which_nothing_is_known_are_told_as_that(tmp_path: Path) -> None:
    told = verb("ledger", clinic(tmp_path / "clinic", NOON), "--from", "2027-03-01")
    assert (told.exit_code, "Nothing is in the books" in told.stdout) == (0, True)


def test_a_mistyped_folder_is_no_site_whose_books_balance(tmp_path: Path) -> None:
    for words in (["ledger"], ["gateway", "list"]):
        told = verb(*words, tmp_path / "nowhere")
        assert (told.exit_code, "holds no readings" in said(told)) == (2, True)
    assert not (tmp_path / "nowhere").exists()
