"""Line protocol of the protocol double: what is written on a line is what is read from it, and nonsense is named."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from influxdb_client import Point  # type: ignore[attr-defined] # the library exports it by a star

from lab.influxdb.lines import Malformed, Series, Value, parse, read, united

# A backslash at the end of a name would escape what follows it, and the protocol has no way to say otherwise; an empty name is none.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\t\\\0"), min_size=1).filter(
    lambda name: name.strip() == name and name not in ("_field", "_measurement")
)
TAGS = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\t\0"), min_size=1).filter(lambda text: not text.endswith("\\"))
VALUES: st.SearchStrategy[Value] = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"))
)


@given(
    measurement=NAMES.filter(lambda name: not name.startswith("#") and "=" not in name),
    tags=st.dictionaries(NAMES, TAGS, max_size=4),
    fields=st.dictionaries(NAMES, VALUES, min_size=1, max_size=6),
    time=st.integers(-(2**62), 2**62),
)
def test_whatever_the_official_client_writes_is_read_as_it_was_meant(
    measurement: str, tags: dict[str, str], fields: dict[str, Value], time: int
) -> None:
    point = Point(measurement).time(time, "ns")
    for name, text in tags.items():
        point.tag(name, text)
    for name, value in fields.items():
        point.field(name, value)
    line = point.to_line_protocol()

    # Twice, and between other lines: the second time the line is known by its outline.
    found = parse(f"# a comment\n{line}\n\nother f=1i 5\n{line}")

    series = Series(measurement, tuple(sorted(tags.items())))
    assert [(one[0], read(one[2]), one[3]) for one in (found[0], found[2])] == [(series, fields, time)] * 2
    assert dict(found[0][1]) == {name: _kind(value) for name, value in fields.items()} == dict(found[2][1])
    assert {type(value) for value in read(found[0][2]).values()} == {type(value) for value in fields.values()}


def _kind(value: Value) -> str:
    return {bool: "boolean", int: "integer", float: "float", str: "string"}[type(value)]


@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6), st.integers(0, 10**15)), min_size=1))
def test_a_body_of_like_lines_is_read_as_each_line_alone(rows: list[tuple[int, float, int]]) -> None:
    lines = [f"acc,dev=b{x % 3} x={x}i,y={y!r} {t}" for x, y, t in rows]

    assert parse("\n".join(lines), "us") == [point for line in lines for point in parse(line, "us")]
    assert [read(fields) for _, _, fields, _ in parse("\n".join(lines))] == [{"x": x, "y": y} for x, y, _ in rows]


def test_names_that_differ_in_digits_alone_are_told_apart() -> None:
    found = parse("acc,dev=b1 s1=1i 1\nacc,dev=b2 s2=1i 2\nacc,dev=b1 s1=2i 3")

    assert [(dict(series.tags)["dev"], kinds) for series, kinds, _, _ in found] == [
        ("b1", (("s1", "integer"),)),
        ("b2", (("s2", "integer"),)),
        ("b1", (("s1", "integer"),)),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "acc",
        "acc 5",
        "acc x= 5",
        "acc x=1i,",
        "acc x=1i,y 5",
        "acc =1i 5",
        ",dev=b1 x=1i 5",
        "acc,dev= x=1i 5",
        "acc,dev x=1i 5",
        "acc,dev=b1,dev=b2 x=1i 5",
        "acc,_field=a x=1i 5",
        "acc x=1i 5z",
        "acc x=1i 5 6",
        "acc x=1i 1_0",
        "acc x=1i ٣",
        "acc x=1i",
        "acc x=0x1 5",
        "acc x=1.5i 5",
        "acc x=nan 5",
        "acc x=inf 5",
        "acc x=yes 5",
        "acc x=-1u 5",
        'acc x="a 5',
        f"acc x={2**63}i 5",
        f"acc x={2**64}u 5",
        "acc x=1e999 5",
        f"acc x=1i {2**63}",
    ],
)
def test_a_malformed_line_is_named_with_every_other_one(line: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(f"acc x=1i 1\nacc x=2i 2\n{line}")

    assert str(caught.value).startswith(f"unable to parse '{line}': ")


def test_every_malformed_line_is_named() -> None:
    with pytest.raises(Malformed) as caught:
        parse("acc x=1i 1\nbad one\nacc x=2i 2\nworse")

    assert [text.split("'")[1] for text in str(caught.value).splitlines()] == ["bad one", "worse"]


def test_a_line_without_a_time_happens_now() -> None:
    assert parse("acc x=1i", "us", now=7) == parse("acc x=1i 7")


@pytest.mark.parametrize(
    ("text", "value"), [("1.", 1.0), (".5", 0.5), ("-2e-3", -0.002), ("3", 3.0), ("T", True), ("False", False), ("7u", 7)]
)
def test_every_way_to_write_a_value_is_known(text: str, value: Value) -> None:
    found = read(parse(f"acc x={text} 1")[0][2])["x"]

    assert found == value
    assert type(found) is type(value)


def test_fields_are_united_and_the_newer_of_a_name_stands() -> None:
    assert read(united('a=1i,b="x,y"', 'b="z",c=2')) == {"a": 1, "b": "z", "c": 2.0}
    assert math.isclose(float(read(united("a=1", "a=2.5"))["a"]), 2.5)
