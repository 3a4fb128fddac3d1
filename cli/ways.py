"""The channels of a site, opened as its keepup.toml says, and who is reached by which."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from alerts.deliver import Way
from config.plugins import channels
from config.reach import completed
from config.settings import read


@dataclass(frozen=True, slots=True)
class Ways:
    open: Sequence[Way]
    reach: Callable[[str], Sequence[str]]
    """Pseudonym → names of the channels by which they are told."""


def plain(stack: ExitStack, broker: str | None, site: str, ca: str | None) -> Ways:
    """Everybody over the site's broker; where there is none, nobody."""
    settled = {"mqtt": completed("mqtt", {}, broker, site, ca)} if broker else {}
    return _opened(stack, settled, lambda _: ("mqtt",))


def written(stack: ExitStack, file: Path, broker: str | None, site: str, ca: str | None) -> Ways:
    """As the file's [channels] say. Raises `typer.BadParameter`."""
    reading = read(file)
    if reading.site is None:
        raise typer.BadParameter(f"{file} has mistakes; see them: keepup up {file} --check", param_hint="--channels")
    given = reading.site.channels
    if broker is None and "url" not in given.get("mqtt", {"url": ""}):
        raise typer.BadParameter("the channel mqtt needs a broker: give --broker, or url in [channels.mqtt].", param_hint="--channels")
    settled = {name: completed(name, settings, broker or "", site, ca) for name, settings in given.items()}
    return _opened(stack, settled, lambda who: [name for name, one in settled.items() if who in one.get("contacts", {who})])


def _opened(stack: ExitStack, settled: Mapping[str, Mapping[str, Any]], reach: Callable[[str], Sequence[str]]) -> Ways:
    """For as long as the stack lasts. Raises `BrokerUnavailable` for an address that is none."""
    ways = []
    for name, settings in settled.items():
        channel = channels()[name].under(settings)
        try:
            send = channel.open(settings)
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
            raise typer.BadParameter(f"the settings of the channel {name} are wrong: {wrong}.", param_hint="--channels") from error
        except ValueError as error:
            raise typer.BadParameter(f"the channel {name} cannot be opened: {error}", param_hint="--channels") from error
        stack.callback(send.close)
        ways.append(Way(channel, send))
    return Ways(ways, reach)
