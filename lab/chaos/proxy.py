"""A bad network between a gateway and its broker: slow, cut, half closed, or deaf in one direction."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random

DEAF = (0.5, 2.5)
"""s for which one direction carries nothing, before the line is cut."""
SLOW = (0.02, 0.4)
"""s by which each portion is late while the line is slow."""
SLOW_FOR = (1.0, 4.0)
"""s."""


class _Line:
    """One connection, from the gateway to the broker and back."""

    def __init__(self, ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self.ends = ends
        self.deaf: asyncio.StreamWriter | None = None

    def cut(self) -> None:
        for end in self.ends:
            end.transport.abort()


class Proxy:
    """`port` is where the gateway calls; `behind` where the broker listens. All on loopback."""

    def __init__(self, behind: int, dice: Random) -> None:
        self._behind, self._dice = behind, dice
        self._lines: set[_Line] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._late = 0.0
        self._later: set[asyncio.TimerHandle] = set()
        self.port = 0
        self.did: dict[str, int] = dict.fromkeys(self.acts, 0)

    @property
    def acts(self) -> Mapping[str, Callable[[], None]]:
        """What it can do to the lines there are, by name."""
        return {"cut": self._cut, "half closed": self._half_close, "deaf": self._deafen, "slow": self._slow_down}

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._called, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def act(self, name: str) -> None:
        self.acts[name]()
        self.did[name] += 1

    def heal(self) -> None:
        """From now on it carries all there is, at once; what is deaf or half closed is cut."""
        for timer in self._later:
            timer.cancel()
        self._late = 0.0
        for line in [line for line in self._lines if line.deaf]:
            line.cut()

    async def close(self) -> None:
        self.heal()
        self._server.close()
        self._cut()
        await asyncio.gather(*self._carrying)

    def _cut(self) -> None:
        for line in list(self._lines):
            line.cut()

    def _half_close(self) -> None:
        for line in self._lines:
            line.deaf = self._dice.choice(line.ends)  # to the one half that is closed nothing more can be said
            with suppress(OSError):  # closed already
                line.deaf.write_eof()

    def _deafen(self) -> None:
        lines = list(self._lines)
        for line in lines:
            line.deaf = self._dice.choice(line.ends)

        def over() -> None:
            for line in lines:
                line.cut()

        self._in(DEAF, over)

    def _slow_down(self) -> None:
        self._late = self._dice.uniform(*SLOW)
        self._in(SLOW_FOR, lambda: setattr(self, "_late", 0.0))

    def _in(self, seconds: tuple[float, float], act: Callable[[], object]) -> None:
        self._later.add(asyncio.get_running_loop().call_later(self._dice.uniform(*seconds), act))

    def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._behind)
        except OSError:  # the broker is dead just now
            writer.transport.abort()
            return
        line = _Line((writer, forth))
        self._lines.add(line)
        try:
            await asyncio.gather(self._pump(line, reader, forth), self._pump(line, back, writer))
        except OSError:
            pass  # one end has gone, and with it the other
        finally:
            line.cut()
            self._lines.discard(line)

    async def _pump(self, line: _Line, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while said := await source.read(65_536):
            if self._late:
                await asyncio.sleep(self._late)
            if line.deaf is not to:
                to.write(said)
                await to.drain()
        if line.deaf is not to and not to.transport.is_closing():
            to.write_eof()
