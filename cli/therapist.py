"""Somebody who reads the pages."""

import sys
from typing import Annotated

import typer

from cli.line import clinic
from cli.options import a_folder, name

SHORTEST = 15
"""Characters of a password that alone opens the door (NIST SP 800-63B-4, 2025)."""


def therapist(
    folder: a_folder,
    id: Annotated[str, typer.Argument(parser=name, metavar="ID", help="Pseudonym, e.g. t-02.")],  # noqa: A002 — the therapist's
) -> None:
    """Let a therapist log in, or give them another password.

    Asks for the password, or reads it from stdin where that is not a terminal: nobody may type it after the command.

    Example: keepup therapist clinic t-02
    """
    password = _asked() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST:
        raise typer.BadParameter(f"The password has {len(password)} characters; give at least {SHORTEST}. A few plain words will do.")
    with clinic(folder) as behind:
        behind.chart.employ(id, password)
    typer.echo(f"{id} can log in.")


def _asked() -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
