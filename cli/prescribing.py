"""A plan file read for a patient of this site: taken, or refused with every mistake named."""

from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

import typer

from cli.line import Clinic
from detectors.plan.plan import Plan
from detectors.plan.read import read
from detectors.plan.written import LARGEST
from ingest.batch import MICROS


@dataclass(frozen=True, slots=True)
class Prescription:
    text: str
    """As the therapist wrote it."""
    plan: Plan

    @property
    def begins(self) -> int:
        """The local midnight of its first day, µs UTC."""
        return int(datetime.combine(self.plan.phases[0].start, time(), self.plan.zone).timestamp()) * MICROS


def plan_text(file: Path) -> str:
    """What the file holds, as far as a plan can be long. Raises `typer.BadParameter`."""
    try:
        with file.open("rb") as opened:
            return opened.read(4 * LARGEST + 1).decode()
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not UTF-8 text. Save it as UTF-8, or name the plan's file.") from error
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read ({error.strerror}). Check the name and the rights.") from error


def prescription(file: Path) -> Prescription:
    """Raises `typer.BadParameter` when the file cannot be read or is no plan; whether the plan is a good one is not asked."""
    text = plan_text(file)
    reading = read(text)
    if reading.plan is None:
        said = "\n".join(f"  line {one.line}: {one.message}" for one in reading.remarks)
        raise typer.BadParameter(f"{file.name} is not a plan yet:\n{said}\nkeepup plan check {file} says more.")
    return Prescription(text, reading.plan)


def prescribe(behind: Clinic, what: Prescription, patient: str, by: str) -> None:
    """From its first day on, as if it had been written for this patient."""
    theirs = what.plan.model_copy(update={"patient": patient})
    behind.chart.plans.assign(patient, what.text, theirs, what.begins, by, what.begins)
