"""Every question the store `influx` puts to InfluxDB 2, as text (Flux), and how its buckets are laid out.

Three buckets, by how long they keep: raw (30 days), tiles (60 days) and the rest (2 years). The only tag is `dev`; times are µs UTC.

| bucket | measurement | time | fields |
|---|---|---|---|
| raw | acc, gyr | `t0` of a batch | `body` string, `n` int, `t1` int, `arrived` int |
| rest | counter, steps, hr, intensity, battery | `t0` of a batch | the same |
| tiles | tile | `t + part` of a tile, the `t0` of its batch | `body` string, `arrived` int |
| rest | hour | start of an hour | `body` string: the hour's minutes |
| rest | bout | start of a bout | `walk` string, `exercise` string: the bout as JSON; "" = there is none any more |
| rest | minute | start of a minute | a float per known column of `MINUTE_DTYPE`; an unknown one is absent |
| rest | reading | time of a sample | `hr`, `steps`, `battery` float |

A batch is one point, its body base64 of its body deflated, and not a row per sample: what was stored comes back to the bit (times,
number type, scale), writing it twice is writing it once, and there are fifty times fewer points. `minute` and `reading` say in plain
numbers again what `hour` and the batches hold, for dashboards; nothing here reads them. `n` occurs in batches only: its sum is the
number of readings held.

The shapes: `from |> range |> filter`, the filter comparing `r._measurement`, `r._field` and `r.dev` with `==`, joined by `and`, several
bands by `or` in brackets; then nothing, `last()`, `group(columns: ["dev"]) |> sum()` or `aggregateWindow(every: 1d, fn: sum, createEmpty:
false, timeSrc: "_start")`; then `keep(columns: [...])`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

BEGINNING, END = 0, 7_258_118_400_000_000
"""1970 to 2200: all that may be held. Deleting and asking need both ends."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def column(bucket: str, measurement: str, dev: str, field: str, start: int, stop: int) -> str:
    """One field of one band, [start, stop), ascending: `_time`, `_value`."""
    return _told(bucket, start, stop, _are(measurement, field, [dev]), keep=("_time", "_value"))


def newest(bucket: str, measurement: str, dev: str, field: str, stop: int) -> str:
    """The last value before `stop`, one row or none: `_time`, `_value`."""
    return _told(bucket, BEGINNING, stop, _are(measurement, field, [dev]), "last()", keep=("_time", "_value"))


def arrivals(bucket: str, devs: Sequence[str], start: int, stop: int) -> str:
    """When what begins in [start, stop) arrived: `_time`, `_value`, `_measurement`, `dev`. No `devs`: of every band."""
    return _told(bucket, start, stop, _are(None, "arrived", devs), keep=("_time", "_value", "_measurement", "dev"))


def held(bucket: str) -> str:
    """Readings held of each band: `dev`, `_value`."""
    return _told(bucket, BEGINNING, END, _are(None, "n", ()), 'group(columns: ["dev"])', "sum()", keep=("dev", "_value"))


def held_by_day(bucket: str, start: int, stop: int) -> str:
    """Readings of batches that begin on each UTC day, a row for each band, stream and day: `dev`, `_time` (start of the day), `_value`."""
    daily = 'aggregateWindow(every: 1d, fn: sum, createEmpty: false, timeSrc: "_start")'
    return _told(bucket, start, stop, _are(None, "n", ()), daily, keep=("dev", "_time", "_value"))


def whose(measurement: str, dev: str) -> str:
    """The predicate of a deletion, a language of its own: only these two are escaped in it. No name holds a line's end."""
    band = dev.replace("\\", "\\\\").replace('"', '\\"')
    return f'_measurement="{measurement}" AND dev="{band}"'


def stamp(at: int) -> str:
    """µs UTC → RFC 3339, a literal in Flux."""
    return f"{(_EPOCH + timedelta(microseconds=at)).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def instant(text: str) -> int:
    """RFC 3339 → µs UTC. Raises `ValueError`."""
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


def quoted(text: str) -> str:
    """A string literal, in which nothing is code."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return '"' + plain.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _told(bucket: str, start: int, stop: int, which: str, *steps: str, keep: Sequence[str]) -> str:
    columns = ", ".join(quoted(name) for name in keep)
    asked = [f"range(start: {stamp(start)}, stop: {stamp(stop)})", f"filter(fn: (r) => {which})", *steps, f"keep(columns: [{columns}])"]
    return "\n  |> ".join([f"from(bucket: {quoted(bucket)})", *asked])


def _are(measurement: str | None, field: str, devs: Sequence[str]) -> str:
    said = [] if measurement is None else [f"r._measurement == {quoted(measurement)}"]
    said.append(f"r._field == {quoted(field)}")
    if devs:
        either = " or ".join(f"r.dev == {quoted(dev)}" for dev in devs)
        said.append(f"({either})" if len(devs) > 1 else either)
    return " and ".join(said)
