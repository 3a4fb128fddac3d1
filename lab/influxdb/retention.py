"""How long a bucket keeps: what is older is not taken, and a bucket keeps an hour at least."""

from collections.abc import Sequence
from datetime import timedelta

from lab.influxdb.accounts import Bucket
from lab.influxdb.annotated import instant
from lab.influxdb.lines import Point
from lab.influxdb.refusal import Refused

SHORTEST = timedelta(hours=1)


def split(points: Sequence[Point], bucket: Bucket, now: int | None) -> tuple[Sequence[Point], str | None]:
    """Those young enough at `now` (ns since 1970; `None`: all are), and why the others are not taken."""
    if now is None or not bucket.kept:
        return points, None
    bound = now - bucket.kept * 10**9
    late = sorted((point for point in points if point[3] < bound), key=lambda point: point[3])
    if not late:
        return points, None
    ends = [
        f"{which} point {_key(point)} at {instant(point[3])} dropped because it violates a Retention Policy Lower Bound at {instant(bound)}"
        for which, point in (("oldest", late[0]), ("newest", late[-1]))
    ]
    reason = f"dropped {len(late)} points outside retention policy of duration {_duration(bucket.kept)} - {', '.join(ends)}"
    return [point for point in points if point[3] >= bound], reason


def allowed(kept: int) -> int:
    """Seconds, 0 for ever. Raises `Refused`."""
    if kept < 0:
        raise Refused("unprocessable entity", "expiration seconds cannot be negative")
    if 0 < kept < SHORTEST.total_seconds():
        raise Refused("internal error", f"retention policy duration must be at least {_duration(int(SHORTEST.total_seconds()))}")
    return kept


def _key(point: Point) -> str:
    measurement, tags = point[0]
    return ",".join([measurement, *(f"{name}={value}" for name, value in tags)])


def _duration(seconds: int) -> str:
    return f"{seconds // 3600}h{seconds // 60 % 60}m{seconds % 60}s"
