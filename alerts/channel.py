"""A way to reach a person. Each file in `alerts/channels` ends with `CHANNEL = Channel(...)`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from alerts.alert import Message


class DeliveryError(Exception):
    """A sending that did not succeed. `permanent`: trying again cannot help. `ambiguous`: it may have arrived all the same."""

    def __init__(self, what: str, *, permanent: bool = False, ambiguous: bool = False) -> None:
        super().__init__(what)
        self.permanent = permanent
        self.ambiguous = ambiguous


class Send(Protocol):
    """Delivers or raises `DeliveryError`; blocks no longer than 10 s."""

    def __call__(self, message: Message, /) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Channel:
    """`open(settings)` gives a sender. `idempotent`: the receiver tells a repeated id, so an ambiguous sending may be repeated."""

    name: str
    idempotent: bool
    open: Callable[[Mapping[str, str]], Send]
