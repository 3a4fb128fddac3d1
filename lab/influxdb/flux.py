"""Flux as far as KeepUp writes it: text into pipelines of calls. What this cannot read is refused as a real server refuses nonsense."""

from collections.abc import Iterator

from lab.influxdb.syntax import Array, Call, Function, Literal, Member, Name, Node, Operation, failure, tokens, value

_ORDER = [{"or"}, {"and"}, {"==", "!=", "<", "<=", ">", ">="}, {"+", "-"}, {"*", "/", "%"}]
"""Operators that bind weakest first; `not` and `exists` stand between the second and the third."""


def parse(text: str) -> list[Call]:
    """The pipelines of a query whose results are asked for. Raises `Refused`."""
    return _Reader(text).program()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(tokens(text))
        self._at = 0
        self._known: dict[str, Node] = {}

    def program(self) -> list[Call]:
        found: list[Call] = []
        while self._kind():
            if self._taken("import"):
                self._take("string")
            elif self._kind() == "name" and self._kind(1) == "=":
                name = self._take("name")
                self._take("=")
                self._known[name] = self.expression()
            else:
                call = self.expression()
                if not isinstance(call, Call):
                    raise failure("the statement is no call")
                found.append(call)
        if not found:
            raise failure("error at end of the query: no result is asked for")
        return found

    def expression(self, level: int = 0) -> Node:
        if level == 2 and self._kind() == "name" and self._text() == "not":
            self._at += 1
            return Operation("not", (self.expression(level),))
        if level == len(_ORDER):
            return self._piped()
        left = self.expression(level + 1)
        while self._text() in _ORDER[level] and self._kind() != "string":
            sign = self._text()
            self._at += 1
            left = Operation(sign, (left, self.expression(level + 1)))
        return left

    def _piped(self) -> Node:
        node = self._atom()
        while self._taken("|>"):
            name = self._dotted()
            if not isinstance(node, Call):
                raise failure(f"what is piped into {name} is no stream of tables")
            node = Call(name, self._arguments(), node)
        return node

    def _atom(self) -> Node:
        kind, text = self._kind(), self._text()
        if kind == "(":
            return self._bracket()
        if kind == "[":
            self._at += 1
            return Array(tuple(self._list("]")))
        if kind == "-":
            self._at += 1
            return Operation("-", (self._atom(),))
        if kind in ("time", "duration", "float", "int", "string"):
            self._at += 1
            return Literal(value(kind, text))
        if kind != "name":
            raise failure(f"unexpected {text or 'end of the query'}")
        if text == "exists":
            self._at += 1
            return Operation("exists", (self._atom(),))
        if text in ("true", "false"):
            self._at += 1
            return Literal(text == "true")
        return self._named()

    def _named(self) -> Node:
        name = self._dotted()
        if self._kind() == "(":
            return Call(name, self._arguments())
        if self._kind() == "[" and self._kind(1) == "string":
            self._at += 1
            member = Member(name, str(value("string", self._take("string"))))
            self._take("]")
            return member
        if "." in name:
            of, _, member_name = name.partition(".")
            return Member(of, member_name)
        return self._known.get(name, Name(name))

    def _bracket(self) -> Node:
        self._take("(")
        if self._kind() == "name" and self._kind(1) == ")" and self._kind(2) == "=>":
            parameter = self._take("name")
            self._at += 2
            return Function(parameter, self.expression())
        node = self.expression()
        self._take(")")
        return node

    def _dotted(self) -> str:
        name = self._take("name")
        while self._kind() == "." and self._kind(1) == "name":
            self._at += 1
            name += "." + self._take("name")
        return name

    def _arguments(self) -> dict[str, Node]:
        self._take("(")
        found: dict[str, Node] = {}
        while not self._taken(")"):
            name = self._take("name")
            self._take(":")
            found[name] = self.expression()
            if not self._taken(",") and self._kind() != ")":
                raise failure(f"expected , or ), got {self._text() or 'end of the query'}")
        return found

    def _list(self, end: str) -> Iterator[Node]:
        while not self._taken(end):
            yield self.expression()
            if not self._taken(",") and self._kind() != end:
                raise failure(f"expected , or {end}, got {self._text() or 'end of the query'}")

    def _kind(self, ahead: int = 0) -> str:
        return self._tokens[self._at + ahead][0] if self._at + ahead < len(self._tokens) else ""

    def _text(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, kind: str) -> str:
        if self._kind() != kind:
            raise failure(f"expected {kind}, got {self._text() or 'end of the query'}")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _taken(self, text: str) -> bool:
        """Whether this token comes next; then it is passed."""
        if self._kind() == "string" or self._text() != text:
            return False
        self._at += 1
        return True
