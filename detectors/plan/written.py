"""YAML as far as a plan needs it: mappings, lists and text, each with its line, and no more than a file for people holds.

Every scalar stays the text that was written, so that 18:30 is a time, no is a word and 0123 keeps its zero; the schema gives it its type.
Anchors, aliases and tags are refused: nothing can grow when it is read, and nothing is made but text.
"""

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from detectors.plan.remark import Path, Remark, Source

LARGEST = 64 * 1024
"""Characters. The longest plan a therapist would write holds some 10,000."""
DEEPEST = 12
"""Levels of nesting; a plan has eight."""
NOTHING = {"", "~", "null", "Null", "NULL"}
"""Plain scalars that YAML 1.2 reads as nothing."""


class NoYaml(Exception):
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def written(text: str) -> tuple[Source, list[Remark]]:
    """The file taken apart, and keys that stand there twice (S02; the first one counts). Raises `NoYaml`."""
    text = text.removeprefix("\ufeff")
    if len(text) > LARGEST:
        raise NoYaml(f"This file has {len(text)} characters; a plan has at most {LARGEST}. Is it the right file?", 1)
    builder = _Builder(_events(text))
    data = builder.document()
    source = Source(data, builder.lines)
    return source, [
        Remark("S02", "error", source.where(path), line, f"{path[-1]!r} stands here twice (first on line {source.line(path)}); keep one")
        for path, line in builder.twice
    ]


def _events(text: str) -> Iterator[Event]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NoYaml(
            f"The character {chr(error.character)!r} may not be in a text file; delete it, or save the file as UTF-8.", line
        ) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NoYaml(_plain(str(error.problem)), mark.line + 1 if mark else 1) from error
    except (YAMLError, ArithmeticError, LookupError, ValueError, AttributeError, TypeError, AssertionError) as error:
        # the parser of ruamel.yaml 0.19 trips over some broken escapes and directives instead of refusing them, e.g. "\\UFFFFFFFF"
        raise NoYaml(_plain(str(error).split("\n")[0]), 1) from error


def _plain(problem: str) -> str:
    if "\\t" in problem:
        return "A tab stands here; indent with spaces."
    what = "Check the indentation, the space after each colon, and that quotes and brackets close."
    return f"This cannot be read as YAML ({problem[:100]}). {what}"


class _Builder:
    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self.lines: dict[Path, int] = {}
        self.twice: list[tuple[Path, int]] = []

    def document(self) -> Any:
        found, documents = None, 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise NoYaml("A second document begins here (---); one file holds one plan.", _line(event))
            elif isinstance(event, NodeEvent):
                found = self._value(event, ())
        return found

    def _value(self, event: Event, path: Path) -> Any:
        _refuse(event, path)
        self.lines.setdefault(path, _line(event))
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        return None if event.style is None and event.value in NOTHING else event.value  # type: ignore[attr-defined]  # only scalars are left

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                break
            if not isinstance(event, ScalarEvent):
                raise NoYaml("A key is missing before this; write a word and a colon, e.g. name: core.", _line(event))
            _refuse(event, path)
            key, inside = str(event.value), (*path, str(event.value))
            again = key in found
            if again:
                self.twice.append((inside, _line(event)))
            self.lines.setdefault(inside, _line(event))
            value = self._value(next(self._events), inside)
            found = found if again else {**found, key: value}
        return found

    def _sequence(self, path: Path) -> list[Any]:
        found: list[Any] = []
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                break
            found.append(self._value(event, (*path, len(found))))
        return found


def _refuse(event: Event, path: Path) -> None:
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        raise NoYaml("& and * (anchors and aliases) are not read in a plan; write it out, or put the text in quotes.", _line(event))
    if getattr(event, "tag", None):
        raise NoYaml("! (a tag) is not read in a plan; leave it out, or put the text in quotes.", _line(event))
    if len(path) > DEEPEST:
        raise NoYaml("This is nested deeper than a plan ever is; check the brackets and the indentation.", _line(event))


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1
