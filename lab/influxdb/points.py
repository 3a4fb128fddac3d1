"""Points kept in SQLite as InfluxDB keeps them: one value for each series, field and time, the last written; committed to the disk."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from threading import Lock

from ingest.sqlite import connect, transaction
from lab.influxdb.lines import Kinds, Point, Series, Value, one, read, united

PAGE = 16_384
LONGEST = 1_048_576  # bytes of a string (tsdb.MaxFieldValueLength of InfluxDB 2.9)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Points of one write that were not taken, though the others were: how many, and why the first."""

    count: int
    reason: str


class Points:
    """Points of every bucket; buckets are told apart by their id. Any thread may call; writers take turns, readers do not wait."""

    def __init__(self, path: Path) -> None:
        """Raises `sqlite3.Error`, `OSError`."""
        self._path = path
        self._lock = Lock()
        self._db = connect(path, _SCHEMA, PAGE)
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._db.create_function("united", 2, united, deterministic=True)
        self._series: dict[tuple[str, Series], int] = {}
        self._kinds: dict[tuple[str, str], dict[str, str]] = {}

    def write(self, bucket: str, points: Sequence[Point]) -> Dropped | None:
        """Keep the points but those with a field of another kind than before, or too long: of such a point no field is kept.

        A server remembers kinds for each shard, a week or a day of a bucket, and takes in one what it refuses in another; here a
        measurement's fields have one kind for all time.
        """
        with self._lock, transaction(self._db):
            try:
                return self._written(bucket, points)
            except BaseException:
                # What was learnt from points that are now taken back must not be believed.
                self._series.clear()
                self._kinds.clear()
                raise

    def _written(self, bucket: str, points: Sequence[Point]) -> Dropped | None:
        rows: list[tuple[int, int, str]] = []
        reasons: list[str] = []
        # Hashing series and kinds of every point would take as long as reading it; the points keep them alive, so their ids stay theirs.
        agreed: dict[tuple[int, int], int | str] = {}
        for series, kinds, fields, time in points:
            place = agreed.get((id(series), id(kinds)))
            if place is None:
                place = agreed[id(series), id(kinds)] = self._conflict(bucket, series.measurement, kinds) or self._place(bucket, series)
            if isinstance(place, str):
                reasons.append(place)
            elif len(fields) * 4 > LONGEST and (long := _too_long(fields)):
                reasons.append(f'input field "{long[0]}" on measurement "{series.measurement}" is too long, {long[1]} > {LONGEST}')
            else:
                rows.append((place, time, fields))
        rows.sort(key=itemgetter(0))  # by series, so that neighbours go to one page; a later row of one time stays the later
        self._db.executemany(_UPSERT, rows)
        return Dropped(len(reasons), reasons[0]) if reasons else None

    def _conflict(self, bucket: str, measurement: str, kinds: Kinds) -> str | None:
        """Why points of these kinds are dropped; `None`, and the kinds are those of the fields from now on."""
        known = self._kinds.get((bucket, measurement))
        if known is None:
            found = self._db.execute("select field, kind from kind where bucket = ? and measurement = ?", (bucket, measurement))
            known = self._kinds[bucket, measurement] = dict(found.fetchall())
        for field, kind in kinds:
            if known.get(field, kind) != kind:
                return (
                    f'field type conflict: input field "{field}" on measurement "{measurement}" is type {kind}, '
                    f"already exists as type {known[field]}"
                )
        for field, kind in kinds:
            if field not in known:
                self._db.execute("insert into kind values (?, ?, ?, ?)", (bucket, measurement, field, kind))
                known[field] = kind
        return None

    def _place(self, bucket: str, series: Series) -> int:
        number = self._series.get((bucket, series))
        if number is None:
            key = (bucket, series.measurement, json.dumps(series.tags))
            self._db.execute("insert or ignore into series(bucket, measurement, tags) values (?, ?, ?)", key)
            row = self._db.execute("select id from series where bucket = ? and measurement = ? and tags = ?", key).fetchone()
            number = self._series[bucket, series] = int(row[0])
        return number

    def series(self, bucket: str, measurement: str | None = None) -> list[tuple[int, Series, dict[str, str]]]:
        """The place, the series and the kinds of its measurement's fields, of every series of the bucket (or measurement), in order."""
        with self._reading() as db:
            kinds: dict[str, dict[str, str]] = {}
            for name, field, kind in db.execute("select measurement, field, kind from kind where bucket = ? order by 1, 2", (bucket,)):
                kinds.setdefault(name, {})[field] = kind
            rows = db.execute("select id, measurement, tags from series where bucket = ?", (bucket,)).fetchall()
        every = [(place, Series(name, tuple(map(tuple, json.loads(tags)))), kinds[name]) for place, name, tags in rows]
        return sorted((one for one in every if measurement in (None, one[1].measurement)), key=lambda one: one[1])

    def values(self, place: int, field: str, start: int, stop: int, newest_first: bool = False) -> Iterator[tuple[int, Value]]:
        """(ns since 1970, value) of one field of one series, ascending in time (or descending), in [start, stop)."""
        order = "desc" if newest_first else "asc"
        sql = f"select t, fields from point where series = ? and t >= ? and t < ? order by t {order}"
        with self._reading() as db, closing(db.execute(sql, (place, start, stop))) as rows:
            for time, fields in rows:
                if (value := one(fields, field)) is not None:
                    yield time, value

    def delete(self, bucket: str, start: int, stop: int, chosen: Callable[[Series], bool]) -> None:
        """Forget the points of [start, stop] (both ends: as InfluxDB does) of the chosen series."""
        places = [place for place, series, _ in self.series(bucket) if chosen(series)]
        with self._lock, transaction(self._db):
            self._db.executemany("delete from point where series = ? and t >= ? and t <= ?", [(place, start, stop) for place in places])

    def drop(self, bucket: str) -> None:
        """Forget all there is of the bucket."""
        with self._lock, transaction(self._db):
            self._db.execute("delete from point where series in (select id from series where bucket = ?)", (bucket,))
            self._db.execute("delete from series where bucket = ?", (bucket,))
            self._db.execute("delete from kind where bucket = ?", (bucket,))
            self._series.clear()
            self._kinds.clear()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for db in [self._db, *self._idle]:
                db.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        db = (
            self._idle.pop() if self._idle else sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=30, check_same_thread=False)
        )
        try:
            yield db
        finally:
            if self._closed:
                db.close()
            else:
                self._idle.append(db)


def _too_long(fields: str) -> tuple[str, int] | None:
    """The first field that is too long, and its bytes."""
    lengths = ((name, len(value.encode())) for name, value in read(fields).items() if isinstance(value, str))
    return next((found for found in lengths if found[1] > LONGEST), None)


_UPSERT = """
insert into point values (?, ?, ?) on conflict do update set fields = united(fields, excluded.fields) where fields <> excluded.fields
"""
_SCHEMA = """
create table if not exists series(id integer primary key, bucket text not null, measurement text not null, tags text not null,
  unique (bucket, measurement, tags));
create table if not exists kind(bucket text, measurement text, field text, kind text not null,
  primary key (bucket, measurement, field)) without rowid;
create table if not exists point(series integer, t integer, fields text not null, primary key (series, t)) without rowid;
"""
