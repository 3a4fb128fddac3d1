"""What must be in the maps on the wire, and bytes → such a map or a reason why not."""

from typing import Annotated, Any, TypeVar

import cbor2
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

VERSION = 1
LONGEST = 40
"""Characters told of a version that is no number known here."""


class Refused(ValueError):
    """These bytes are not what they should be; the message is the reason kept beside them."""


Whole = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
"""What SQLite holds; no count, number or time here is below zero."""
Off = Annotated[int, Field(strict=True, gt=-(2**63), lt=2**63)]
Form = TypeVar("Form", bound="Strict")


class Strict(BaseModel):
    """Unknown keys are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class BodyForm(Strict):
    d: StrictStr
    s: StrictStr
    t: Whole
    dt: Whole | None = None
    o: bytes | None = None
    f: StrictStr
    b: bytes
    x: float
    u: Whole | None = None
    c: Any = None


class ParcelForm(Strict):
    v: StrictInt
    batches: list[tuple[Whole, bytes]] = []
    spans: list[tuple[StrictStr, Whole, Whole, StrictStr | None, bool]] = []
    off: dict[StrictInt, Off] = {}


class MessageForm(Strict):
    v: StrictInt
    spool: StrictStr
    turn: Whole
    claims: dict[StrictStr, Whole] = {}
    rows: list[tuple[Whole, bytes]] = []
    seq: Whole | None = None
    parcel: bytes | None = None
    books: dict[StrictStr, list[list[Whole]]] = {}


class AckForm(Strict):
    v: StrictInt
    spool: StrictStr
    stored: list[tuple[Whole, Whole]]
    dead: list[tuple[Whole, StrictStr]] = []
    life: Whole | None = None


def loaded(payload: bytes, form: type[Form], what: str) -> Form:
    """Of this `VERSION` only. Raises `Refused`."""
    try:
        raw = cbor2.loads(payload)
        version = raw.get("v") if isinstance(raw, dict) else None
        if version != VERSION:
            raise Refused(f"{what} of version {_told(version)}; this KeepUp reads version {VERSION}")
        return form.model_validate(_tupled(raw))
    except (cbor2.CBORDecodeError, ValidationError, RecursionError) as error:
        raise Refused(f"unreadable {what}: {first_line(error)}") from error


def _told(version: object) -> str:
    try:
        return repr(version)[:LONGEST]
    except ValueError:  # an integer of more digits than Python prints
        return "beyond words"


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _tupled(raw: dict[str, Any]) -> dict[str, Any]:
    """CBOR has lists only; the strict forms name tuples."""
    return {k: [tuple(i) if isinstance(i, list) else i for i in v] if isinstance(v, list) else v for k, v in raw.items()}
