"""A way to reach a person. Each file in `alerts/channels` ends with `CHANNEL = Channel(...)`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from alerts.alert import Message


class DeliveryError(Exception):
    """A sending that did not succeed, in words that hold no address, secret or link.

    `permanent`: trying again cannot help. `ambiguous`: it may have arrived all the same. `retry_after`: seconds the receiver asked for,
    `None`: it did not say. `code`: what the attempt ended with, e.g. "429", "550", "refused", "no_answer".
    """

    def __init__(
        self, what: str, *, permanent: bool = False, ambiguous: bool = False, retry_after: float | None = None, code: str = ""
    ) -> None:
        super().__init__(what)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.code = code


class Settings(BaseModel):
    """What a channel's own settings have in common: an unknown one is a mistake, and no error repeats a value, which may be a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Send(Protocol):
    """Delivers or raises `DeliveryError`; blocks no longer than 10 s, and what the system takes to look a name up."""

    def __call__(self, message: Message, /) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Channel:
    """A kind of receiver."""

    name: str
    idempotent: bool
    """The receiver tells a repeated id, so an ambiguous sending may be repeated."""
    open: Callable[[Mapping[str, Any]], Send]
    """Settings of the channel → sender. Raises `ValueError` (pydantic's, too) that says which setting is wrong and what it should be."""
    settings: type[Settings] = Settings
    """The form of what `open` takes, so that it can be looked over without reaching anybody."""

    def under(self, settings: Mapping[str, Any]) -> "Channel":
        """The channel as it holds with these settings: `sequence = false` says that this receiver shows a repeated id twice."""
        return replace(self, idempotent=self.idempotent and bool(settings.get("sequence", True)))


def contact(contacts: Mapping[str, str], message: Message) -> str:
    """Where the recipient is reached. Raises `DeliveryError`, permanent, where nobody said."""
    if message.recipient not in contacts:
        raise DeliveryError(
            f"Nobody said where {message.recipient} is reached over {message.channel}; add a line for them under its contacts.",
            permanent=True,
            code="no_contact",
        )
    return contacts[message.recipient]


def secret(file: Path | None) -> str | None:
    """What the file holds, without the line's end; `None`: no secret is needed. Raises `ValueError` where there is nothing to read."""
    if file is None:
        return None
    try:
        held = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{file} cannot be read as plain ASCII text; put the secret there, readable to KeepUp alone.") from None
    if not held:
        raise ValueError(f"{file} is empty; put the secret there, on one line.")
    return held
