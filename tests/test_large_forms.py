"""More than a form of ours has is not read."""

from collections.abc import AsyncIterator

from tests.visitor import Browser
from web.guard import MOST


def test_a_form_larger_than_any_of_ours_is_refused(visitor: Browser) -> None:
    large = visitor.post("/login", visitor.token(), password="x" * MOST)

    assert large.status_code == 413
    assert large.headers["cache-control"] == "no-store"
    assert visitor.post("/login", visitor.token(), password="x" * 1000).status_code == 401


def test_a_form_that_does_not_say_how_long_it_is_is_counted_as_it_comes(visitor: Browser) -> None:
    sent = []

    async def endless() -> AsyncIterator[bytes]:
        yield b"token=x&password="
        for _ in range(100):
            sent.append(1)
            yield b"x" * 4096

    answer = visitor.ask("POST", "/login", content=endless(), headers={"Content-Type": "application/x-www-form-urlencoded"})

    assert answer.status_code == 413
    assert "Write less" in answer.text
    assert len(sent) * 4096 <= MOST + 4096
