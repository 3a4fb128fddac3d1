"""Which store a site's readings are kept in, and what opens it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from config import plugins
from ingest.store import Store, StoreUnavailable

SQLITE, STORE = "sqlite", "KEEPUP_STORE"
TOKEN, TOKEN_FILE = "KEEPUP_INFLUX_TOKEN", "KEEPUP_INFLUX_TOKEN_FILE"


def opened(folder: Path, store: str = SQLITE) -> Store:
    """Of the site in `folder`: in the folder itself, or at an InfluxDB's address. Raises `StoreUnavailable`."""
    kept: Store = plugins.store(SQLITE)(folder / "store") if store == SQLITE else plugins.store("influx")(store, _token())
    return kept


def _token() -> str:
    """From the environment: on a command line every user of the machine could read it."""
    file = os.environ.get(TOKEN_FILE)
    if not file:
        told = os.environ.get(TOKEN, "").strip()
        if not told:
            raise StoreUnavailable(f"An InfluxDB wants a token: name the file that holds it in {TOKEN_FILE}. keepup influx init makes one.")
        return told
    return token_in(Path(file))


def token_in(file: Path) -> str:
    """Raises `StoreUnavailable`."""
    try:
        told = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreUnavailable(f"{file} cannot be read. Name a file that holds a token of InfluxDB and nothing else.") from error
    if not told or not told.isprintable() or " " in told:
        raise StoreUnavailable(f"{file} holds no token. Put one of InfluxDB's into it, and nothing else.")
    return told


def _store(text: str) -> str:
    if text == SQLITE:
        return text
    from ingest.influx import place  # brings a client for which no site with a store of its own should wait

    try:
        place(text)
    except StoreUnavailable as error:
        raise typer.BadParameter(str(error)) from error
    return text


a_store = Annotated[
    str,
    typer.Option(
        "--store",
        envvar=STORE,
        parser=_store,
        metavar="STORE",
        help="Where readings are kept: sqlite, in the folder, or an InfluxDB 2 like https://influx.example:8086/ORG, "
        f"its token in the file that {TOKEN_FILE} names. The same for every verb of a site.",
    ),
]
