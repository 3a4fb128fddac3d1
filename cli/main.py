"""The front door: names the verbs, loads the one that is asked for, and says failures in plain words."""

import os
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer

from cli.failure import told
from cli.tether import tethered

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy loads: more threads would only wait for each other

VERBS = {
    "demo": "Show everything at work on virtual patients, with a live page.",
    "up": "A whole site from one keepup.toml, in one process tree.",
    "replay": "Play a recording through the real line and say what the rules found.",
    "epochs": "A recording as 5-second features or as minutes, in CSV.",
    "sessions": "A recording's stretches of walking and of exercise.",
    "collect": "The gateway: what bands say, into the spool and on to the broker.",
    "play": "A recording into the line, as if it were heard just now.",
    "ingest": "Store what gateways send over MQTT, and answer them.",
    "watch": "Judge what changed, and tell who is to be told.",
    "serve": "The therapist's pages.",
    "patient": "Who is watched over, by whom, with which band.",
    "report": "What a patient said, put into the chart by hand.",
    "therapist": "Who may log in to the pages.",
    "plan": "Exercise plans: check them, begin a new one.",
    "influx": "Prepare an InfluxDB 2 for a site's readings.",
    "doctor": "Look for what is wrong, and say what can be done.",
    "chaos": "Kill every process of a line at random, and see whether a reading is lost.",
    "ledger": "The books of readings: what was accepted beside what is stored.",
    "gateway": "Gateways: which were heard, and which is gone for good.",
    "bench": "The speed of the hot paths beside a plain peer.",
    "check": "Check this checkout: format, lint, types, tests.",
}
"""Verb → what `keepup --help` says of it. `cli/VERB.py` holds a function of that name, or a Typer called `app` where a verb has verbs
of its own. It is imported once it is asked for, so that help is quick and a gateway need not carry what only a clinic needs."""

app = typer.Typer(
    name="keepup",
    help="Tells from a fitness band whether a back-pain exercise programme is being kept up.",
    epilog="Each verb explains itself: keepup VERB --help",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it would print the values of variables, and some are a patient's
)


def _run(verb: str, args: list[str]) -> int:
    """Run a verb; gives its exit code."""
    module = import_module(f"cli.{verb}")
    face: typer.Typer = getattr(module, "app", None) or typer.Typer(add_completion=False)
    if not hasattr(module, "app"):
        face.command(verb)(getattr(module, verb))
    command = typer.main.get_command(face)
    try:
        code = command(args, prog_name=f"keepup {verb}", standalone_mode=False)
    except Exception as error:
        known = told(error)
        if known is None or os.environ.get("KEEPUP_TRACEBACK") == "1":
            raise
        print(f"keepup {verb}: {known.words}", file=sys.stderr)
        return known.code
    return code if isinstance(code, int) else 0


def _mount(verb: str, about: str) -> None:
    # everything after the verb, --help too, is for the verb's own module to read
    everything = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}

    @app.command(verb, help=about, add_help_option=False, context_settings=everything)
    def run(context: typer.Context) -> None:
        raise typer.Exit(_run(verb, context.args))


for _verb, _about in VERBS.items():
    _mount(_verb, _about)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"keepup {version('keepup')}")
        raise typer.Exit


@app.callback()
def front(
    _version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    # at the door, once for every verb: what it writes tells of people's days, and SQLite gives its files beside a database no mode of ours
    os.umask(0o077)
    tethered()


if __name__ == "__main__":
    app()
